-- Grain: one visit of one browser to the site; a pause longer than the threshold session_gap_minutes ends it. Never an
-- order: blockers, reloads and other channels make the site's own order events wrong both ways. order_id is for
-- attribution only. Trap: shared browsers and people without an account leave customer_id null, so shares per customer
-- are of the recognised visits.
with

events as (
    select * from {{ ref('int_web_sessions__events') }}
),

records as (
    select * from {{ ref('int_identity__records') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

order_references as (
    select * from {{ ref('int_orders__references') }}
),

sums as (
    select
        session_id,
        min(source_name) as source_name,
        min(device) as device,
        min(visitor_record_type) as visitor_record_type,
        min(visitor_record_id) as visitor_record_id,
        min(recognised_at) as recognised_at,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        min_by(path, position) filter (where path is not null) as landing_path,
        min_by(host, position) filter (where host is not null) as host,
        min_by(referrer_host, position) filter (where position = 1) as referrer_host,
        min_by(campaign_source, position) filter (where campaign_source is not null) as campaign_source,
        min_by(campaign_medium, position) filter (where campaign_medium is not null) as campaign_medium,
        min_by(campaign_name, position) filter (where campaign_name is not null) as campaign_name,
        min_by(order_reference, position) filter (where event = 'order_completed') as order_reference,
        count(*) as event_count,
        count(*) filter (where event = 'page_viewed') as page_view_count,
        count(*) filter (where event = 'product_viewed') as product_view_count,
        count(*) filter (where event = 'product_clicked') as product_click_count,
        count(*) filter (where event = 'searched') as search_count,
        count(*) filter (where event = 'cart_added') as cart_add_count,
        count(*) filter (where event = 'checkout_started') as checkout_start_count,
        count(distinct case when event = 'order_completed' then coalesce(order_reference, '-') end)
            as thanked_order_count
    from events
    group by session_id
),

-- What seeds/web_channels.csv can name about a visit. The site's own pages are nobody's referrer.
touches as (
    select
        session_id,
        campaign_source,
        campaign_medium,
        case
            when
                referrer_host <> coalesce(host, '-')
                and not coalesce(referrer_host like '%.' || replace(host, 'www.', ''), false)
                and not coalesce(host like '%.' || replace(referrer_host, 'www.', ''), false)
                then referrer_host
        end as referrer_host
    from sums
),

attributes as (
    select
        session_id,
        'medium' as attribute,
        campaign_medium as value
    from touches
    union all
    select
        session_id,
        'source' as attribute,
        campaign_source as value
    from touches
    union all
    select
        session_id,
        'referrer' as attribute,
        referrer_host as value
    from touches
    where coalesce(campaign_medium, campaign_source) is null
),

values_seen as (
    select
        attribute,
        value
    from attributes
    where value is not null
    group by attribute, value
),

meanings as (
    select
        values_seen.attribute,
        values_seen.value,
        min(rules.priority) as priority
    from values_seen
    inner join {{ ref('web_channels') }} as rules
        on values_seen.attribute = rules.attribute and values_seen.value like rules.pattern
    group by values_seen.attribute, values_seen.value
),

channels as (
    select
        attributes.session_id,
        min_by(rules.channel, rules.priority) as channel
    from attributes
    inner join meanings on attributes.attribute = meanings.attribute and attributes.value = meanings.value
    inner join {{ ref('web_channels') }} as rules on meanings.priority = rules.priority
    group by attributes.session_id
)

select
    sums.session_id,
    sums.source_name,
    records.customer_id,
    {{ customer_id_from("'web:' || sums.source_name || ':' || sums.device") }} as visitor_id,
    sums.started_at,
    sums.ended_at,
    cast({{ utc_to_local('sums.started_at', 'point_in_time.reporting_timezone') }} as date) as started_on,
    cast({{ utc_to_local('sums.recognised_at', 'point_in_time.reporting_timezone') }} as date) as recognised_on,
    cast({{ seconds_between('sums.started_at', 'sums.ended_at') }} as bigint) as duration_seconds,
    case
        when channels.channel is not null then channels.channel
        when coalesce(touches.campaign_medium, touches.campaign_source) is not null then 'other'
        else 'direct'
    end as channel,
    sums.campaign_source,
    sums.campaign_medium,
    sums.campaign_name,
    touches.referrer_host,
    case when not coalesce(records.is_erased, false) then sums.landing_path end as landing_path,
    sums.event_count,
    sums.page_view_count,
    sums.product_view_count,
    sums.product_click_count,
    sums.search_count,
    sums.cart_add_count,
    sums.checkout_start_count,
    sums.thanked_order_count,
    order_references.order_id
from sums
cross join point_in_time
inner join touches on sums.session_id = touches.session_id
left join channels on sums.session_id = channels.session_id
left join order_references on sums.order_reference = order_references.reference
left join records
    on
        sums.source_name = records.source_name
        and sums.visitor_record_type = records.source_record_type
        and sums.visitor_record_id = records.source_record_id
