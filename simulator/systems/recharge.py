"""
Recharge: subscriptions with a version for every night after which they had changed, charges, subscribers,
    the event log.

What the row shows is its state only: skips and pauses are no status, a reactivation clears the cancellation. The log
knows them, but not always; some subscriptions were pulled by a loader that overwrote, so that one version is left.
"""

from simulator.loader import Delivery, Spoil
from simulator.systems.shopify.content import ORDER_ID, PRODUCT_ID, SHOP_STEP, VARIANT_ID

NEEDS = ()
SUBSCRIPTION_ID, CUSTOMER_ID, CHARGE_ID, EVENT_ID = 600_000_000, 90_000_000, 400_000_000_000, 700_000_000_000
# How people say why they go, with and without the prefix of whoever typed it; what dunning writes.
REASONS = (
    "CS - More than I need", "Too expensive", "too much product", "Switching to another product", "I am travelling",
    "Did not like the scent", "CS - customer service", "No longer need it", "other reason", "Mercury is in retrograde",
)  # fmt: skip
DUNNING = "Max number of charge attempts reached"
VERBS = {
    "started": "created", "paused": "paused", "resumed": "resumed", "swapped": "swapped", "cancelled": "cancelled",
    "expired": "expired", "payment_failed": "cancelled", "reactivated": "activated",
}  # fmt: skip


def write(delivery: Delivery) -> None:
    content(delivery)
    subscriptions(delivery)
    charges(delivery)
    subscribers(delivery)
    log(delivery)


def content(delivery: Delivery) -> None:
    trap = delivery.settings.trap
    reasons = ", ".join(f"'{reason}'" for reason in REASONS)
    delivery.con.execute(
        f"""
        create table part.recharge_subscriptions as
        select subscriptions.*, {SUBSCRIPTION_ID} + subscription_key as id, {CUSTOMER_ID} + person_id as customer_id,
            shops.time_zone as shop_zone, shops.currency, people.email,
            {VARIANT_ID} + {SHOP_STEP} * subscriptions.shop_id + subscriptions.variant_id as first_variant,
            {VARIANT_ID} + {SHOP_STEP} * subscriptions.shop_id + subscriptions.swap_variant_id as second_variant,
            {PRODUCT_ID} + {SHOP_STEP} * subscriptions.shop_id + products.product_id as product_id,
            products.title, variants.sku, ends.failed,
            case
                when ends.failed and chance('silent', subscription_key::varchar) < {trap("silent_dunning")} then null
                when ends.failed then '{DUNNING}'
                when end_reason = 'voluntary'
                    then [{reasons}][1 + (chance('reason',
                        subscription_key::varchar) * {len(REASONS)})::int % {len(REASONS)}]
            end as reason,
            chance('legacy_ids', subscription_key::varchar) < {trap("legacy_ids")} as is_legacy,
            chance('enum_case', subscription_key::varchar) < {trap("enum_case")} as is_upper,
            chance('overwritten', subscription_key::varchar) < {trap("overwritten")} as is_overwritten
        from life.subscriptions as subscriptions
        join life.people as people using (person_id)
        join life.shops as shops on shops.shop_id = subscriptions.shop_id
        join life.variants as variants using (variant_id)
        join life.products as products on products.product_id = variants.product_id,
        lateral (select coalesce(end_reason = 'involuntary', false) as failed) as ends
        order by subscription_key;

        -- A charge waits in the queue from the moment of the one before it, under the number that it keeps.
        create table part.recharge_charges as
        with charges as (
            select order_key, subscription_key, 'recurring' as charge_type, ordered_at as charged_at, refunded_at,
                total_cents
            from life.orders where origin = 'renewal'
            union all
            select order_key, subscriptions.subscription_key, 'checkout', ordered_at, refunded_at, total_cents
            from part.recharge_subscriptions as subscriptions join life.orders as orders using (order_key)
        )
        select *, {CHARGE_ID} * 2 + order_key as next_id,
            coalesce({CHARGE_ID} * 2 + lag(order_key) over (partition by subscription_key order by charged_at,
                order_key),
                {CHARGE_ID} + order_key) as id
        from charges order by order_key;

        create table part.recharge_versions as
        with events as (
            select subscription_key, event_at as happened_at from life.subscription_events
            union all select subscription_key, charged_at from part.recharge_charges
        ),
        loads as (
            select subscription_key, load_after(happened_at) as load_at, max(happened_at) as updated_at
            from events group by subscription_key, load_at
        )
        select loads.*,
            coalesce(ended_at <= updated_at and not coalesce(reactivated_at <= updated_at, false), false) as is_over,
            (select max(charged_at) from part.recharge_charges as charges
                where charges.subscription_key = loads.subscription_key and charged_at <= updated_at) as charged_at
        from loads join part.recharge_subscriptions as subscriptions using (subscription_key)
        where not is_overwritten
            or load_at = (select max(load_after(happened_at)) from events as newer
                where newer.subscription_key = loads.subscription_key)
        order by subscription_key, load_at;
        """
    )


