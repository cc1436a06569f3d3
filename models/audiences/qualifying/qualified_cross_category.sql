-- Grain: one person and category A of which the person bought cross_category_lines lines and kept them, without ever
-- buying B, the category that most buyers of A bought, too. It begins some days after the line that made them so many.
-- Trap: B may change as buyers do; what made the person qualify is A alone, which is the subject.
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

settings as (
    select
        cast({{ threshold('cross_category_lines') }} as int) as min_lines,
        cast({{ threshold('cross_category_days') }} as int) as wait_days
),

orders as (
    select * from {{ ref('orders') }}
    where is_valid and customer_id is not null
),

lines as (
    select
        order_lines.order_line_id,
        orders.customer_id,
        orders.ordered_on,
        order_lines.category,
        order_lines.refunded_quantity < order_lines.quantity as was_kept
    from {{ ref('order_lines') }} as order_lines
    inner join orders on order_lines.order_id = orders.order_id
    where order_lines.category is not null and not order_lines.is_gift_card
),

bought as (
    select distinct
        customer_id,
        category
    from lines
),

pairs as (
    select
        bought.category,
        others.category as other_category,
        count(*) as buyer_count
    from bought
    inner join bought as others on bought.customer_id = others.customer_id and bought.category <> others.category
    group by bought.category, others.category
),

next_categories as (
    select * from pairs
    qualify row_number() over (partition by category order by buyer_count desc, other_category asc) = 1
),

candidates as (
    select
        bought.customer_id,
        bought.category,
        next_categories.other_category
    from bought
    inner join next_categories on bought.category = next_categories.category
    left join bought as others
        on bought.customer_id = others.customer_id and next_categories.other_category = others.category
    where others.customer_id is null
),

kept as (
    select
        candidates.customer_id,
        candidates.category,
        candidates.other_category,
        lines.ordered_on,
        row_number() over (
            partition by candidates.customer_id, candidates.category
            order by lines.ordered_on asc, lines.order_line_id asc
        ) as line_number
    from candidates
    inner join lines on candidates.customer_id = lines.customer_id and candidates.category = lines.category
    where lines.was_kept
),

dated as (
    select
        kept.customer_id,
        kept.category,
        kept.other_category,
        {{ add_days('kept.ordered_on', 'settings.wait_days') }} as due_on
    from kept
    cross join settings
    where kept.line_number = settings.min_lines
),

customers as (
    select * from {{ ref('customers') }}
)

select
    '*' as kind,
    dated.customer_id,
    dated.category as subject,
    {{ day_begins('dated.due_on') }} as triggered_at,
    cast(null as timestamp) as ends_at,
    'Buys one category and never the one that goes with it' as reason,
    {{ json_object({
        'bought_category': json_string('dated.category'),
        'new_category': json_string('dated.other_category'),
    }) | indent(4) }} as reason_detail,
    cast(null as string) as product_family,
    cast(coalesce(customers.average_order_value, 0) as decimal(18, 2)) as expected_spend
from dated
cross join point_in_time
inner join customers on dated.customer_id = customers.customer_id
where dated.due_on <= point_in_time.as_of
