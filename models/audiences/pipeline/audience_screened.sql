-- Grain: audience and eligible person, with the first reason that stops the message (null: none) and all of them. A
-- closed channel stops it only if every channel of the audience is closed.
with

qualified as (
    select * from {{ ref('audience_qualified') }}
    where ineligible_reason is null
),

suppressions as (
    select * from {{ ref('audience_suppressions') }}
),

routes as (
    select * from {{ ref('audience_routes') }}
),

open_routes as (
    select
        routes.audience,
        routes.customer_id,
        count(*) as route_count
    from routes
    anti join suppressions
        on
            routes.audience = suppressions.audience
            and routes.customer_id = suppressions.customer_id
            and routes.channel = suppressions.channel
    group by routes.audience, routes.customer_id
),

reasons as (
    select
        audience,
        customer_id,
        min_by(case when channel = '*' then reason end, case when channel = '*' then precedence end) as person_reason,
        min_by(reason, precedence) as first_reason,
        {{ join_texts(
            "case when channel = '*' then reason else reason || ':' || channel end", ' ', 'precedence, reason, channel'
        ) }} as all_reasons
    from suppressions
    group by audience, customer_id
)

select
    qualified.audience,
    qualified.customer_id,
    case
        when open_routes.route_count is null then coalesce(reasons.first_reason, 'no_consent')
        else reasons.person_reason
    end as suppressed_reason,
    reasons.all_reasons
from qualified
left join open_routes on qualified.audience = open_routes.audience and qualified.customer_id = open_routes.customer_id
left join reasons on qualified.audience = reasons.audience and qualified.customer_id = reasons.customer_id
