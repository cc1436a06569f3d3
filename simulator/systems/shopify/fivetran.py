"""
Shopify as Fivetran lands it (REST schema): singular names, one flat table per nested list,
    times in UTC without an offset,
one row per record as it is now. Deleted orders keep their data and carry `_fivetran_deleted`.

A Fivetran connection is one shop, so only the first shop is delivered; no table says which shop it is but `shop`.
"""

from simulator.catalogue import POP_UP_LOCATION, WAREHOUSE_LOCATION
from simulator.loader import Delivery, Spoil
from simulator.systems.shopify.content import (
    ADJUSTMENT_ID,
    CHECKOUT_ID,
    LINE_ID,
    ORDER_ID,
    PRODUCT_ID,
    REFUND_ID,
    VARIANT_ID,
)

MONEY = "/ 100.0::double"
FIRST_SHOP = "perennial-demo"


def write(delivery: Delivery) -> None:
    con = delivery.con
    # The orders that the connection has seen, as they are now; a deleted one was written when it was found deleted.
    con.execute(
        """
        create table part.current_orders as
        select states.*, orders.* exclude (order_key, customer_id),
            case when orders.deleted_at is null then states.load_at else load_after(orders.deleted_at) end as synced_at,
            coalesce(load_after(orders.deleted_at) <= last_load_at, false) as is_deleted
        from part.shopify_orders as orders
        join (
            from part.shopify_states where load_at <= (select last_load_at from life.settings)
            qualify row_number() over (partition by order_key order by load_at desc) = 1
        ) as states using (order_key)
        cross join (select last_load_at from life.settings)
        where orders.shop_id = 0
        order by order_key;
        update part.current_orders set synced_at = load_at where not is_deleted;
        """
    )
    orders(delivery)
    order_parts(delivery)
    refunds(delivery)
    details(delivery)
    customers(delivery)
    if delivery.is_first:
        catalogue(delivery)
    # The truth knows these records by shop and id.
    for theirs, ours in (("order", "orders"), ("refund", "order_refunds"), ("customer", "customers")):
        con.execute(
            f"""
            create table part.shopify__{ours} as
            select '{FIRST_SHOP}:' || record_key as record_key, is_staged, staged_load_at from part.shopify__{theirs}
            """
        )


def land(delivery: Delivery, table: str, query: str, key: tuple[str, ...], spoils=(), **more) -> None:
    """Fivetran merges what it pulls, so nothing comes twice."""
    delivery.deliver(table, query, key=key, loader="fivetran", spoils=spoils, can_repeat=False, **more)


def orders(delivery: Delivery) -> None:
    land(
        delivery,
        "order",
        f"""
        select
            id, name, substr(name, 2)::bigint as order_number, substr(name, 2)::bigint - 1000 as number,
            customer_id, case when not is_erased then email end as email, case when not is_erased then phone
                end as phone,
            created_at, ordered_at as processed_at, updated_at,
            case when is_cancelled then cancelled_at end as cancelled_at,
            case when is_cancelled then cancel_reason end as cancel_reason,
            null::timestamp as closed_at,
            state = 'test' as test,
            case when is_upper then upper(financial_status) else financial_status end as financial_status,
            fulfillment_status, source_name,
            case when channel = 'pop_up' then {POP_UP_LOCATION} end::bigint as location_id,
            currency, presentment_currency, taxes_included,
            net_cents {MONEY} as subtotal_price, gross_cents {MONEY} as total_line_items_price,
            (discount_cents + shipping_off_cents) {MONEY} as total_discounts, tax_cents {MONEY} as total_tax,
            total_cents {MONEY} as total_price, tip_cents {MONEY} as total_tip_received,
            money_set(shipping_cents, currency, round(shipping_cents * seen_rate)::bigint, presentment_currency)
                as total_shipping_price_set,
            shipping_address ->> 'first_name' as shipping_address_first_name,
            shipping_address ->> 'last_name' as shipping_address_last_name,
            shipping_address ->> 'country_code' as shipping_address_country_code,
            shipping_address ->> 'city' as shipping_address_city,
            shipping_address ->> 'zip' as shipping_address_zip,
            chance('accepts', order_key::varchar) < 0.5 as buyer_accepts_marketing,
            case when channel = 'web' then cart_token end as cart_token,
            case when channel = 'web' then checkout_token end as checkout_token,
            landing_site as landing_site_base_url, null::varchar as referring_site,
            is_deleted as _fivetran_deleted, synced_at as _load_at, is_deleted as _is_tombstone
        from part.current_orders
        """,
        key=("id",),
        spoils=(Spoil("created_at"),),
        can_lose=True,
    )


