-- One day of UTC in one zone that a programme counts days in: how far its clocks are ahead, and when in that day they
-- change. A look-up here costs a twentieth of converting instants of several zones one by one; see local_day.
with

zones as (
    select distinct time_zone from {{ ref('int_loyalty__rules') }}
),

years as (
    select
        max(case when name = 'earliest_plausible_year' then make_date(cast(value as int), 1, 1) end) as first_day,
        max(case when name = 'latest_plausible_year' then make_date(cast(value as int), 12, 31) end) as last_day
    from {{ ref('thresholds') }}
),

numbered as (
    select
        zones.time_zone,
        years.first_day,
        {{ explode(integers(0, days_between('years.first_day', 'years.last_day'))) }} as day_number
    from zones
    cross join years
),

days as (
    select
        time_zone,
        {{ add_days('first_day', 'day_number') }} as utc_day
    from numbered
),

measured as (
    select
        time_zone,
        utc_day,
        {{ seconds_between(
            'cast(utc_day as timestamp)', utc_to_local('cast(utc_day as timestamp)', 'time_zone')
        ) }} as seconds_ahead
    from days
),

compared as (
    select
        *,
        lead(seconds_ahead) over (partition by time_zone order by utc_day) as next_seconds_ahead
    from measured
),

-- Clocks change at a quarter of an hour.
numbered_quarters as (
    select
        time_zone,
        utc_day,
        next_seconds_ahead,
        {{ explode(integers(0, 96)) }} as quarter_number
    from compared
    where seconds_ahead <> next_seconds_ahead
),

quarters as (
    select
        *,
        {{ seconds_later('cast(utc_day as timestamp)', '900 * quarter_number') }} as quarter_at
    from numbered_quarters
),

changes as (
    select
        time_zone,
        utc_day,
        min(quarter_at) as changes_at
    from quarters
    where {{ seconds_between('quarter_at', utc_to_local('quarter_at', 'time_zone')) }} = next_seconds_ahead
    group by time_zone, utc_day
)

select
    compared.time_zone,
    compared.utc_day,
    compared.seconds_ahead,
    coalesce(changes.changes_at, timestamp '9999-12-31 00:00:00') as changes_at,
    coalesce(compared.next_seconds_ahead, compared.seconds_ahead) as seconds_ahead_then
from compared
left join changes on compared.time_zone = changes.time_zone and compared.utc_day = changes.utc_day
