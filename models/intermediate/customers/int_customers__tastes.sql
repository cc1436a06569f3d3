-- One person's likings by the lines of valid orders that were kept: gift cards and what was wholly given back show
-- none, and what a subscription sends again and again was chosen once.
with

valid_orders as (
    select
        order_id,
        customer_id,
        ordered_on,
        sales_channel
    from {{ ref('orders') }}
    where is_valid and customer_id is not null
),

lines as (
    select
        order_lines.order_line_id,
        valid_orders.customer_id,
        valid_orders.ordered_on,
        valid_orders.sales_channel,
        coalesce(order_lines.variant_id, order_lines.product_family) as article,
        order_lines.category,
        order_lines.brand
    from {{ ref('order_lines') }} as order_lines
    inner join valid_orders on order_lines.order_id = valid_orders.order_id
    where not order_lines.is_gift_card and order_lines.refunded_quantity < order_lines.quantity
),

choices as (
    select
        order_line_id,
        customer_id,
        ordered_on,
        category,
        brand
    from lines
    where sales_channel <> 'subscription'
    union all
    select
        max(order_line_id) as order_line_id,
        customer_id,
        max(ordered_on) as ordered_on,
        category,
        brand
    from lines
    where sales_channel = 'subscription'
    group by customer_id, article, category, brand
),

options as (
    select
        order_line_id,
        coalesce(option_name || ': ', '') || option_value as option_text
    from {{ ref('int_order_line_options__unioned') }}
),

likings as (
    select
        'category' as kind,
        customer_id,
        ordered_on,
        category as liking
    from choices
    where category is not null
    union all
    select
        'brand' as kind,
        customer_id,
        ordered_on,
        brand as liking
    from choices
    where brand is not null
    union all
    select
        'option' as kind,
        choices.customer_id,
        choices.ordered_on,
        options.option_text as liking
    from choices
    inner join options on choices.order_line_id = options.order_line_id
),

counted as (
    select
        customer_id,
        kind,
        min(liking) as liking,
        count(*) as line_count,
        max(ordered_on) as last_ordered_on
    from likings
    group by customer_id, kind, lower(liking)
),

ranked as (
    select
        *,
        row_number() over (
            partition by customer_id, kind
            order by line_count desc, last_ordered_on desc, liking asc
        ) as position
    from counted
),

kept as (
    select * from ranked
    where position = 1 or (kind = 'option' and position <= {{ threshold('max_option_preferences') }})
)

select
    customer_id,
    max(case when kind = 'category' then liking end) as preferred_category,
    max(case when kind = 'category' then line_count end) as preferred_category_lines,
    max(case when kind = 'brand' then liking end) as preferred_brand,
    max(case when kind = 'brand' then line_count end) as preferred_brand_lines,
    '{' || {{ join_texts(
        "case when kind = 'option' then " ~ json_string('liking') ~ " || ': ' || cast(line_count as string) end",
        ', ', 'position'
    ) }} || '}' as option_preferences
from kept
group by customer_id
