-- Grain: one visit to a tracking page about one order; reloads within a visit are page views of it. Pages are known by
-- seeds/web_patterns.csv in the shop's own web events: AfterShip publishes no export of visits, so pages that it hosts
-- are seen only where the shop's tag runs on them, and visits per order are a lower bound.
with

views as (
    select events.*
    from {{ ref('int_web_sessions__events') }} as events
    where events.event = 'page_viewed'
),

patterns as (
    select * from {{ ref('web_patterns') }}
),

tracking_pages as (
    select
        pages.host,
        pages.path
    from (
        select distinct
            coalesce(host, '-') as host,
            coalesce(lower(path), '-') as path
        from views
    ) as pages
    semi join patterns
        on
            patterns.kind = 'tracking_page'
            and case patterns.matched_on when 'host' then pages.host else pages.path end like patterns.pattern
),

tracking_views as (
    select views.*
    from views
    semi join tracking_pages
        on coalesce(views.host, '-') = tracking_pages.host and coalesce(lower(views.path), '-') = tracking_pages.path
),

parameters as (
    select
        event_id,
        {{ explode("split(split_part(split_part(url, '#', 1), '?', 2), '&')") }} as parameter
    from tracking_views
),

told_orders as (
    select
        parameters.event_id,
        min(nullif(lower(replace(split_part(parameters.parameter, '=', 2), '%23', '')), '')) as order_reference
    from parameters
    inner join patterns
        on patterns.kind = 'order_parameter' and lower(split_part(parameters.parameter, '=', 1)) = patterns.pattern
    group by parameters.event_id
),

visits as (
    select
        tracking_views.session_id,
        coalesce(tracking_views.order_reference, told_orders.order_reference) as order_reference,
        min(tracking_views.occurred_at) as visited_at,
        min_by(tracking_views.host, tracking_views.position) as host,
        min_by(tracking_views.path, tracking_views.position) as path,
        count(*) as page_view_count
    from tracking_views
    left join told_orders on tracking_views.event_id = told_orders.event_id
    group by tracking_views.session_id, coalesce(tracking_views.order_reference, told_orders.order_reference)
),

sessions as (
    select * from {{ ref('web_sessions') }}
),

orders as (
    select * from {{ ref('orders') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
)

select
    {{ hash_text("visits.session_id || '|' || coalesce(visits.order_reference, '-')") }} as visit_id,
    visits.session_id,
    sessions.source_name,
    coalesce(orders.customer_id, sessions.customer_id) as customer_id,
    orders.order_id,
    case
        when orders.order_id is not null then 'matched'
        when visits.order_reference is null then 'no_reference'
        else 'order_missing'
    end as match_state,
    visits.visited_at,
    cast({{ utc_to_local('visits.visited_at', 'point_in_time.reporting_timezone') }} as date) as visited_on,
    visits.host,
    case when not coalesce(customers.is_erased, false) then visits.path end as path,
    visits.page_view_count
from visits
cross join point_in_time
inner join sessions on visits.session_id = sessions.session_id
left join {{ ref('int_orders__references') }} as order_references on visits.order_reference = order_references.reference
left join orders on order_references.order_id = orders.order_id
left join {{ ref('customers') }} as customers
    on coalesce(orders.customer_id, sessions.customer_id) = customers.customer_id
