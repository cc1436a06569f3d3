-- One metric of parcels, returns and the helpdesk, day and segment: what counts above the line and below it that day.
-- Some metrics have both from one row (a parcel is late or not), others from two tables (tickets per parcel): days
-- before the other one tells anything do not count.
{%- set segment_types = {
    'all': 'everything', 'carrier': 'carrier', 'service': "carrier || ' ' || service", 'country': 'country_code',
    'product_family': 'product_family',
} %}
{%- set parcels = {
    'on_time_delivery_rate': (
        'first_attempted_on', 'first_attempted_on is not null and is_late is not null', 'not is_late'
    ),
    'promise_coverage': ('shipped_on', 'shipped_on is not null', 'promised_on is not null'),
    'promise_accuracy': (
        'first_attempted_on', 'first_attempted_on is not null and is_late is not null', 'abs(delay_days) <= 1'
    ),
    'wismo_rate': ('shipped_on', 'shipped_on >= (select min(opened_on) from tickets)', 'false'),
} %}
with

shipments as (
    select * from {{ ref('shipments') }}
),

tickets as (
    select * from {{ ref('tickets') }}
),

orders as (
    select * from {{ ref('orders') }}
    where (is_valid or invalid_reason = 'fully_refunded') and sales_channel <> 'pos'
),

order_lines as (
    select * from {{ ref('order_lines') }}
),

returns as (
    select * from {{ ref('returns') }}
    where return_state not in ('rejected', 'expired') and outcome is distinct from 'exchange'
),

return_lines as (
    select
        lines.order_line_id,
        sum(lines.quantity) as quantity
    from {{ ref('return_lines') }} as lines
    inner join returns on lines.return_id = returns.return_id
    where lines.order_line_id is not null
    group by lines.order_line_id
),

-- Who asks about one order (or nobody knows which) again within a week is one contact.
order_status_tickets as (
    select
        *,
        lag(opened_on) over (
            partition by coalesce(order_id, customer_id, ticket_id)
            order by opened_at, ticket_id
        ) as asked_before_on
    from tickets
    where is_order_status
),

first_returned as (
    select min(orders.ordered_on) as ordered_on
    from orders
    inner join order_lines on orders.order_id = order_lines.order_id
    inner join return_lines on order_lines.order_line_id = return_lines.order_line_id
),

observed as (
    {%- for metric, (day, condition, hit) in parcels.items() %}
    select
        '{{ metric }}' as metric,
        {{ day }} as counted_on,
        carrier,
        service,
        country_code,
        cast(null as string) as product_family,
        case when {{ hit }} then 1 else 0 end as numerator,
        1 as denominator
    from shipments
    where {{ condition }}
    union all
    {%- endfor %}
    select
        'wismo_rate' as metric,
        opened_on as counted_on,
        cast(null as string) as carrier,
        cast(null as string) as service,
        cast(null as string) as country_code,
        cast(null as string) as product_family,
        1 as numerator,
        0 as denominator
    from order_status_tickets
    where coalesce({{ days_between('asked_before_on', 'opened_on') }} >= {{ threshold('wismo_repeat_days') }}, true)
    union all
    select
        'wismo_share' as metric,
        opened_on as counted_on,
        cast(null as string) as carrier,
        cast(null as string) as service,
        cast(null as string) as country_code,
        cast(null as string) as product_family,
        case when is_order_status then 1 else 0 end as numerator,
        1 as denominator
    from tickets
    where is_order_status is not null
    union all
    select
        'first_response_rate' as metric,
        opened_on as counted_on,
        cast(null as string) as carrier,
        cast(null as string) as service,
        cast(null as string) as country_code,
        cast(null as string) as product_family,
        case when sla_breached then 0 else 1 end as numerator,
        1 as denominator
    from tickets
    where sla_breached is not null
    union all
    select
        'return_rate' as metric,
        orders.ordered_on as counted_on,
        cast(null as string) as carrier,
        cast(null as string) as service,
        orders.country_code,
        order_lines.product_family,
        least(coalesce(return_lines.quantity, 0), order_lines.quantity) as numerator,
        order_lines.quantity as denominator
    from order_lines
    inner join orders on order_lines.order_id = orders.order_id
    cross join first_returned
    left join return_lines on order_lines.order_line_id = return_lines.order_line_id
    where order_lines.quantity > 0 and orders.ordered_on >= first_returned.ordered_on
),

daily as (
    select
        metric,
        counted_on,
        carrier,
        service,
        country_code,
        product_family,
        'all' as everything,
        sum(numerator) as numerator,
        sum(denominator) as denominator
    from observed
    group by metric, counted_on, carrier, service, country_code, product_family
)

{%- for segment_type, segment in segment_types.items() %}
{{ 'union all' if not loop.first }}
select
    metric,
    counted_on,
    '{{ segment_type }}' as segment_type,
    {{ segment }} as segment,
    sum(numerator) as numerator,
    sum(denominator) as denominator
from daily
where {{ segment }} is not null and (metric <> 'wismo_rate' or '{{ segment_type }}' = 'all')
group by metric, counted_on, {{ segment }}
{%- endfor %}
