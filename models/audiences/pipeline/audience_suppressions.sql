-- Grain: audience, eligible person, channel ('*': all of them) and reason that stops the message. All reasons stand
-- here; the one of lowest precedence is the decision's. What a class passes (seeds/audience_classes.csv) is no row.
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

qualified as (
    select * from {{ ref('audience_qualified') }}
    where ineligible_reason is null
),

settings as (
    select * from {{ ref('audience_settings') }}
),

rules as (
    select * from {{ ref('suppression_rules') }}
),

offers as (
    select * from {{ ref('offers') }}
),

erased as (
    select customer_id from {{ ref('customers') }}
    where is_erased
),

held as (
    select distinct customer_id from {{ ref('audience_holds') }}
    where is_open
),

lines as (
    select
        orders.customer_id,
        lines.product_family,
        lines.product_id,
        orders.ordered_on
    from {{ ref('order_lines') }} as lines
    inner join {{ ref('orders') }} as orders on lines.order_id = orders.order_id
    where orders.is_valid and orders.customer_id is not null
),

-- What a person has to do with a product family: a message of it is out of place.
families as (
    select
        customer_id,
        product_family,
        product_id,
        'already_subscribed' as reason
    from {{ ref('subscriptions') }}
    where is_active
    union
    select
        lines.customer_id,
        lines.product_family,
        lines.product_id,
        'just_bought' as reason
    from lines
    cross join point_in_time
    where {{ add_days('lines.ordered_on', threshold('just_bought_days')) }} > point_in_time.as_of
    union
    select
        returns.customer_id,
        return_lines.product_family,
        return_lines.product_id,
        'returned_it' as reason
    from {{ ref('return_lines') }} as return_lines
    inner join {{ ref('returns') }} as returns on return_lines.return_id = returns.return_id
    cross join point_in_time
    where {{ add_days('returns.requested_on', threshold('returned_days')) }} > point_in_time.as_of
),

promoted as (
    select
        audience,
        customer_id,
        product_family,
        cast(null as string) as product_id
    from qualified
    where product_family is not null
    union all
    select
        qualified.audience,
        qualified.customer_id,
        case when offers.scope = 'family' then offers.scope_value end as product_family,
        case when offers.scope = 'product' then offers.scope_value end as product_id
    from qualified
    inner join settings on qualified.audience = settings.audience
    inner join offers on settings.offer = offers.offer
    where offers.scope in ('family', 'product')
),

found as (
    select
        qualified.audience,
        qualified.customer_id,
        '*' as channel,
        'erased' as reason
    from qualified
    semi join erased on qualified.customer_id = erased.customer_id
    union all
    select
        audience,
        customer_id,
        channel,
        route_reason as reason
    from {{ ref('audience_routes') }}
    where route_reason is not null
    union all
    select
        qualified.audience,
        qualified.customer_id,
        '*' as channel,
        'experience_hold' as reason
    from qualified
    semi join held on qualified.customer_id = held.customer_id
    union
    select
        promoted.audience,
        promoted.customer_id,
        '*' as channel,
        families.reason
    from promoted
    inner join families
        on
            promoted.customer_id = families.customer_id
            and (
                promoted.product_family = families.product_family
                or promoted.product_id = families.product_id
            )
)

select
    found.audience,
    found.customer_id,
    found.channel,
    found.reason,
    cast(rules.precedence as int) as precedence
from found
inner join rules on found.reason = rules.reason
inner join settings on found.audience = settings.audience
where settings.passes not like '% ' || rules.rule_group || ' %'