def subscriptions(delivery: Delivery) -> None:
    delivery.deliver(
        "subscriptions",
        """
        select
            subscriptions.id,
            customer_id,
            customer_id + 210000000 as address_id,
            case when chance('has email', subscription_key::varchar) < 0.5 then email end as email,
            case when is_upper then upper(shown_status) else shown_status end as status,
            utc(started_at) as created_at,
            utc(updated_at) as updated_at,
            utc(case when is_over then ended_at end) as cancelled_at,
            case when is_over then reason end as cancellation_reason,
            null::varchar as cancellation_reason_comments,
            case when not is_over then strftime(local_at(coalesce(charged_at, started_at), shop_zone)
                + to_days(interval_days::int), '%Y-%m-%d') end as next_charge_scheduled_at,
            unit_cents / 100.0::double as price,
            quantity,
            'day' as order_interval_unit,
            interval_days::varchar as order_interval_frequency,
            interval_days::varchar as charge_interval_frequency,
            false as is_prepaid,
            (is_over and failed)::bigint as max_retries_reached,
            case when not is_legacy then '{"ecommerce":"' || product_id || '"}' end as external_product_id,
            case when not is_legacy then '{"ecommerce":"' || variant || '"}' end as external_variant_id,
            case when is_legacy then product_id end as shopify_product_id,
            case when is_legacy then variant end as shopify_variant_id,
            title as product_title,
            sku,
            load_at as _load_at,
            is_upper as _is_upper
        from part.recharge_versions as versions
        join part.recharge_subscriptions as subscriptions using (subscription_key),
        lateral (select
            case when is_over then case when end_reason = 'expired' then 'expired' else 'cancelled' end
                else 'active' end as shown_status,
            case when swapped_at <= updated_at then second_variant else first_variant end as variant
        ) as states
        """,
        key=("id",),
        changed_at="updated_at",
        spoils=(Spoil("created_at"), Spoil("status"), Spoil("id")),
        trap="case when _is_upper then 'enum_case' end",
    )
    delivery.record(
        "subscription",
        "select id, person_id, true from part.recharge_subscriptions",
        landed="subscriptions",
    )
    delivery.tell(
        "recharge_subscriptions",
        """
        select 'recharge:' || id as subscription_id, person_id, started_at, ended_at, reactivated_at, paused_at,
            resumed_at, swapped_at, reason,
            case when ended_at is not null and reactivated_at is null then end_reason end as end_reason,
            case status when 'ended' then case end_reason when 'expired' then 'expired' else 'cancelled' end
                else status end as status,
            coalesce(is_staged, false) as is_staged
        from part.recharge_subscriptions as subscriptions
        left join part.recharge__subscriptions as landed on landed.record_key = subscriptions.id::varchar
        """,
    )


