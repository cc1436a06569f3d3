"""
Tills: one row per receipt and one per line, as text from the registers' export; returns are receipts of their own.

Receipt numbers are unique within a store only, times are wall clock, tills that were offline send days later.
"""

from simulator.loader import Delivery, Spoil
from simulator.scenes import COUNTER_EMAIL

NEEDS = ()


def write(delivery: Delivery) -> None:
    con = delivery.con
    trap = delivery.settings.trap
    # The receipt of a return is written by the hand that takes the goods back, at the store that sold them.
    con.execute(
        f"""
        create table part.receipts as
        with sales as (
            select
                order_key, store_id, ordered_at as sold_at, ordered_local_at as sold_local_at, currency,
                email_used, phone_used, loyalty_id_used, shows, false as is_return
            from life.orders where channel = 'till'
        ),
        returns as (
            select
                sales.order_key, sales.store_id, refunds.refunded_at as sold_at,
                local_at(refunds.refunded_at, stores.time_zone) as sold_local_at, sales.currency,
                sales.email_used, sales.phone_used, sales.loyalty_id_used, sales.shows, true as is_return
            from life.refunds as refunds
            join sales using (order_key)
            join life.stores as stores using (store_id)
        )
        select
            *,
            case when is_return then 'B' else 'R' end || sale_number(order_key, store_id) as sale_id,
            load_after(sold_at) + to_days(case
                when chance('late_row/pos', order_key::varchar || is_return::varchar) < {trap("late_row")}
                    then 1 + (chance('late days/pos', order_key::varchar) * 9)::int
                else 0 end::int) as _load_at,
            chance('late_row/pos', order_key::varchar || is_return::varchar) < {trap("late_row")} as is_late,
            is_return and chance('names its sale', order_key::varchar) < 0.8 as names_its_sale
        from (from sales union all from returns)
        order by store_id, sold_at, order_key, is_return
        """
    )
    delivery.deliver(
        "sales",
        f"""
        select
            receipts.sale_id,
            receipts.store_id,
            receipts.store_id || '-T' || (1 + receipts.order_key // 4096 % 3)::varchar as register_id,
            strftime(receipts.sold_local_at, '%Y-%m-%d %H:%M:%S') as sold_at,
            stores.time_zone as store_timezone,
            case
                when shows = 'placeholder' and receipts.store_id = 'NYC-1' then '{COUNTER_EMAIL}'
                when shows = 'placeholder' then 'none@none.com'
                when shows in ('email', 'email_and_phone') then email_used
            end as customer_email,
            case when shows in ('phone', 'email_and_phone') then phone_used end as customer_phone,
            case when shows = 'card' then loyalty_id_used end as loyalty_id,
            receipts.currency,
            stores.country_code,
            case when names_its_sale then 'R' || substr(receipts.sale_id, 2) end as original_sale_id,
            _load_at,
            is_late as _is_late
        from part.receipts as receipts
        join life.stores as stores using (store_id)
        """,
        key=("store_id", "sale_id"),
        loader="ours",
        spoils=(
            Spoil("sold_at", "'31/02/2024 25:61'"),
            Spoil("sale_id"),
            Spoil("store_timezone", "'Mars/Olympus'"),
            Spoil("sold_at", "'0001-01-01 00:00:00'"),
        ),
        can_lose=True,
        trap="case when _is_late then 'late_row' end",
    )
    delivery.deliver(
        "sale_lines",
        """
        select
            receipts.sale_id,
            receipts.store_id,
            (lines.line_no + 1)::varchar as line_no,
            lines.sku,
            lines.title || ' ' || lines.option_value as description,
            case when receipts.is_return then '-' || lines.returned::varchar else lines.quantity::varchar
                end as quantity,
            money(lines.unit_cents) as unit_price,
            case
                when receipts.is_return
                    then money(lines.returned * lines.unit_cents - lines.net_cents * lines.returned // lines.quantity)
                else money(lines.off_cents)
            end as discount,
            receipts._load_at,
            not sales.is_staged as _has_no_sale,
            receipts.is_late as _is_late
        from part.receipts as receipts
        join life.order_lines as lines using (order_key)
        join part.pos__sales as sales on sales.record_key = receipts.store_id || ':' || receipts.sale_id
        where not receipts.is_return or lines.returned > 0
        """,
        key=("store_id", "sale_id", "line_no"),
        loader="ours",
        spoils=(Spoil("quantity", "'two'"), Spoil("unit_price", "'N/A'"), Spoil("sale_id")),
        can_lose=True,
        quarantined="_has_no_sale",
        trap="case when _has_no_sale then 'corrupt' when _is_late then 'late_row' end",
    )
