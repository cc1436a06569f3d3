"""
Segment's warehouse tables: pages, identify calls, tracks and one table per event.

A visit is some pages, perhaps a product, a cart, a checkout. Who logs in is named by the Shopify customer number from
then on. Thank-you pages are blocked, or loaded twice; events arrive days late; bots come in with people; households
share a browser. Every event stands in tracks as well, which is a duplicate wherever its own table could be read.
"""

from simulator.loader import Delivery, Spoil
from simulator.systems.shopify.content import ORDER_ID, PRODUCT_ID, SHOP_STEP

NEEDS = ("web",)
SITE = "https://www.perennial.example"
# table: columns beside those of every event
EVENTS = {
    "product_viewed": "product_id, price",
    "product_clicked": "product_id",
    "products_searched": "query",
    "product_added": "product_id, price, quantity",
    "product_removed": "product_id",
    "coupon_applied": "coupon",
    "checkout_started": "revenue, currency",
    "order_completed": "order_id, revenue, total, currency",
}
# Beside thank-you pages: what happens in which visits, when, how often.
_STEPS = (
    ("identify", 10, "is_known"),
    ("products_searched", 20, "kind = 'shop' and source = 'search'"),
    ("product_clicked", 42, "kind = 'shop'"),
    ("product_viewed", 45, "kind = 'shop'"),
    ("product_added", 70, "has_added"),
    ("product_removed", 95, "has_added and not has_checked_out and visit_key % 5 = 0"),
    ("coupon_applied", 100, "has_checked_out and code is not null"),
    ("checkout_started", 110, "has_checked_out"),
)
MOMENTS = " union all ".join([
    "select visit_key, 'page' as name, page * 40 as after, page as copy from part.segment_visits,"
    " lateral (select unnest(generate_series(0, least(pages, 5) - 1)) as page) as steps",
    *(f"select visit_key, '{name}', {after}, 0 from part.segment_visits where {who}" for name, after, who in _STEPS),
])  # fmt: skip
SPOILS = (Spoil("id"), Spoil("timestamp", "timestamptz '2099-01-01 00:00:00+00'"))


def write(delivery: Delivery) -> None:
    content(delivery)
    common = """
        id, anonymous_id, user_id, utc(happened_at) as "timestamp",
        utc(happened_at - interval 3 year) as sent_at,
        context_page_url, context_page_path, context_page_referrer,
        context_campaign_source, context_campaign_medium, context_campaign_name, context_user_agent,
        'analytics.js' as context_library_name, received_at as _load_at, oddity as _oddity
    """
    give(delivery, "pages", f"select context_page_url as url, context_page_path as path, "
         f"context_page_referrer as referrer, {common} from part.segment_events where name = 'page'")  # fmt: skip
    give(delivery, "identifies", f"select email, {common} from part.segment_events where name = 'identify'")
    for table, columns in EVENTS.items():
        words = " ".join(word.capitalize() for word in table.split("_"))
        give(delivery, table, f"select '{table}' as event, '{words}' as event_text, {columns}, {common} "
             f"from part.segment_events where name = '{table}'")  # fmt: skip
    give(delivery, "tracks", f"select name as event, replace(name, '_', ' ') as event_text, {common} "
         "from part.segment_events where name not in ('page', 'identify')")  # fmt: skip
    twins(delivery)
    delivery.record(
        "user",
        # Who is known is identified at the start of the visit.
        "select user_id, min(person_id), true from part.segment_events where name = 'identify' group by all",
    )
    delivery.tell(
        "web_visits",
        """
        select visit_key, person_id, device as anonymous_id, started_at, kind, source, order_key, is_known
        from part.segment_visits
        """,
    )


def give(delivery: Delivery, table: str, query: str) -> None:
    delivery.deliver(table, query, key=("id",), loader="segment", spoils=SPOILS, trap="_oddity")


