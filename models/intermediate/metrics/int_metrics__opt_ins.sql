-- One month and channel: people who could be written to when it ended (or at as_of), and who of them had said yes to
-- marketing. Implied consent is no yes, see consents. A channel of which nobody's consent is known has no rows.
with

identifiers as (
    select * from {{ ref('customer_identifiers') }}
    where identifier_type in ('email', 'phone')
),

known_consents as (
    select * from {{ ref('consents') }}
    where purpose = 'marketing'
),

consents as (
    select * from known_consents
    where state = 'subscribed'
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

months as (
    select * from {{ ref('int_metrics__periods') }}
    where period_window = 'month'
),

reachable as (
    select
        identifiers.customer_id,
        case when identifiers.identifier_type = 'email' then 'email' else 'sms' end as channel,
        cast({{ utc_to_local('min(identifiers.first_seen_at)', 'min(point_in_time.reporting_timezone)') }} as date)
            as reachable_on
    from identifiers
    cross join point_in_time
    group by identifiers.customer_id, identifiers.identifier_type
),

agreed as (
    select
        consents.customer_id,
        consents.channel,
        greatest(
            coalesce(
                cast({{ utc_to_local('consents.valid_from', 'point_in_time.reporting_timezone') }} as date),
                reachable.reachable_on
            ),
            reachable.reachable_on
        ) as agreed_on,
        cast({{ utc_to_local('consents.valid_to', 'point_in_time.reporting_timezone') }} as date) as withdrawn_on
    from consents
    cross join point_in_time
    inner join reachable on consents.customer_id = reachable.customer_id and consents.channel = reachable.channel
),

changes as (
    select
        channel,
        reachable_on as changed_on,
        1 as reachable_change,
        0 as opted_in_change
    from reachable
    union all
    select
        channel,
        agreed_on as changed_on,
        0 as reachable_change,
        1 as opted_in_change
    from agreed
    where withdrawn_on is null or withdrawn_on > agreed_on
    union all
    select
        channel,
        withdrawn_on as changed_on,
        0 as reachable_change,
        -1 as opted_in_change
    from agreed
    where withdrawn_on > agreed_on
),

daily as (
    select
        channel,
        changed_on,
        sum(reachable_change) as reachable_change,
        sum(opted_in_change) as opted_in_change
    from changes
    group by channel, changed_on
)

select
    months.period_month,
    daily.channel,
    sum(daily.opted_in_change) as opted_in,
    sum(daily.reachable_change) as reachable
from daily
semi join known_consents on daily.channel = known_consents.channel
inner join months on daily.changed_on <= months.ends_on
group by months.period_month, daily.channel
