"""Shopify's tables at the door, as Airbyte landed them."""

from tests.expectations.suite import Expect, Suite

STATES = ("pending", "authorized", "partially_paid", "paid", "partially_refunded", "refunded", "voided", "expired")

ORDERS = """
    with versions as (
        select
            *,
            try_cast(created_at as timestamptz) as created,
            try_cast(processed_at as timestamptz) as processed,
            try_cast(total_price as double) as price
        from raw.shopify__orders
        where deleted_at is null
    )

    select
        avg(if(created is not null, 1, 0)) as share_with_a_readable_time,
        avg(if(processed < created - interval 1 day, 1, 0)) as share_imported_later,
        avg(if(json_valid(line_items) and json_array_length(line_items) > 0, 1, 0)) as share_with_lines,
        avg(if(customer is not null, 1, 0)) as share_with_an_account,
        avg(if(coalesce(email, phone) is not null or customer is not null, 1, 0)) as share_with_a_customer,
        avg(if(coalesce(try_cast(test as boolean), false), 1, 0)) as share_of_tests,
        avg(if(cancelled_at is not null, 1, 0)) as share_cancelled,
        avg(if(price = 0, 1, 0)) as share_given_away,
        max(price) / sum(price) as share_of_the_largest_order_in_money,
        count(*) / count(distinct (shop_url, id)) as versions_of_an_order,
        (select count(*) from raw.shopify__orders where deleted_at is not null) / count(*) as share_deleted
    from versions
"""

PAYMENT = """
    select financial_status as payment_state, count(*) / sum(count(*)) over () as share
    from raw.shopify__orders
    where deleted_at is null
    group by financial_status
    order by financial_status
"""

REFUNDS = """
    with refunds as (
        select
            *,
            json_array_length(if(json_valid(refund_line_items), refund_line_items, '[]')) as pieces,
            json_array_length(if(json_valid(order_adjustments), order_adjustments, '[]')) as adjustments,
            contains(lower(transactions), '"refund"') as has_moved_money
        from raw.shopify__order_refunds
    )

    select
        count(distinct (shop_url, id)) / (select count(distinct (shop_url, id)) from raw.shopify__orders)
            as refunds_per_order,
        avg(if(order_id in (select id from raw.shopify__orders), 1, 0)) as share_of_a_known_order,
        avg(if(pieces + adjustments > 0, 1, 0)) as share_that_says_what_for,
        avg(if(has_moved_money, 1, 0)) as share_that_moved_money
    from refunds
"""

WEEKS = """
    with placed as (
        select
            *,
            timezone(reporting_timezone, try_cast(coalesce(processed_at, created_at) as timestamptz)) as ordered_at
        from raw.shopify__orders cross join staging.point_in_time
        where deleted_at is null
    ),

    counted as (
        select (as_of - cast(ordered_at as date)) // 7 as weeks_ago, count(distinct (shop_url, id)) as orders
        from placed
        group by all
    ),

    weeks as (
        select weeks_ago, coalesce(orders, 0) as orders
        from (select unnest(range(21)) as weeks_ago) left join counted using (weeks_ago)
    )

    select weeks_ago, orders, orders / nullif(median(orders) over before, 0) as share_of_the_eight_weeks_before
    from weeks
    window before as (order by weeks_ago rows between 1 following and 8 following)
    order by weeks_ago
    limit 13
"""

# Shopify shows only the last 60 days of orders to an app that did not ask for read_all_orders.
BEGINNING = """
    with placed as (
        select
            shop_url,
            if(json_valid(customer), try_cast(json_extract_string(customer, '$.id') as bigint), null) as id,
            try_cast(coalesce(processed_at, created_at) as timestamptz) as ordered_at
        from raw.shopify__orders
        where deleted_at is null
    ),

    shops as (
        select shop_url, min(ordered_at) as begins_at from placed group by shop_url
    ),

    accounts as (
        select shop_url, id, min(try_cast(created_at as timestamptz)) as created_at
        from raw.shopify__customers
        group by all
    ),

    first_buyers as (
        select shop_url, id, begins_at, created_at
        from placed join shops using (shop_url) join accounts using (shop_url, id)
        where ordered_at < begins_at + interval 60 day
        group by all
    )

    select
        count(*) as first_buyers,
        if(count(*) >= 30, avg(if(created_at < begins_at - interval 1 day, 1, 0)), null)
            as share_of_first_buyers_known_before
    from first_buyers
"""