def order_parts(delivery: Delivery) -> None:
    """What hangs on an order: lines, taxes and discounts of lines, codes, shipping, tags."""
    tip = f"{LINE_ID} + order_key * 16 + 15"
    land(
        delivery,
        "order_line",
        f"""
        select lines.id, lines.order_id, lines.line_no + 1 as index, lines.shop_product_id as product_id,
            lines.shop_variant_id as variant_id, lines.landed_sku as sku, lines.title,
                lines.option_value as variant_title,
            lines.title || ' - ' || lines.option_value as name, lines.brand as vendor, lines.quantity,
            lines.unit_cents {MONEY} as price, (case when lines.is_legacy then off_cents
                else 0 end) {MONEY} as total_discount,
            lines.is_gift_card as gift_card, not lines.is_gift_card as requires_shipping,
                not lines.is_gift_card as taxable,
            0::bigint as fulfillable_quantity,
            case when lines.family = 'Bubble tea' then '[{{"name":"Sugar","value":"' || lines.option_value || '"}}]'
                when not lines.has_gap then '[]' end as properties,
            orders.synced_at as _load_at
        from part.shopify_lines as lines join part.current_orders as orders using (order_key)
        union all by name
        select {tip} as id, id as order_id, 16 as index, null::bigint as product_id, null::bigint as variant_id,
            null::varchar as sku, 'Tip' as title, 'Tip' as name, 1 as quantity, tip_cents {MONEY} as price,
            0.0::double as total_discount, false as gift_card, false as requires_shipping, false as taxable,
            '[]' as properties, synced_at as _load_at
        from part.current_orders where tip_cents > 0
        """,
        key=("id",),
    )
    land(
        delivery,
        "tax_line",
        f"""
        select lines.id as order_line_id, 1::bigint as index, 'Tax' as title, lines.tax_rate as rate,
            lines.tax_cents {MONEY} as price, orders.synced_at as _load_at
        from part.shopify_lines as lines join part.current_orders as orders using (order_key)
        where lines.tax_cents > 0
        """,
        key=("order_line_id", "index"),
    )
    land(
        delivery,
        "discount_allocation",
        f"""
        with shares as (
            select *, by_code_cents as cents, 0 as application from part.shopify_lines where by_code_cents > 0
            union all select *, by_rule_cents, auto_index from part.shopify_lines where by_rule_cents > 0
            union all select *, by_reward_cents, reward_index from part.shopify_lines where by_reward_cents > 0
        )
        select shares.id as order_line_id, row_number() over (partition by shares.id order by application) as index,
            cents {MONEY} as amount, application::bigint as discount_application_index, orders.synced_at as _load_at
        from shares join part.current_orders as orders using (order_key)
        where not shares.is_legacy
        """,
        key=("order_line_id", "index"),
    )
    land(
        delivery,
        "order_discount_code",
        f"""
        with codes as (
            select *, code as typed, percent::double as amount, 'percentage' as type, 1 as place
            from part.current_orders where code is not null
            union all select *, 'PTS-' || order_key, reward_cents {MONEY}, 'fixed_amount', 2
            from part.current_orders where reward_cents > 0
            union all select *, 'FREESHIP', shipping_off_cents {MONEY}, 'shipping', 3
            from part.current_orders where shipping_off_cents > 0
        )
        select id as order_id, row_number() over (partition by id order by place) as index, typed as code, amount, type,
            synced_at as _load_at
        from codes
        """,
        key=("order_id", "index"),
    )
    land(
        delivery,
        "order_shipping_line",
        f"""
        select {ORDER_ID} + 1 + order_key as id, id as order_id, service as title, service as code, 'shopify' as source,
            shipping_cents {MONEY} as price, (shipping_cents - shipping_off_cents) {MONEY} as discounted_price,
            synced_at as _load_at
        from part.current_orders where channel = 'web' and not has_gift_card_only
        """,
        key=("id",),
    )
    land(
        delivery,
        "order_tag",
        """
        with tags as (select id, synced_at, unnest(string_split(tags, ', ')) as tag from part.current_orders
            where tags <> '')
        select id as order_id, row_number() over (partition by id order by tag) as index, tag as value,
            synced_at as _load_at
        from tags
        """,
        key=("order_id", "index"),
    )