def content(delivery: Delivery) -> None:
    trap = delivery.settings.trap
    con = delivery.con
    known = con.execute(
        "select count(*) from information_schema.tables where table_schema = 'part' and table_name = 'shopify_orders'"
    ).fetchone()[0]
    names = "select order_key, name from part.shopify_orders" if known else "select null::bigint, null::varchar limit 0"
    con.execute(
        f"""
        create table part.segment_visits as
        select visits.*, people.shopify_customer_id::varchar as customer_number, people.email,
            case when people.is_household and chance('shared_browser', household_id::varchar) < {trap("shared_browser")}
                then md5('home' || household_id) else anonymous_id end as device,
            -- Who orders with an account is logged in, others now and then.
            people.shopify_customer_id is not null and (
                (has_checked_out and not coalesce(orders.is_guest, true)) or chance('log in', visit_key::varchar) < 0.25
            ) as is_known,
            orders.ordered_at, orders.net_cents, orders.total_cents, orders.currency, orders.code,
            ({PRODUCT_ID} + {SHOP_STEP} * people.shop_id + variants.product_id)::varchar as shop_product_id,
            variants.list_cents_usd as cents,
            -- The page behind the front door.
            case kind when 'tracking' then '/pages/track' else '/products/' || shop_product_id end as path,
            '{SITE}' || case kind
                when 'tracking' then path || '?' || case when chance('names the order', order_key::varchar) < 0.5
                    then coalesce('order=%23' || substr(names.name, 2), 'order_id=' || ({ORDER_ID} + order_key))
                    else 'order_id=' || ({ORDER_ID} + order_key) end
                when 'shop' then path
            end as url
        from life.visits as visits
        join life.people as people using (person_id)
        join life.variants as variants using (variant_id)
        left join life.orders as orders using (order_key)
        left join ({names}) as names (order_key, name) using (order_key);

        create table part.segment_moments as
        -- What happens in a visit: its name, seconds after the start, which one of several.
        with moments as (
            {MOMENTS}
            union all
            select visit_key, 'order_completed', date_diff('second', started_at, ordered_at) + copy * 30, copy
            from part.segment_visits,
            lateral (select unnest(generate_series(0, (chance('double_thanks', order_key::varchar)
                < {trap("double_thanks")})::int)) as copy) as copies
            where has_checked_out and order_key is not null
                and chance('blocked_thanks', order_key::varchar) >= {trap("blocked_thanks")}
            union all
            select visit_key, 'wishlist_opened', 60, 0 from part.segment_visits
            where chance('unknown_event', visit_key::varchar) < {trap("unknown_event")}
            union all
            select visit_key, 'page', 5, 99 from part.segment_visits
            where chance('bot_visit', visit_key::varchar) < {trap("bot_visit")}
        )
        select moments.*, started_at + to_seconds(after) as happened_at,
            chance('queued_event', visit_key || name) < {trap("queued_event")} as is_queued
        from moments join part.segment_visits as visits using (visit_key)
        where happened_at < (select cut_at from life.settings);

        -- Every table takes other columns of it.
        create view part.segment_events as
        select
            'ajs-' || md5(visit_key || name || copy) as id,
            visit_key,
            person_id,
            name,
            case when copy = 99 then md5('bot' || visit_key) else device end as anonymous_id,
            case when is_known and after >= 10 and copy <> 99 then customer_number end as user_id,
            case when name = 'identify' then email end as email,
            happened_at,
            case when is_queued then happened_at + to_days((1 + chance('queued days', visit_key || name) * 4)::int)
                else happened_at + interval 2 second end as received_at,
            case when kind <> 'tracking' and name = 'page' and copy = 0 then '/' else path end as context_page_path,
            case when kind = 'shop' and name = 'page' and copy = 0 then '{SITE}/' else url end as context_page_url,
            case when copy > 0 or name <> 'page' then '{SITE}/' when source = 'search' then 'https://www.google.com/'
                when source = 'social' then 'https://www.instagram.com/'
                when source = 'referral' then 'https://blog.example.org/' end as context_page_referrer,
            case when source = 'email' then case kind when 'tracking' then 'aftership' else 'klaviyo' end end
                as context_campaign_source,
            case when source = 'email' then 'email' end as context_campaign_medium,
            null::varchar as context_campaign_name,
            case when copy = 99 then 'Mozilla/5.0 (compatible; Googlebot/2.1)' else 'Mozilla/5.0 (Macintosh)' end
                as context_user_agent,
            shop_product_id as product_id,
            case when name in ('product_viewed', 'product_added') then (cents // 100)::int end as price,
            1 as quantity,
            'tea' as query,
            code as coupon,
            ({ORDER_ID} + order_key)::varchar as order_id,
            net_cents / 100.0::double as revenue,
            total_cents / 100.0::double as total,
            currency,
            case
                when copy = 99 then 'bot_visit'
                when name = 'order_completed' and copy = 1 then 'double_thanks'
                when name = 'wishlist_opened' then 'unknown_event'
                when is_queued then 'queued_event'
            end as oddity
        from part.segment_moments join part.segment_visits using (visit_key)
        """
    )


def twins(delivery: Delivery) -> None:
    """A row of tracks whose event could be read in its own table is a duplicate of it."""
    own = " union all ".join(f"select record_key from part.segment__{table} where is_staged" for table in EVENTS)
    delivery.con.execute(
        f"""
        create table part.segment_twins as
        select record_key, staged_load_at from part.segment__tracks as tracks
        semi join ({own}) as own using (record_key) where is_staged;
        delete from raw_rows using part.segment_twins as twins
        where system = 'segment' and table_name = 'tracks' and fate = 'staged'
            and raw_rows.record_key = twins.record_key;
        insert into raw_rows
        select 'segment', 'tracks', record_key, staged_load_at, 'duplicate', 'twin_event' from part.segment_twins;
        update raw_counts set rows = rows - (select count(*) from part.segment_twins)
        where system = 'segment' and table_name = 'tracks' and fate = 'staged';
        insert into raw_counts
        select 'segment', 'tracks', 'duplicate', count(*) from part.segment_twins;
        """
    )
