"""
What really happened, as Parquet beside the systems (`truth/`), so that a warehouse can be measured.

people       person_id, names, household, scene, arrived_at, has_ordered, favourite_category
identifiers  identifier_type, identifier_value, person_id: every e-mail, phone and loyalty card that is really theirs
records      source_name, source_record_type, source_record_id, person_id, is_identifiable: whose each source record is
orders       order_id (as in the marts), person_id, ordered_at, is_valid, invalid_reason in words, gross, discount,
             refunded, net (merchandise without tax, gift cards, shipping, tips), currency, channel, raw_state: complete
             (everything about it was delivered and can be read), missing (no readable row yet), partial (a line or
             refund is), deleted
refunds      refund_id, order_id, refunded_at, merchandise (what net revenue loses), money given back, raw_state
raw_rows     every raw row that is not simply staged or is odd by design: system, table_name, record_key, loaded_at,
             fate (staged, duplicate, tombstone, quarantined), trap and trap_number. A live row that a tombstone deletes
             counts as tombstone; a line of an unreadable receipt is quarantined with it
raw_counts   system, table_name, fate, rows: all rows
traps        trap, trap_number, record_type, record_key, person_id: traps that are facts of people and orders
subscriptions, subscription_events, loyalty_members, loyalty_lots, loyalty_entries, loyalty_tiers: the life tables
scenes       scene, person_id, scene_day
settings     one row: the arguments of the run
"""

from pathlib import Path

from simulator.settings import TRAPS
from simulator.tables import Life

ORDERS = """
    create table truth.orders as
    with landed as (
        select 'pos' as system, record_key, is_staged from part.pos__sales
        union all select 'shopify', record_key, is_staged from part.shopify__orders
    ),
    keys as (
        select orders.*, people.is_staff, people.is_wholesale, people.is_marketplace, people.country_code,
            case when channel = 'till' then 'pos' else 'shopify' end as system,
            case when channel = 'till' then orders.store_id || ':' || receipts.sale_id
                else shops.shop_url || ':' || (5000000000000 + order_key)::varchar end as record_key
        from life.orders as orders
        join life.people as people using (person_id)
        join life.shops as shops on shops.shop_id = orders.shop_id
        left join (select order_key, sale_id from part.receipts where not is_return) as receipts using (order_key)
    ),
    refunds as (
        select order_key,
            sum(case when orders.channel <> 'till' or receipts.names_its_sale then refunds.merchandise_cents
                else 0 end) as cents,
            sum(refunds.merchandise_cents) as true_cents
        from life.refunds as refunds
        join life.orders as orders using (order_key)
        left join (from part.receipts where is_return) as receipts using (order_key)
        group by order_key
    ),
    broken as (
        select distinct order_key from part.broken_orders
    ),
    facts as (
        select keys.*, coalesce(refunds.cents, 0) as refunded_cents, coalesce(refunds.true_cents, 0) as returned_cents,
            case
                when keys.deleted_at is not null then 'deleted'
                when not coalesce(landed.is_staged, false) then 'missing'
                when broken.order_key is not null then 'partial'
                else 'complete'
            end as raw_state,
            case
                when state = 'test' then 'test'
                when state = 'voided' and voided_at is not null then 'voided'
                when voided_at is not null then 'voided'
                when cancelled_at is not null and (shipped_at is null or shipped_at >= cancelled_at) then 'cancelled'
                when paid_at is null and not is_authorized and origin <> 'replacement' then 'payment_pending'
                when has_gift_card_only then 'gift_cards_only'
                when merchandise_cents > 0 and merchandise_cents <= coalesce(refunds.cents, 0) then 'fully_refunded'
                when merchandise_cents <= 0 then 'zero_value'
                when is_wholesale and channel <> 'till' then 'wholesale'
                when is_staff and channel <> 'till' then 'staff'
                when is_marketplace and channel <> 'till' then 'marketplace'
                when origin = 'replacement' then 'replacement'
            end as invalid_reason
        from keys
        left join landed on landed.system = keys.system and landed.record_key = keys.record_key
        left join refunds using (order_key)
        left join broken using (order_key)
    )
    select
        system || ':' || record_key as order_id, order_key, person_id, system, ordered_at,
        invalid_reason is null as is_valid, invalid_reason,
        (gross_untaxed_cents / 100)::decimal(18, 2) as gross, (discount_untaxed_cents / 100)::decimal(18,
            2) as discount,
        (refunded_cents / 100)::decimal(18, 2) as refunded,
        ((merchandise_cents - refunded_cents) / 100)::decimal(18, 2) as net,
        (returned_cents / 100)::decimal(18, 2) as returned,
        currency,
        case when channel <> 'web' then 'pos' when origin = 'renewal' or is_subscription_start then 'subscription'
            else 'online' end
            as channel,
        origin, number as purchase_number, subscription_key, shows, is_guest, raw_state
    from facts order by order_id
"""