def refunds(delivery: Delivery) -> None:
    delivery.con.execute(
        """
        create table part.current_refunds as
        select refunds.*, load_after(greatest(refunded_at, refunds.created_at)) as synced_at
        from part.shopify_refunds as refunds semi join part.current_orders using (order_key)
        where deleted_at is null or refunded_at < deleted_at
        order by refund_key
        """
    )
    land(
        delivery,
        "refund",
        """
        select id, order_id, refunded_at as created_at, refunded_at as processed_at, kind <> 'amount' as restock,
            case kind when 'amount' then 'Goodwill' when 'exchange' then 'Exchange' end as note, synced_at as _load_at
        from part.current_refunds
        """,
        key=("id",),
        spoils=(Spoil("created_at"),),
        can_lose=True,
    )
    land(
        delivery,
        "order_line_refund",
        f"""
        select lines.id, refunds.id as refund_id, {LINE_ID} + lines.line_key as order_line_id,
            lines.quantity::double as quantity,
            lines.value_cents {MONEY} as subtotal, lines.tax_cents {MONEY} as total_tax,
            case lines.kind when 'cancel' then 'cancel' when 'restock' then 'no_restock' else 'return'
                end as restock_type,
            {WAREHOUSE_LOCATION[0]}::bigint as location_id, refunds.synced_at as _load_at
        from part.shopify_refund_lines as lines join part.current_refunds as refunds using (refund_key)
        """,
        key=("id",),
    )
    land(
        delivery,
        "order_adjustment",
        f"""
        select {ADJUSTMENT_ID} + refund_key * 2 as id, order_id, id as refund_id, 'refund_discrepancy' as kind,
            'Refund discrepancy' as reason, -amount_cents {MONEY} as amount, 0.0::double as tax_amount,
                synced_at as _load_at
        from part.current_refunds where amount_cents > 0
        union all
        select {ADJUSTMENT_ID} + 1 + refund_key * 2, order_id, id, 'shipping_refund', 'Shipping refund',
            -shipping_cents {MONEY}, 0.0, synced_at
        from part.current_refunds where shipping_cents > 0
        """,
        key=("id",),
    )


def details(delivery: Delivery) -> None:
    """Payments, shipments, checkouts."""
    land(
        delivery,
        "transaction",
        f"""
        select steps.id, steps.order_id, case when kind = 'refund' then {REFUND_ID} + steps.order_key end as refund_id,
            kind,
            status, cents {MONEY} as amount, currency, gateway, parent_id, is_test as test, happened_at as created_at,
            happened_at as processed_at, load_after(greatest(happened_at, order_created_at)) as _load_at
        from part.shopify_transactions as steps semi join part.current_orders using (order_key)
        where deleted_at is null or happened_at < deleted_at
        """,
        key=("id",),
        spoils=(Spoil("created_at"),),
    )
    land(
        delivery,
        "fulfillment",
        f"""
        select id, order_id, shipped_at as created_at, coalesce(delivered_at, shipped_at) as updated_at,
            'success' as status,
            case when delivered_at is not null then 'delivered' else 'in_transit' end as shipment_status,
            carrier as tracking_company, tracking_number(carrier, order_key, 0) as tracking_number,
            '["' || tracking_number(carrier, order_key, 0) || '"]' as tracking_numbers, '[]' as tracking_urls,
            {WAREHOUSE_LOCATION[0]}::bigint as location_id, name || '.1' as name, 'manual' as service,
            load_after(greatest(coalesce(delivered_at, shipped_at), order_created_at)) as _load_at
        from part.shopify_fulfilments semi join part.current_orders using (order_key)
        where deleted_at is null or shipped_at < deleted_at
        """,
        key=("id",),
        spoils=(Spoil("created_at"),),
    )
    land(
        delivery,
        "abandoned_checkout",
        f"""
        select {CHECKOUT_ID} + cart_key as id,
            coalesce(md5(order_key::varchar || 'checkout'), md5(cart_key::varchar || 'left')) as token,
            coalesce(md5(order_key::varchar || 'cart'), md5(cart_key::varchar || 'cart left')) as cart_token,
            carts.email, null::varchar as phone, people.shopify_customer_id as customer_id,
            value_cents {MONEY} as total_price, carts.created_at, coalesce(completed_at,
                carts.created_at) as updated_at,
            completed_at as closed_at, false as _fivetran_deleted,
            load_after(coalesce(completed_at, carts.created_at)) as _load_at
        from life.carts as carts join life.people as people using (person_id)
        where carts.shop_id = 0
        """,
        key=("id",),
        spoils=(Spoil("created_at"),),
    )


