"""Distributions of the marts: whether the figures look like those of a shop."""

from tests.expectations.suite import Expect, Suite

# Whole months only; a month beside the median of the six before it.
MONTHS = """
    with months as (
        select
            date_trunc('month', ordered_on) as order_month,
            count(*) as orders,
            avg(if(is_valid, 1, 0)) as share_that_counts,
            avg(if(customer_id is not null, 1, 0)) filter (where is_valid) as share_with_a_customer,
            avg(net_revenue_reporting) filter (where is_valid) as average_order_value,
            avg(if(net_revenue_reporting is null, 1, 0)) filter (where is_valid) as share_without_an_exchange_rate,
            sum(discount_amount) / nullif(sum(gross_revenue), 0) as share_of_discounts,
            sum(refunded_amount) / nullif(sum(gross_revenue - discount_amount), 0) as share_of_refunds
        from marts.orders
        group by all
    )

    select
        strftime(order_month, '%Y-%m') as order_month,
        share_that_counts,
        share_with_a_customer,
        share_without_an_exchange_rate,
        share_of_discounts,
        share_of_refunds,
        orders / median(orders) over before as orders_beside_the_six_months_before,
        average_order_value / median(average_order_value) over before as order_value_beside_the_six_months_before
    from months cross join staging.point_in_time
    where last_day(order_month) <= as_of
    window before as (order by months.order_month rows between 6 preceding and 1 preceding)
    order by months.order_month desc
    limit 24
"""

REASONS = """
    select invalid_reason, count(*) / (select count(*) from marts.orders) as share
    from marts.orders
    where not is_valid
    group by invalid_reason
    order by invalid_reason
"""

CUSTOMERS = """
    select
        avg(if(order_count = 0, 1, 0)) as share_who_never_bought,
        avg(if(order_count = 1, 1, 0)) filter (where order_count > 0) as share_of_buyers_who_bought_once,
        max(order_count) / sum(order_count) as share_of_orders_of_the_busiest,
        max(net_revenue) / nullif(sum(net_revenue), 0) as share_of_revenue_of_the_best,
        avg(order_count) filter (where order_count > 0) as orders_of_a_buyer,
        avg(if(activity_state = 'lapsed', 1, 0)) filter (where order_count > 0) as share_of_buyers_who_lapsed,
        (select count(*) from marts.customer_records) / count(*) as records_of_a_person
    from marts.customers
"""

# Cohorts large enough for a rate to mean something.
COHORTS = """
    with sizes as (
        select
            cohort_month,
            cohort_customers,
            max(retention_rate) filter (where months_since_first = 1) as rate_after_one_month,
            max(retention_rate) filter (where months_since_first = 3) as rate_after_three_months,
            max(cumulative_retention_rate) filter (where months_since_first <= 3) as ever_back_within_three_months
        from marts.customer_cohorts
        where segment_type = 'all'
        group by all
    )

    select
        strftime(cohort_month, '%Y-%m') as cohort,
        cohort_customers / median(cohort_customers) over () as size_beside_the_median_cohort,
        if(cohort_customers >= 30, rate_after_one_month, null) as rate_after_one_month,
        if(cohort_customers >= 30, rate_after_three_months, null) as rate_after_three_months
    from sizes cross join staging.point_in_time
    where last_day(cohort_month) <= as_of
    order by cohort_month
"""

SCORECARD = """
    with newest as (
        select *
        from marts.retention_scorecard cross join staging.point_in_time
        where segment_type = 'all' and last_day(period_month) <= as_of
        qualify period_month = max(period_month) over ()
    )

    select
        max(value) filter (where metric = 'repeat_purchase_rate' and period_window = 'to_date') as repeat_purchase_rate,
        max(value) filter (where metric = 'returning_customer_rate' and period_window = 'month')
            as returning_customer_rate,
        max(value) filter (where metric = 'active_customer_retention_rate') as active_customer_retention_rate,
        max(value) filter (where metric = 'median_days_between_orders' and period_window = 'month')
            as median_days_between_orders,
        max((value_high - value_low) / nullif(value, 0)) filter (
            where metric = 'average_order_value' and period_window = 'to_date'
        ) as width_of_the_interval_of_order_value,
        avg(if(value is null, 1, 0)) filter (where reason is distinct from 'no_source') as share_without_a_value
    from newest
"""

CURVE = """
    select
        order_number,
        max(at_risk) as customers_at_the_start,
        min(survival) filter (where days <= 30) as not_back_after_30_days,
        min(survival) filter (where days <= 90) as not_back_after_90_days,
        count(*) as steps
    from marts.repurchase_curve
    where segment_type = 'all'
    group by order_number
    order by order_number
"""

LIFETIME_VALUE = """
    with ranked as (
        select
            historic_value,
            simple_value,
            ntile(100) over (order by historic_value desc, customer_id) as percentile
        from marts.customer_lifetime_value
    )

    select
        sum(historic_value) filter (where percentile = 1) / nullif(sum(historic_value), 0)
            as share_of_the_best_hundredth,
        sum(historic_value) filter (where percentile <= 20) / nullif(sum(historic_value), 0)
            as share_of_the_best_fifth,
        avg(if(historic_value < 0, 1, 0)) as share_below_zero,
        median(simple_value) / nullif(median(historic_value), 0) as forecast_beside_the_past
    from ranked
"""