def add_truth(life: Life, systems: tuple[str, ...]) -> None:
    """The truth of a block, as tables truth.* in its connection."""
    con, settings = life.con, life.settings
    con.execute("create schema truth")
    _without_absent(life, systems)
    con.execute(
        """
        create table part.broken_orders as
        select (split_part(record_key, ':', 2)[2:])::bigint as sale_number, split_part(record_key, ':', 1) as store_id,
            split_part(record_key, ':', 2)[1] as kind
        from part.pos__sale_lines where not is_staged;
        create or replace table part.broken_orders as
        select receipts.order_key
        from part.receipts as receipts
        join part.broken_orders as broken
            on receipts.store_id = broken.store_id and receipts.sale_id = broken.kind
                || printf('%08d', broken.sale_number)
        union
        select receipts.order_key from part.receipts as receipts
        left join part.pos__sales as sales on sales.record_key = receipts.store_id || ':' || receipts.sale_id
        where receipts.is_return and not coalesce(sales.is_staged, false)
        union
        select refunds.order_key from part.shopify_refunds as refunds
        left join part.shopify__order_refunds as landed on landed.record_key = refunds.shop_url || ':'
            || refunds.id::varchar
        where not coalesce(landed.is_staged, false)
        """
    )
    con.execute(ORDERS)
    con.execute(
        """
        create table truth.refunds as
        select case when orders.system = 'pos' then 'pos:' || receipts.store_id || ':' || receipts.sale_id
                else 'shopify:' || split_part(orders.order_id, ':', 2) || ':'
                    || (800000000000 + refunds.refund_key)::varchar end
                as refund_id,
            case when orders.system = 'shopify' or receipts.names_its_sale then orders.order_id end as order_id,
            orders.person_id, refunds.refunded_at, refunds.kind,
            (refunds.merchandise_cents / 100)::decimal(18, 2) as merchandise,
            (refunds.money_cents / 100)::decimal(18, 2) as money, orders.currency, orders.raw_state
        from life.refunds as refunds
        join truth.orders as orders using (order_key)
        left join (from part.receipts where is_return) as receipts using (order_key)
        order by refund_id;

        create table truth.people as
        select person_id, given_name, family_name, birth_on, household_id, is_household, country_code, time_zone, scene,
            arrived_at, first_ordered_at is not null as has_ordered, daily_purchase_rate, dropout_probability, is_staff,
            is_wholesale, is_marketplace, favourite_category, erasure_at
        from life.people order by person_id;

        create table truth.identifiers as
        with found as (
            select 'email' as identifier_type, email as identifier_value, person_id from life.people
            union all select 'email', second_email, person_id from life.people
            union all select 'email', email_variant, person_id from life.people
            union all select 'phone', phone, person_id from life.people
            union all select 'phone', next_phone, person_id from life.people
            union all select 'loyalty_id', loyalty_id, person_id from life.people
            union all select 'shopify_customer_id', shopify_customer_id::varchar, person_id from life.people
            union all select 'shopify_customer_id', merged_shopify_customer_id::varchar, person_id from life.people
        )
        select distinct identifier_type, identifier_value, person_id from found
        where identifier_value is not null order by all;

        create table truth.records as
        select 'shopify' as source_name, 'order' as source_record_type, substr(order_id, 9) as source_record_id,
            truth.orders.person_id, identities.is_identifiable
        from truth.orders
        join (
            select order_key,
                customer_id is not null or (not is_erased and (phone is not null or (
                    email is not null and coalesce(shows, '') <> 'placeholder' and not is_marketplace
                ))) as is_identifiable
            from part.shopify_orders
            left join (
                select order_key, bool_or(is_erased) as is_erased from part.shopify_states
                where load_at <= (select last_load_at from life.settings) group by order_key
            ) using (order_key)
        ) as identities using (order_key)
        where raw_state in ('complete', 'partial')
        union all
        select 'shopify', 'customer', accounts.shop_url || ':' || accounts.id::varchar, person_id, true
        from part.shopify_accounts as accounts
        join part.shopify__customers as landed on landed.record_key = accounts.shop_url || ':' || accounts.id::varchar
        where landed.is_staged
        union all
        select 'pos', 'sale', receipts.store_id || ':' || receipts.sale_id, orders.person_id,
            receipts.shows not in ('nothing', 'placeholder')
        from part.receipts as receipts
        join life.orders as orders using (order_key)
        join part.pos__sales as landed on landed.record_key = receipts.store_id || ':' || receipts.sale_id
        where landed.is_staged
        union all
        from told.records
        order by all;
        """
    )
    numbers = ", ".join(f"('{name}', {trap.number})" for name, trap in TRAPS.items())
    con.execute(
        f"""
        create view truth.raw_rows as
        select raw_rows.*, numbers.trap_number
        from raw_rows left join (values {numbers}) as numbers (trap, trap_number) using (trap)
        order by system, table_name, record_key, loaded_at, fate;

        create table truth.traps as
        with found as (
            select state as trap, 'order' as record_type, order_key as record_key, person_id from life.orders
                where state <> 'normal'
            union all select 'guest_order', 'order', order_key, person_id from life.orders where is_guest
                and channel = 'web'
            union all select 'walk_in', 'order', order_key, person_id from life.orders where shows = 'nothing'
            union all select 'phone_only', 'order', order_key, person_id from life.orders where shows = 'phone'
            union all select 'placeholder_email', 'order', order_key, person_id from life.orders
                where shows = 'placeholder'
            union all select 'tombstone', 'order', order_key, person_id from life.orders where deleted_at is not null
            union all select 'imported_history', 'order', order_key, person_id from life.orders
                where created_at <> ordered_at
            union all select 'tip', 'order', order_key, person_id from life.orders where tip_cents > 0
            union all select 'gift_card_tender', 'order', order_key, person_id from life.orders
                where gift_tender_cents > 0
            union all select distinct 'gift_card_sale', 'order', order_key, orders.person_id
            from life.order_lines join life.orders as orders using (order_key) where is_gift_card
            union all select 'legacy_line_discount', 'order', order_key, person_id from life.orders where is_legacy
                and discount_cents > 0
            union all select 'presentment_currency', 'order', order_key, person_id from part.shopify_orders
                where presentment_currency <> currency
            union all select 'json_gap', 'order', order_key, person_id from part.shopify_orders where has_gap
            union all select 'enum_case', 'order', order_key, person_id from part.shopify_orders where is_upper
            union all select case kind when 'amount' then 'amount_refund' else 'moneyless_refund' end, 'refund',
                order_key, orders.person_id
            from life.refunds join life.orders as orders using (order_key) where kind in ('amount', 'exchange',
                'restock')
            union all select 'shipping_refund', 'refund', order_key, orders.person_id
            from life.refunds join life.orders as orders using (order_key) where refunds.shipping_cents > 0
            union all select 'merged_customer', 'person', person_id, person_id from life.people
                where merged_shopify_customer_id is not null
            union all select 'second_email', 'person', person_id, person_id from life.people
                where second_email is not null
            union all select 'recycled_phone', 'person', person_id, person_id from life.people
                where phone_until_at is not null
            union all select 'erased', 'person', person_id, person_id from life.people where erasure_at is not null
            union all select 'staff', 'person', person_id, person_id from life.people where is_staff
            union all select 'wholesale', 'person', person_id, person_id from life.people where is_wholesale
            union all select 'marketplace', 'person', person_id, person_id from life.people where is_marketplace
        )
        select case trap when 'test' then 'test_order' when 'draft' then 'draft_order' else trap end as trap,
            numbers.trap_number,
            record_type, record_key, person_id
        from found left join (values {numbers}) as numbers (name, trap_number)
            on numbers.name = case trap when 'test' then 'test_order' when 'draft' then 'draft_order' else trap end
        order by all;

        create table truth.scenes as
        select scene, person_id, date '{settings.scene_day}' as scene_day from life.people where scene is not null
            order by person_id;
        """
    )


