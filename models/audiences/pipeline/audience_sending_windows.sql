-- Grain: channel, time zone and country of a recipient: the first hours in which a message may be sent once its export
-- has been read (export_lag_hours after the cut), and those of the next day that has any, in UTC. Where the zone is not
-- known, the hours that are allowed in every zone of the country; where the country is not known either, in every zone
-- of the world and under the rules of every country: then there may be none (null). local_day and time_zone (null if
-- there are several) are for the person's usual hour: the clocks may change on that day. Where is_always_open, hours
-- are a matter of taste.
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

hours as (
    select * from {{ ref('sending_hours') }}
),

holidays as (
    select * from {{ ref('public_holidays') }}
),

country_zones as (
    select * from {{ ref('country_time_zones') }}
),

places as (
    select distinct
        {{ zone_key('contacts') }} as zone_key,
        coalesce(contacts.country_code, 'unknown') as country_code
    from {{ ref('customer_contacts') }} as contacts
),

place_zones as (
    select
        zone_key,
        country_code,
        zone_key as time_zone
    from places
    where zone_key <> 'unknown'
    union
    select
        places.zone_key,
        places.country_code,
        country_zones.time_zone
    from places
    inner join country_zones on places.country_code in (country_zones.country_code, 'unknown')
    where places.zone_key = 'unknown'
),

-- A country's own rule takes the place of the general one; an unknown country is under all of them.
place_rules as (
    select
        places.zone_key,
        places.country_code,
        hours.channel,
        hours.country_code as rule_country_code,
        hours.opens_hour,
        hours.closes_hour,
        hours.on_sundays,
        hours.on_holidays,
        hours.also_service
    from places
    cross join hours
    where hours.country_code in ('*', places.country_code) or places.country_code = 'unknown'
    qualify
        places.country_code = 'unknown'
        or row_number() over (
            partition by places.zone_key, places.country_code, hours.channel
            order by case when hours.country_code = '*' then 1 else 0 end
        ) = 1
),

numbered as (
    select
        {{ hours_later('cut_at', threshold('export_lag_hours')) }} as read_at,
        as_of,
        {{ explode(integers(0, threshold('sending_days'))) }} as days_ahead
    from point_in_time
),

days as (
    select
        read_at,
        {{ add_days('as_of', 'days_ahead') }} as local_day
    from numbered
),

-- All rules of a place together; 1970-01-04 was a Sunday.
ruled_days as (
    select
        place_rules.channel,
        place_rules.zone_key,
        place_rules.country_code,
        days.local_day,
        days.read_at,
        max(place_rules.opens_hour) as opens_hour,
        min(place_rules.closes_hour) as closes_hour,
        bool_and(
            (place_rules.on_sundays or {{ days_between("date '1970-01-04'", 'days.local_day') }} % 7 <> 0)
            and (place_rules.on_holidays or holidays.holiday_on is null)
        ) as is_allowed
    from place_rules
    cross join days
    left join holidays
        on days.local_day = holidays.holiday_on and place_rules.rule_country_code = holidays.country_code
    group by place_rules.channel, place_rules.zone_key, place_rules.country_code, days.local_day, days.read_at
),

windows as (
    select
        ruled_days.channel,
        ruled_days.zone_key,
        ruled_days.country_code,
        ruled_days.local_day,
        ruled_days.read_at,
        case
            when min(place_zones.time_zone) = max(place_zones.time_zone) then max(place_zones.time_zone)
        end as time_zone,
        max({{ local_to_utc(
            hours_later('cast(ruled_days.local_day as timestamp)', 'ruled_days.opens_hour'), 'place_zones.time_zone'
        ) }}) as opens_at,
        min({{ local_to_utc(
            hours_later('cast(ruled_days.local_day as timestamp)', 'ruled_days.closes_hour'), 'place_zones.time_zone'
        ) }}) as closes_at
    from ruled_days
    inner join place_zones
        on ruled_days.zone_key = place_zones.zone_key and ruled_days.country_code = place_zones.country_code
    where ruled_days.is_allowed
    group by
        ruled_days.channel, ruled_days.zone_key, ruled_days.country_code, ruled_days.local_day, ruled_days.read_at
),

numbered_windows as (
    select
        *,
        lead(local_day) over of_place as next_local_day,
        lead(opens_at) over of_place as next_opens_at,
        lead(closes_at) over of_place as next_closes_at,
        row_number() over of_place as window_number
    from windows
    where opens_at < closes_at and closes_at > read_at
    window of_place as (partition by channel, zone_key, country_code order by local_day)
),

first_windows as (
    select * from numbered_windows
    where window_number = 1
),

place_channels as (
    select
        channel,
        zone_key,
        country_code,
        bool_or(also_service) as also_service,
        bool_and(opens_hour = 0 and closes_hour = 24 and on_sundays and on_holidays) as is_always_open
    from place_rules
    group by channel, zone_key, country_code
)

select
    place_channels.channel,
    place_channels.zone_key,
    place_channels.country_code,
    place_channels.also_service,
    place_channels.is_always_open,
    first_windows.read_at,
    first_windows.time_zone,
    first_windows.local_day,
    first_windows.opens_at,
    first_windows.closes_at,
    first_windows.next_local_day,
    first_windows.next_opens_at,
    first_windows.next_closes_at
from place_channels
left join first_windows
    on
        place_channels.channel = first_windows.channel
        and place_channels.zone_key = first_windows.zone_key
        and place_channels.country_code = first_windows.country_code
