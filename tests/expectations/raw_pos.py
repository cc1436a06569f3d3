"""Receipts at the door, as the till's loader delivered them."""

from tests.expectations.suite import Expect, Suite

RECEIPTS = """
    with deliveries as (
        select
            *,
            try_cast(sold_at as timestamp) as sold_at_read,
            coalesce(loyalty_id, customer_email, customer_phone) is not null as has_customer
        from raw.pos__sales
    )

    select
        avg(if(sold_at_read is not null, 1, 0)) as share_with_a_readable_time,
        avg(if(sold_at_read = date_trunc('day', sold_at_read), 1, 0)) as share_at_midnight,
        avg(if(has_customer, 1, 0)) as share_with_a_customer,
        max(receipts_of_one_customer) / count(*) as share_of_the_busiest_customer,
        avg(if(regexp_matches(trim(customer_email), '^[^@ ]+@[^@ ]+[.][^@ ]+$'), 1, 0))
            filter (where customer_email is not null) as share_of_emails_that_look_like_one,
        avg(if(regexp_matches(currency, '^[A-Z]{3}$'), 1, 0))
            filter (where currency is not null) as share_of_currencies_with_three_letters,
        avg(if(regexp_matches(country_code, '^[A-Z]{2}$'), 1, 0))
            filter (where country_code is not null) as share_of_countries_with_two_letters,
        count(*) / count(distinct (store_id, sale_id)) as deliveries_of_a_receipt
    from deliveries
    left join (
        select loyalty_id, count(*) as receipts_of_one_customer
        from raw.pos__sales where loyalty_id is not null group by loyalty_id
    ) using (loyalty_id)
"""

LINES = """
    with amounts as (
        select
            *,
            try_cast(quantity as double) as units,
            try_cast(unit_price as double) as price,
            units * price as amount
        from raw.pos__sale_lines
    )

    select
        count(*) / (select count(distinct (store_id, sale_id)) from raw.pos__sales) as lines_per_receipt,
        avg(if(amount is not null, 1, 0)) as share_with_quantity_and_price,
        avg(if(line_no is not null, 1, 0)) as share_with_a_line_number,
        avg(if(sku is not null, 1, 0)) as share_with_an_article,
        avg(if(price = 0, 1, 0)) as share_given_away,
        max(amount) / sum(greatest(amount, 0)) as share_of_the_largest_line_in_money,
        coalesce(sum(-amount) filter (where amount < 0), 0) / sum(greatest(amount, 0)) as share_of_money_returned
    from amounts
"""

# Week 0 ends with as_of, so that no week is half a week.
WEEKS = """
    with counted as (
        select (as_of - try_cast(sold_at as date)) // 7 as weeks_ago, count(*) as receipts
        from raw.pos__sales cross join staging.point_in_time
        where try_cast(sold_at as date) <= as_of
        group by all
    ),

    weeks as (
        select weeks_ago, coalesce(receipts, 0) as receipts
        from (select unnest(range(21)) as weeks_ago) left join counted using (weeks_ago)
    )

    select weeks_ago, receipts, receipts / nullif(median(receipts) over before, 0) as share_of_the_eight_weeks_before
    from weeks
    window before as (order by weeks_ago rows between 1 following and 8 following)
    order by weeks_ago
    limit 13
"""

FRESHNESS = """
    select as_of - max(try_cast(sold_at as date)) as days_since_the_newest_receipt
    from raw.pos__sales cross join staging.point_in_time
    where try_cast(sold_at as date) <= as_of
    group by as_of
"""

SUITES = (
    Suite(
        "pos receipts",
        "All receipts in one row: what is filled in, and how well.",
        RECEIPTS,
        (
            Expect("share_with_a_readable_time", "Nearly every receipt says when it was written.", 0.99, 1),
            Expect("share_at_midnight", "Time of day is known; all at midnight means that it was cut off.", 0, 0.9),
            Expect("share_with_a_customer", "Retention can only be seen of receipts that name a customer.", 0.2, 1),
            Expect(
                "share_of_the_busiest_customer",
                "No customer number is on a large part of all receipts: that would be a shared card or the till's own.",
                0,
                0.05,
            ),
            Expect("share_of_emails_that_look_like_one", "What is in the e-mail field is an e-mail.", 0.95, 1),
            Expect("share_of_currencies_with_three_letters", "Currencies are codes such as EUR, not signs.", 1, 1),
            Expect("share_of_countries_with_two_letters", "Countries are codes such as DE, not names.", 0.99, 1),
            Expect("deliveries_of_a_receipt", "A receipt arrives once, or a few times if the loader repeats.", 1, 3),
        ),
        "pos",
    ),
    Suite(
        "pos lines",
        "All lines of receipts in one row: quantities and prices.",
        LINES,
        (
            Expect("lines_per_receipt", "A receipt has one line to a few dozen.", 1, 100),
            Expect("share_with_quantity_and_price", "Nearly every line says how many and at what price.", 0.99, 1),
            Expect("share_with_a_line_number", "Without line numbers two equal lines count once.", 0.95, 1),
            Expect("share_with_an_article", "Without article numbers no product can be recommended.", 0.5, 1),
            Expect("share_given_away", "Few lines cost nothing.", 0, 0.1),
            Expect(
                "share_of_the_largest_line_in_money",
                "No single line is a large part of all sales: that is a slipped decimal point.",
                0,
                0.05,
            ),
            Expect("share_of_money_returned", "Returns are a part of sales, not most of them.", 0, 0.5),
        ),
        "pos",
    ),
    Suite(
        "pos weeks",
        "One row for each of the last 13 weeks, counted back from the last day of the data.",
        WEEKS,
        (
            Expect("receipts", "No week is empty.", 1),
            Expect(
                "share_of_the_eight_weeks_before",
                "A week has about as many receipts as the eight before it; a store that stops delivering shows here.",
                0.4,
                3,
            ),
        ),
        "pos",
    ),
    Suite(
        "pos freshness",
        "How old the newest receipt is on the day that the warehouse looks from.",
        FRESHNESS,
        (Expect("days_since_the_newest_receipt", "The till delivers every day but for holidays.", 0, 4),),
        "pos",
    ),
)