# What systems that are not written would have kept, as far as the truth asks for it.
_LANDED = "record_key varchar, is_staged boolean, staged_load_at timestamp"
_KEPT = {
    "pos": {
        "pos__sales": _LANDED,
        "pos__sale_lines": _LANDED,
        "receipts": "order_key bigint, store_id varchar, sale_id varchar, shows varchar, is_return boolean, "
        "names_its_sale boolean",
    },
    "shopify": {
        "shopify__orders": _LANDED,
        "shopify__order_refunds": _LANDED,
        "shopify__customers": _LANDED,
        "shopify_refunds": "order_key bigint, shop_url varchar, id bigint",
        "shopify_accounts": "shop_url varchar, id bigint, person_id bigint",
        "shopify_states": "order_key bigint, load_at timestamp, is_erased boolean",
        "shopify_orders": "order_key bigint, person_id bigint, presentment_currency varchar, currency varchar, "
        "has_gap boolean, is_upper boolean, customer_id bigint, phone varchar, email varchar, shows varchar, "
        "is_marketplace boolean",
    },
}


def _without_absent(life: Life, systems: tuple[str, ...]) -> None:
    """Empty stand-ins for what absent systems would have kept."""
    for system, tables in _KEPT.items():
        if system not in systems:
            for table, columns in tables.items():
                life.con.execute(f"create table part.{table} ({columns})")


LIFE = (
    "subscriptions", "subscription_events", "loyalty_members", "loyalty_lots", "loyalty_entries", "loyalty_tiers",
)  # fmt: skip
TABLES = ("people", "identifiers", "records", "orders", "refunds", "raw_rows", "traps", "scenes")


def write_truth(life: Life, folder: Path, part: str) -> int:
    """Write the truth of a block; returns the number of rows."""
    rows = 0
    wanted = [(name, f"truth.{name}") for name in TABLES] + [(name, f"life.{name}") for name in LIFE]
    told = "select table_name from information_schema.tables where table_schema = 'told' and table_name <> 'records'"
    wanted += [(name, f"told.{name}") for (name,) in life.con.execute(f"{told} order by all").fetchall()]
    for name, source in wanted:
        path = folder / f"{name}.parquet" if not part else folder / name / f"{part}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        options = "format parquet, compression zstd, compression_level 1"
        rows += life.con.execute(f"copy (from {source}) to '{path}' ({options})").fetchone()[0]
    return rows
