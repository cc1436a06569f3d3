-- Grain: one person in the days after the first order, with the first step of the ladder that was not taken yet. A step
-- that nobody ever took is not offered, since the shop may have no such thing; but a friend can always be told.
{%- set ladder = ['refer', 'review', 'join_loyalty', 'subscribe', 'opt_in'] %}
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

settings as (
    select cast({{ threshold('invite_days') }} as int) as invite_days
),

recent as (
    select
        orders.*,
        {{ day_begins(add_days('orders.ordered_on', 'settings.invite_days')) }} as ends_at
    from {{ ref('orders') }} as orders
    cross join point_in_time
    cross join settings
    where
        orders.is_first_order
        and orders.customer_id is not null
        and orders.ordered_at < point_in_time.cut_at
        and {{ add_days('orders.ordered_on', 'settings.invite_days') }} > {{ add_days('point_in_time.as_of', 1) }}
),

customers as (
    select * from {{ ref('customers') }}
),

taken as (
    select
        'refer' as step,
        advocate_customer_id as customer_id
    from {{ ref('referrals') }}
    union all
    select
        'review' as step,
        customer_id
    from {{ ref('reviews') }}
    union all
    select
        'join_loyalty' as step,
        customer_id
    from {{ ref('loyalty_balances') }}
    union all
    select
        'subscribe' as step,
        customer_id
    from {{ ref('subscriptions') }}
    union all
    select
        'opt_in' as step,
        customer_id
    from customers
    where 'subscribed' in (email_consent, sms_consent, push_consent)
),

taken_once as (
    select distinct
        step,
        customer_id
    from taken
    where customer_id is not null
),

steps as (
    {%- for step in ladder %}
    {{ 'union all' if not loop.first }}
    select
        '{{ step }}' as step,
        {{ loop.index }} as position
    {%- endfor %}
),

offered as (
    select * from steps
    where position = 1 or step in (select taken_once.step from taken_once)
),

next_steps as (
    select
        recent.customer_id,
        min_by(offered.step, offered.position) as next_step
    from recent
    cross join offered
    left join taken_once on recent.customer_id = taken_once.customer_id and offered.step = taken_once.step
    where taken_once.customer_id is null
    group by recent.customer_id
)

select
    '*' as kind,
    recent.customer_id,
    recent.order_id as subject,
    recent.ordered_at as triggered_at,
    recent.ends_at,
    'Has just ordered for the first time' as reason,
    {{ json_object({
        'order_id': json_string('recent.order_id'),
        'next_step': json_string('next_steps.next_step'),
    }) | indent(4) }} as reason_detail,
    cast(null as string) as product_family,
    cast(coalesce(customers.average_order_value, 0) as decimal(18, 2)) as expected_spend
from recent
inner join next_steps on recent.customer_id = next_steps.customer_id
inner join customers on recent.customer_id = customers.customer_id