def customers(delivery: Delivery) -> None:
    delivery.con.execute(
        f"""
        create table part.current_accounts as
        with bought as (
            select customer_id as id, count(*) as orders, sum(total_cents) as cents, max(synced_at) as synced_at
            from part.current_orders group by customer_id
        )
        select accounts.*, coalesce(orders, 0) as orders_count, coalesce(cents, 0) as total_cents,
            coalesce(erased_at < settings.cut_at, false) as is_erased,
            coalesce(agrees_at < settings.cut_at, false) as has_decided,
            case when agrees_at < settings.cut_at then greatest(accounts.created_at, agrees_at)
                else accounts.created_at end as decided_at,
            greatest(load_after(accounts.created_at), bought.synced_at, case when erased_at < settings.cut_at
                then load_after(erased_at) end) as synced_at
        from part.shopify_accounts as accounts
        cross join life.settings as settings
        left join bought using (id)
        -- A merged account is gone from the shop, but no sync says so: its row stays as it was.
        where shop_url = '{FIRST_SHOP}'
        order by id
        """
    )
    land(
        delivery,
        "customer",
        f"""
        select id, case when not is_erased then email end as email,
            case when is_erased then null when phone_until_at is not null then next_phone else phone end as phone,
            case when not is_erased then given_name end as first_name, case when not is_erased then family_name
                end as last_name,
            created_at, synced_at - interval 1 hour as updated_at,
            case when chance('login', id::varchar) < 0.4 then 'enabled' else 'disabled' end as state,
            chance('verified', id::varchar) < 0.85 as verified_email, orders_count, total_cents {MONEY} as total_spent,
            currency, false as tax_exempt, null::varchar as note,
            case when is_erased then 'redacted' when wants_email and has_decided then 'subscribed'
                else 'not_subscribed' end as email_marketing_consent_state,
            'single_opt_in' as email_marketing_consent_opt_in_level,
            decided_at as email_marketing_consent_consent_updated_at,
            wants_email and has_decided and not is_erased as accepts_marketing,
            decided_at as accepts_marketing_updated_at,
            synced_at as _load_at
        from part.current_accounts
        """,
        key=("id",),
        spoils=(Spoil("id"),),
    )
    land(
        delivery,
        "customer_tag",
        """
        select id as customer_id, 1::bigint as index, tags as value, synced_at as _load_at
        from part.current_accounts where tags <> ''
        """,
        key=("customer_id", "index"),
    )


def catalogue(delivery: Delivery) -> None:
    """What is not about people: delivered once, by the first block."""
    land(
        delivery,
        "product",
        f"""
        select {PRODUCT_ID} + product_id as id, title, lower(replace(title, ' ', '-')) as handle, brand as vendor,
            category as product_type, 'active' as status, sold_from_on::timestamp as created_at,
            sold_from_on::timestamp as updated_at, sold_from_on::timestamp as published_at, 'global' as published_scope,
            false as _fivetran_deleted, load_after(sold_from_on::timestamp) as _load_at
        from life.products where sold_from_on <= (select as_of_on from life.settings)
        """,
        key=("id",),
    )
    land(
        delivery,
        "product_variant",
        f"""
        select {VARIANT_ID} + variant_id as id, {PRODUCT_ID} + product_id as product_id, option_value as title, sku,
            (list_cents_usd * case when is_gift_card or as_of_on < date '2025-01-01' then 100 else 104
                end // 100) {MONEY}
                as price,
            sold_from_on::timestamp as updated_at, load_after(sold_from_on::timestamp) as _load_at
        from life.variants join life.products using (product_id) cross join life.settings
        where sold_from_on <= as_of_on
        """,
        key=("id",),
    )
    land(
        delivery,
        "location",
        f"""
        select id::bigint as id, name, 'US' as country_code, true as active, timestamp '2023-01-01' as updated_at,
            load_after(timestamp '2023-01-01') as _load_at
        from (values ({WAREHOUSE_LOCATION[0]}, 'Warehouse'), ({POP_UP_LOCATION}, 'Pop-up Boston')) as locations (id,
            name)
        """,
        key=("id",),
    )
    land(
        delivery,
        "discount_code",
        """
        select 700000000000 + promotion_id as id, code, 0::bigint as usage_count, begins_on::timestamp as updated_at,
            load_after(begins_on::timestamp) as _load_at
        from life.promotions where begins_on <= (select as_of_on from life.settings)
        """,
        key=("id",),
    )
    land(
        delivery,
        "shop",
        f"""
        select 68000000000 + shop_id as id, name, time_zone as iana_timezone, currency, taxes_included, country_code,
            '{FIRST_SHOP}.myshopify.com' as myshopify_domain, '{FIRST_SHOP}.example.com' as domain,
            timestamp '2023-01-01' as updated_at, false as _fivetran_deleted,
                load_after(timestamp '2023-01-01') as _load_at
        from life.shops where shop_id = 0
        """,
        key=("id",),
    )