def charges(delivery: Delivery) -> None:
    """Charges that made an order, from the queue on; those skipped; those that failed at the end."""
    delivery.deliver(
        "charges",
        f"""
        with made as (
            select id, order_key, subscription_key, charge_type, charged_at as processed_at, charged_at as scheduled_at,
                total_cents, updates.updated_at, 1 as attempts,
                case when updates.updated_at > charged_at then 'refunded' else 'success' end as status
            from part.recharge_charges,
            lateral (select unnest([charged_at, refunded_at]) as updated_at) as updates
            where updates.updated_at is not null
        ),
        queued as (
            select next_id, null::bigint as order_key, subscription_key, 'recurring' as charge_type,
                null::timestamp as processed_at, charged_at + to_days(interval_days::int) as scheduled_at,
                unit_cents * quantity as total_cents, charged_at as updated_at, 0 as attempts, 'queued' as status
            from part.recharge_charges join part.recharge_subscriptions using (subscription_key)
        ),
        skipped as (
            select {CHARGE_ID} * 3 + subscription_key * 100 + row_number() over (
                    partition by subscription_key order by event_at) as id,
                null::bigint as order_key, subscription_key, 'recurring' as charge_type,
                null::timestamp as processed_at, event_at as scheduled_at, unit_cents * quantity as total_cents,
                event_at as updated_at, 0 as attempts, 'skipped' as status
            from life.subscription_events join part.recharge_subscriptions using (subscription_key)
            where event = 'skipped'
        ),
        failed as (
            select {CHARGE_ID} * 4 + subscription_key as id, null::bigint as order_key, subscription_key,
                'recurring' as charge_type, null::timestamp as processed_at, ended_at - interval 6 day as scheduled_at,
                unit_cents * quantity as total_cents, ended_at - to_hours((48 * (3 - attempt))::int) as updated_at,
                attempt as attempts, 'error' as status
            from part.recharge_subscriptions, lateral (select unnest([1, 2, 3]) as attempt) as attempts
            where failed and ended_at is not null
        ),
        everything as (from made union all from queued union all from skipped union all from failed)
        select
            everything.id,
            customer_id,
            customer_id + 210000000 as address_id,
            case when is_upper then upper(everything.status) else everything.status end as status,
            case when is_upper then upper(charge_type) else charge_type end as type,
            strftime(local_at(scheduled_at, shop_zone), '%Y-%m-%d')
                || case when everything.id % 2 = 0 then '' else ' 05:00:00' end as scheduled_at,
            utc(processed_at) as processed_at,
            utc(everything.updated_at) as created_at,
            utc(everything.updated_at) as updated_at,
            money(total_cents) as total_price,
            money(total_cents) as subtotal_price,
            '0.00' as total_discounts,
            currency,
            case when everything.order_key is not null and not is_legacy
                then '{{"ecommerce":"' || ({ORDER_ID} + everything.order_key) || '"}}' end as external_order_id,
            case when is_legacy then ({ORDER_ID} + everything.order_key)::varchar end as shopify_order_id,
            '[{{"' || case when is_legacy then 'subscription_id' else 'purchase_item_id' end || '":'
                || subscriptions.id || case when is_legacy then '' else ',"purchase_item_type":"subscription"' end
                || ',"quantity":' || quantity || ',"unit_price":"' || money(unit_cents) || '","sku":"' || sku || '"}}]'
                as line_items,
            case when everything.status = 'error' then 'CLOSED_MAX_RETRIES_REACHED' end as error_type,
            attempts::bigint as charge_attempts,
            load_after(everything.updated_at) as _load_at,
            everything.status as _status
        from everything join part.recharge_subscriptions as subscriptions using (subscription_key)
        """,
        key=("id",),
        changed_at="updated_at",
        spoils=(Spoil("status"), Spoil("line_items", "'[{\"purchase_item_id\":'"), Spoil("id")),
        trap="case when _status = 'queued' then 'future_charge' end",
    )


def subscribers(delivery: Delivery) -> None:
    delivery.con.execute(
        """
        create table part.recharge_customers as
        select customer_id as id, person_id, any_value(email) as email, min(started_at) as started_at,
            max(coalesce(ended_at, started_at)) as updated_at, bool_or(is_legacy) as is_legacy
        from part.recharge_subscriptions group by customer_id, person_id order by id
        """
    )
    delivery.deliver(
        "customers",
        """
        select
            customers.id,
            case when not is_legacy and shopify_customer_id is not null
                then '{"ecommerce":"' || shopify_customer_id || '"}' end as external_customer_id,
            case when is_legacy then shopify_customer_id::varchar end as shopify_customer_id,
            customers.email,
            people.given_name as first_name,
            people.family_name as last_name,
            false as has_payment_method_in_dunning,
            utc(started_at) as created_at,
            utc(updated_at) as updated_at,
            load_after(started_at) as _load_at
        from part.recharge_customers as customers join life.people as people using (person_id)
        """,
        key=("id",),
        spoils=(Spoil("id"),),
    )
    delivery.record("customer", "select id, person_id, true from part.recharge_customers", landed="customers")


def log(delivery: Delivery) -> None:
    """Verbs as the API writes them; a skip is a verb of the charge. Some starts and ends were never logged."""
    unlogged = delivery.settings.trap("unlogged")
    verbs = " ".join(f"when '{event}' then '{verb}'" for event, verb in VERBS.items())
    delivery.deliver(
        "events",
        f"""
        with events as (
            select *, row_number() over (partition by subscription_key order by event_at, event) as number,
                row_number() over (partition by subscription_key, event order by event_at) as number_of_kind
            from life.subscription_events
        )
        select
            {EVENT_ID} + subscription_key * 200 + number as id,
            customer_id,
            case when event = 'skipped' then 'charge' else 'subscription' end as object_type,
            case when event = 'skipped' then {CHARGE_ID} * 3 + subscription_key * 100 + number_of_kind
                else subscriptions.id end as object_id,
            case event when 'skipped' then 'skipped' {verbs} end as verb,
            case event when 'payment_failed' then 'Subscription cancelled: {DUNNING}' else event end as description,
            utc(event_at) as created_at,
            load_after(event_at) as _load_at
        from events
        join part.recharge_subscriptions as subscriptions using (subscription_key)
        where event in ('skipped', 'paused', 'resumed', 'swapped')
            or is_overwritten
            -- A row that was first seen when it ran again shows no end.
            or load_after(ended_at) = load_after(reactivated_at)
            or chance('unlogged', subscription_key::varchar || event) >= {unlogged}
        """,
        key=("id",),
        spoils=(Spoil("created_at"), Spoil("verb"), Spoil("id")),
    )