# Only what moves with every order: the catalogue, the shop and its locations change rarely.
FRESHNESS = """
    with loads as (
        select 'orders' as table_name, _airbyte_extracted_at as loaded_at from raw.shopify__orders
        union all
        select 'transactions' as table_name, _airbyte_extracted_at as loaded_at from raw.shopify__transactions
        union all
        select 'fulfillments' as table_name, _airbyte_extracted_at as loaded_at from raw.shopify__fulfillments
    )

    select table_name, as_of - cast(max(try_cast(loaded_at as timestamptz)) as date) as days_since_the_newest_load
    from loads cross join staging.point_in_time
    group by table_name, as_of
    order by table_name
"""

SUITES = (
    Suite(
        "shopify orders",
        "All delivered versions of orders in one row: what is filled in, and how well.",
        ORDERS,
        (
            Expect("share_with_a_readable_time", "Every order says when it was created.", 0.999, 1),
            Expect(
                "share_imported_later",
                "Few orders were imported long after they were placed; many mean a move from another shop system.",
                0,
                0.5,
            ),
            Expect("share_with_lines", "Nearly every order says what was bought.", 0.98, 1),
            Expect(
                "share_with_an_account",
                "Some buyers have an account; nobody with one means that it is cut off.",
                0.05,
                1,
            ),
            Expect("share_with_a_customer", "Nearly every web order names somebody; till orders may not.", 0.5, 1),
            Expect("share_of_tests", "Few orders are tests.", 0, 0.05),
            Expect("share_cancelled", "Few orders are cancelled.", 0, 0.2),
            Expect("share_given_away", "Few orders cost nothing.", 0, 0.1),
            Expect("share_of_the_largest_order_in_money", "No single order is a large part of all sales.", 0, 0.05),
            Expect("versions_of_an_order", "An order arrives once per change, a few times in all.", 1, 20),
            Expect("share_deleted", "Few orders are deleted.", 0, 0.1),
        ),
        "shopify",
    ),
    Suite(
        "shopify payment",
        "One row per payment state of orders.",
        PAYMENT,
        (Expect("payment_state", "Shopify knows these states; a new one needs a decision.", among=STATES),),
        "shopify",
    ),
    Suite(
        "shopify refunds",
        "All refunds in one row: how many, of what, with money or without.",
        REFUNDS,
        (
            Expect(
                "refunds_per_order",
                "Refunds are a part of orders; none at all means that the table is not synced.",
                0.001,
                0.5,
            ),
            Expect("share_of_a_known_order", "A refund's order arrived too.", 0.9, 1),
            Expect("share_that_says_what_for", "A refund names goods or an amount.", 0.8, 1),
            Expect("share_that_moved_money", "Most refunds give money back; the others restock or exchange.", 0.4, 1),
        ),
        "shopify",
    ),
    Suite(
        "shopify weeks",
        "One row for each of the last 13 weeks, counted back from the last day of the data.",
        WEEKS,
        (
            Expect("orders", "No week is empty.", 1),
            Expect(
                "share_of_the_eight_weeks_before",
                "A week has about as many orders as the eight before it; a sync that stops shows here.",
                0.4,
                3,
            ),
        ),
        "shopify",
    ),
    Suite(
        "shopify beginning",
        "Who bought in the first 60 days of the history, in one row; null if they are fewer than 30.",
        BEGINNING,
        (
            Expect(
                "share_of_first_buyers_known_before",
                "Those who buy at first are new; accounts older than the first order mean that earlier orders are"
                " missing (an app without the scope read_all_orders sees 60 days) and old customers look new.",
                0,
                0.2,
            ),
        ),
        "shopify",
    ),
    Suite(
        "shopify freshness",
        "One row per table that moves with every order: how old its newest load is on the day that is looked from.",
        FRESHNESS,
        (
            Expect(
                "days_since_the_newest_load",
                "All tables are synced daily; one left behind makes refunds or parcels look better than they are.",
                at_most=2,
            ),
        ),
        "shopify",
    ),
)
