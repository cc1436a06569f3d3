-- Grain: one person and kind of seeds/option_audiences.csv who buys products with that option (less sugar) and keeps
-- them. It begins with the last such order. Left out is who wrote of one of these products that it is still not right
-- (even with less sugar too sweet): that is for the product's owner and no reason to sell more of it.
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

wanted as (
    select * from {{ ref('option_audiences') }}
),

options as (
    select * from {{ ref('int_order_line_options__unioned') }}
),

orders as (
    select * from {{ ref('orders') }}
    where is_valid and customer_id is not null
),

lines as (
    select
        order_lines.order_line_id,
        order_lines.product_family,
        orders.order_id,
        orders.customer_id,
        orders.ordered_at
    from {{ ref('order_lines') }} as order_lines
    inner join orders on order_lines.order_id = orders.order_id
    where not order_lines.is_gift_card and order_lines.refunded_quantity < order_lines.quantity
),

-- Many shops write the value into the title and the option's name nowhere.
chosen as (
    select distinct
        wanted.kind,
        wanted.option_value,
        wanted.complaint_pattern,
        lines.order_line_id,
        lines.product_family,
        lines.order_id,
        lines.customer_id,
        lines.ordered_at
    from options
    inner join wanted
        on
            lower(options.option_value) = wanted.option_value
            and coalesce(options.option_name, wanted.option_name) = wanted.option_name
    inner join lines on options.order_line_id = lines.order_line_id
),

families as (
    select distinct
        product_id,
        product_family
    from {{ ref('products') }}
    where product_id is not null
),

opinions as (
    select
        reviews.customer_id,
        families.product_family,
        lower(coalesce(reviews.title || '. ', '') || coalesce(reviews.body, '')) as words
    from {{ ref('reviews') }} as reviews
    inner join families on reviews.product_id = families.product_id
    where reviews.customer_id is not null
),

still_not_right as (
    select distinct
        chosen.kind,
        chosen.customer_id
    from chosen
    inner join opinions
        on
            chosen.customer_id = opinions.customer_id
            and chosen.product_family = opinions.product_family
            and {{ matches_column('opinions.words', 'chosen.complaint_pattern') }}
),

counted as (
    select
        kind,
        customer_id,
        count(distinct order_line_id) as line_count
    from chosen
    group by kind, customer_id
),

newest as (
    select * from chosen
    qualify row_number() over (
        partition by kind, customer_id
        order by ordered_at desc, order_id asc, order_line_id asc, option_value asc
    ) = 1
),

customers as (
    select * from {{ ref('customers') }}
)

select
    newest.kind,
    newest.customer_id,
    newest.order_id as subject,
    newest.ordered_at as triggered_at,
    cast(null as timestamp) as ends_at,
    'Chooses this option' as reason,
    {{ json_object({
        'option': json_string('newest.option_value'),
        'lines': json_number('counted.line_count'),
    }) | indent(4) }} as reason_detail,
    cast(null as string) as product_family,
    cast(coalesce(customers.average_order_value, 0) as decimal(18, 2)) as expected_spend
from newest
cross join point_in_time
inner join counted on newest.kind = counted.kind and newest.customer_id = counted.customer_id
inner join customers on newest.customer_id = customers.customer_id
left join still_not_right
    on newest.kind = still_not_right.kind and newest.customer_id = still_not_right.customer_id
where still_not_right.customer_id is null and newest.ordered_at < point_in_time.cut_at
