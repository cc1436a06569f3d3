-- Grain: audience, eligible person, channel ('*': all of them) and reason that stops the message. All reasons stand
-- here; the one of lowest precedence is the decision's. What a class passes (seeds/audience_classes.csv) is no row.
with

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

out_of_place as (
    select * from {{ ref('audience_out_of_place') }}
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
        out_of_place.reason
    from promoted
    inner join out_of_place
        on
            promoted.customer_id = out_of_place.customer_id
            and (
                promoted.product_family = out_of_place.product_family
                or promoted.product_id = out_of_place.product_id
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
