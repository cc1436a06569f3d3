-- Grain: one person and product family that is used up about now. The gap to expect is the person's own mean gap of the
-- family, drawn towards the family's median as if reorder_gaps_of_others gaps more had been as long as that. Only what
-- was known when the last purchase was made is looked at, so that the day stands. Traps: what a subscription sends has
-- a rhythm of its own and ends no gap; a family with too few gaps has no median, and then two purchases of one's own
-- are needed.
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

orders as (
    select * from {{ ref('orders') }}
    where is_valid and customer_id is not null
),

purchases as (
    select
        orders.customer_id,
        lines.product_family,
        orders.ordered_on,
        max(case when orders.sales_channel <> 'subscription' then 1 else 0 end) = 1 as is_chosen
    from {{ ref('order_lines') }} as lines
    inner join orders on lines.order_id = orders.order_id
    where
        lines.product_family is not null
        and not lines.is_gift_card
        and lines.refunded_quantity < lines.quantity
    group by orders.customer_id, lines.product_family, orders.ordered_on
),

followed as (
    select
        *,
        lag(ordered_on) over (partition by customer_id, product_family order by ordered_on) as previous_ordered_on
    from purchases
),

gaps as (
    select
        customer_id,
        product_family,
        {{ month_of('ordered_on') }} as ended_month,
        {{ days_between('previous_ordered_on', 'ordered_on') }} as gap_days
    from followed
    where is_chosen and previous_ordered_on is not null
),

own as (
    select
        customer_id,
        product_family,
        count(*) as gap_count,
        sum(gap_days) as gap_days
    from gaps
    group by customer_id, product_family
),

last_purchases as (
    select
        customer_id,
        product_family,
        max(ordered_on) as last_ordered_on,
        {{ month_of('max(ordered_on)') }} as last_ordered_month
    from purchases
    group by customer_id, product_family
),

-- Medians as of the first of a month.
counted as (
    select
        product_family,
        ended_month,
        gap_days,
        count(*) as gap_count
    from gaps
    group by product_family, ended_month, gap_days
),

months as (
    select distinct
        product_family,
        last_ordered_month
    from last_purchases
),

known as (
    select
        months.product_family,
        months.last_ordered_month,
        counted.gap_days,
        sum(counted.gap_count) as gap_count
    from months
    inner join counted
        on months.product_family = counted.product_family and months.last_ordered_month > counted.ended_month
    group by months.product_family, months.last_ordered_month, counted.gap_days
),

running as (
    select
        product_family,
        last_ordered_month,
        gap_days,
        sum(gap_count) over (
            partition by product_family, last_ordered_month
            order by gap_days rows between unbounded preceding and current row
        ) as gaps_so_far,
        sum(gap_count) over (partition by product_family, last_ordered_month) as all_gaps
    from known
),

medians as (
    select
        product_family,
        last_ordered_month,
        min(gap_days) as median_days
    from running
    where 2 * gaps_so_far >= all_gaps and all_gaps >= {{ threshold('min_denominator') }}
    group by product_family, last_ordered_month
),

settings as (
    select
        cast({{ threshold('reorder_gaps_of_others') }} as double) as gaps_of_others,
        cast({{ threshold('reorder_window_days') }} as int) as window_days
),

weighed as (
    select
        last_purchases.customer_id,
        last_purchases.product_family,
        last_purchases.last_ordered_on,
        coalesce(own.gap_count, 0) as gap_count,
        coalesce(own.gap_days, 0) as gap_days,
        case when medians.median_days is null then 0 else settings.gaps_of_others end as gaps_of_others,
        coalesce(medians.median_days, 0) as median_days
    from last_purchases
    cross join settings
    left join own
        on last_purchases.customer_id = own.customer_id and last_purchases.product_family = own.product_family
    left join medians
        on
            last_purchases.product_family = medians.product_family
            and last_purchases.last_ordered_month = medians.last_ordered_month
),

expected as (
    select
        customer_id,
        product_family,
        last_ordered_on,
        gap_count,
        cast(ceil(round(
            (gap_days + gaps_of_others * median_days) / nullif(gap_count + gaps_of_others, 0), 6
        )) as int) as expected_days
    from weighed
),

dated as (
    select
        expected.*,
        {{ add_days('expected.last_ordered_on', 'expected.expected_days') }} as due_on,
        settings.window_days
    from expected
    cross join settings
    where expected.expected_days is not null
),

customers as (
    select * from {{ ref('customers') }}
)

select
    '*' as kind,
    dated.customer_id,
    dated.product_family || ' of ' || cast(dated.last_ordered_on as string) as subject,
    {{ day_begins('dated.due_on') }} as triggered_at,
    {{ day_begins(add_days('dated.due_on', 'dated.window_days')) }} as ends_at,
    'A product is used up about now' as reason,
    {{ json_object({
        'product_family': json_string('dated.product_family'),
        'last_bought_on': json_day('dated.last_ordered_on'),
        'expected_days': json_number('dated.expected_days'),
        'own_gaps': json_number('dated.gap_count'),
    }) | indent(4) }} as reason_detail,
    dated.product_family,
    cast(coalesce(customers.average_order_value, 0) as decimal(18, 2)) as expected_spend
from dated
cross join point_in_time
inner join customers on dated.customer_id = customers.customer_id
where
    dated.due_on <= point_in_time.as_of
    and {{ add_days('dated.due_on', 'dated.window_days') }} > {{ add_days('point_in_time.as_of', 1) }}
