-- Grain: one person who bought once or twice, for so long without the next order. Who first bought in the holiday
-- season has a kind of its own, since gifts bring other customers, and is not also one_and_done. Stages are those of
-- seeds/lifecycle_rules.csv.
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

settings as (
    select
        {{ threshold('one_and_done_days') }} as one_and_done_days,
        {{ threshold('two_time_days') }} as two_time_days,
        {{ threshold('holiday_first_timer_days') }} as holiday_first_timer_days,
        {{ threshold('holiday_starts') }} as holiday_starts,
        {{ threshold('holiday_ends') }} as holiday_ends
),

customers as (
    select * from {{ ref('customers') }}
    where purchase_stage in ('one_time', 'two_time')
),

orders as (
    select * from {{ ref('orders') }}
),

sorted as (
    select
        customers.customer_id,
        customers.average_order_value,
        orders.order_id,
        orders.ordered_on,
        case
            when customers.purchase_stage = 'two_time' then 'two_time'
            when
                month(customers.first_ordered_on) * 100 + day(customers.first_ordered_on)
                between settings.holiday_starts and settings.holiday_ends
                then 'holiday_first_timer'
            else 'one_and_done'
        end as kind,
        settings.one_and_done_days,
        settings.two_time_days,
        settings.holiday_first_timer_days
    from customers
    cross join settings
    inner join orders on customers.customer_id = orders.customer_id and customers.order_count = orders.order_sequence
),

dated as (
    select
        *,
        case kind
            when 'two_time' then {{ add_days('ordered_on', 'two_time_days') }}
            when 'holiday_first_timer' then {{ add_days('ordered_on', 'holiday_first_timer_days') }}
            else {{ add_days('ordered_on', 'one_and_done_days') }}
        end as due_on
    from sorted
)

select
    dated.kind,
    dated.customer_id,
    dated.order_id as subject,
    {{ day_begins('dated.due_on') }} as triggered_at,
    cast(null as timestamp) as ends_at,
    case dated.kind
        when 'two_time' then 'Bought twice, and not for a while'
        when 'holiday_first_timer' then 'Bought once in the holiday season, and not since'
        else 'Bought once, and not since'
    end as reason,
    {{ json_object({
        'last_ordered_on': json_day('dated.ordered_on'),
    }) | indent(4) }} as reason_detail,
    cast(null as string) as product_family,
    cast(coalesce(dated.average_order_value, 0) as decimal(18, 2)) as expected_spend
from dated
cross join point_in_time
where dated.due_on <= point_in_time.as_of