ROWS = """
    select
        system || '.' || table_name as raw_table,
        quarantined_rows / raw_rows as share_refused,
        duplicate_rows / raw_rows as share_repeated,
        tombstone_rows / raw_rows as share_deleted
    from quality.row_accounting
    where raw_rows > 0
    order by raw_table
"""

SUITES = (
    Suite(
        "marts orders by month",
        "One row per whole month, the last 24.",
        MONTHS,
        (
            Expect(
                "share_that_counts", "Most orders count; see marts orders that do not count for the others.", 0.7, 1
            ),
            Expect("share_with_a_customer", "Retention figures speak for the orders whose customer is known.", 0.2, 1),
            Expect("share_without_an_exchange_rate", "Orders in other currencies have a rate in seeds.", 0, 0.01),
            Expect("share_of_discounts", "Discounts are a part of the price.", 0, 0.6),
            Expect("share_of_refunds", "Refunds are a part of sales.", 0, 0.5),
            Expect("orders_beside_the_six_months_before", "A month is like those before it, or has a reason.", 0.3, 4),
            Expect("order_value_beside_the_six_months_before", "Order value moves slowly.", 0.5, 2),
        ),
    ),
    Suite(
        "marts orders that do not count",
        "One row per reason of seeds/order_exclusions.csv that applies.",
        REASONS,
        (Expect("share", "No rule takes out a large part of all orders on its own.", 0, 0.2),),
    ),
    Suite(
        "marts customers",
        "All people in one row.",
        CUSTOMERS,
        (
            Expect("share_who_never_bought", "Most people that are known have bought.", 0, 0.9),
            Expect("share_of_buyers_who_bought_once", "Some buy once and some come back.", 0.01, 0.97),
            Expect(
                "share_of_orders_of_the_busiest",
                "No person has a large part of all orders: that would be many people taken for one.",
                0,
                0.05,
            ),
            Expect("share_of_revenue_of_the_best", "No person is a large part of all revenue.", 0, 0.1),
            Expect("orders_of_a_buyer", "A buyer has one order to a hundred.", 1, 100),
            Expect("share_of_buyers_who_lapsed", "Not everybody has left.", 0, 0.95),
            Expect(
                "records_of_a_person", "One person is a few records; a hundred would be many people in one.", 1, 100
            ),
        ),
    ),
    Suite(
        "marts cohorts",
        "One row per month in which customers first bought.",
        COHORTS,
        (
            Expect("size_beside_the_median_cohort", "No month has a tenth or ten times the new customers.", 0.1, 10),
            Expect("rate_after_one_month", "Some come back in the month after, and not all.", 0.005, 0.95),
            Expect("rate_after_three_months", "Some come back in the third month, and not all.", 0.005, 0.95),
        ),
    ),
    Suite(
        "marts scorecard",
        "The newest whole month in one row.",
        SCORECARD,
        (
            Expect("repeat_purchase_rate", "Some buy again, and not all.", 0.02, 0.99),
            Expect("returning_customer_rate", "Some buyers of the month are new and some are not.", 0.02, 0.99),
            Expect(
                "active_customer_retention_rate", "Most active customers stay active from month to month.", 0.3, 0.99
            ),
            Expect("median_days_between_orders", "The usual gap between orders is days to a year.", 1, 365),
            Expect("width_of_the_interval_of_order_value", "Order value is known well enough to be compared.", 0, 0.5),
            Expect("share_without_a_value", "Most figures that anything tells have a value.", 0, 0.5),
        ),
    ),
    Suite(
        "marts repurchase curve",
        "One row per order number: from the first order to the second, and so on.",
        CURVE,
        (
            Expect("not_back_after_30_days", "Not everybody is back after 30 days.", 0.02, 1),
            Expect("not_back_after_90_days", "Somebody is back after 90 days.", 0, 0.995),
            Expect("steps", "Customers come back on many different days.", 10),
        ),
    ),
    Suite(
        "marts lifetime value",
        "All buyers in one row.",
        LIFETIME_VALUE,
        (
            Expect("share_of_the_best_hundredth", "The best hundredth brings a part of the revenue.", 0.01, 0.6),
            Expect("share_of_the_best_fifth", "The best fifth brings more than a fifth.", 0.2, 0.98),
            Expect("share_below_zero", "Hardly anybody has got back more than paid.", 0, 0.02),
            Expect("forecast_beside_the_past", "The forecast is a few times the past at most.", 0.3, 3),
        ),
    ),
    Suite(
        "marts row accounting",
        "One row per raw table: what became of its rows.",
        ROWS,
        (
            Expect("share_refused", "Few rows are refused; quality.quarantined_rows says why.", 0, 0.02),
            Expect("share_repeated", "Repeated deliveries are fewer than what they repeat ten times over.", 0, 0.9),
            Expect("share_deleted", "Few rows are deleted.", 0, 0.2),
        ),
    ),
)
