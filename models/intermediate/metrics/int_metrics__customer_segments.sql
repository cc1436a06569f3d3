-- One person with a valid order and one segment type. Most segments are what the first valid order was, so that nobody
-- wanders between them. Who is a member or a subscriber is so as of as_of, and people who stayed had more time to
-- become one: such segments say who stays, not what makes people stay.
{%- set segment_types = {
    'all': "'all'",
    'channel': 'first_orders.sales_channel',
    'country': 'first_orders.country_code',
    'first_category': 'first_orders.category',
    'first_order_discount': "case when first_orders.discount_amount > 0 then 'discounted' else 'full_price' end",
    'cohort_season': "case when first_orders.is_holiday then 'holiday' else 'rest_of_year' end",
    'acquisition_source': 'visits.acquisition_source',
    'loyalty': "case when members.customer_id is not null then 'member' else 'no_member' end",
    'subscription': "case when subscribers.customer_id is not null then 'subscriber' else 'no_subscriber' end",
} %}
with

lines as (
    select
        order_id,
        category,
        row_number() over (partition by order_id order by net_revenue desc, order_line_id asc) as position
    from {{ ref('order_lines') }}
),

first_orders as (
    select
        orders.customer_id,
        orders.sales_channel,
        orders.country_code,
        orders.discount_amount,
        lines.category,
        month(orders.ordered_on) * 100 + day(orders.ordered_on)
        between {{ threshold('holiday_starts') }} and {{ threshold('holiday_ends') }} as is_holiday
    from {{ ref('orders') }} as orders
    left join lines on orders.order_id = lines.order_id and lines.position = 1
    where orders.is_first_order
),

visits as (
    select * from {{ ref('int_customers__visits') }}
),

members as (
    select distinct customer_id from {{ ref('int_identity__known') }}
    where key_type = 'loyalty_id'
),

subscribers as (
    select distinct customer_id from {{ ref('subscriptions') }}
),

described as (
    select
        first_orders.customer_id,
        {%- for segment_type, segment in segment_types.items() %}
        {{ segment }} as {{ segment_type }}_segment{{ ',' if not loop.last }}
        {%- endfor %}
    from first_orders
    left join visits on first_orders.customer_id = visits.customer_id
    left join members on first_orders.customer_id = members.customer_id
    left join subscribers on first_orders.customer_id = subscribers.customer_id
)

{%- for segment_type in segment_types %}
{{ 'union all' if not loop.first }}
select
    customer_id,
    '{{ segment_type }}' as segment_type,
    {{ segment_type }}_segment as segment
from described
where {{ segment_type }}_segment is not null
{%- endfor %}
