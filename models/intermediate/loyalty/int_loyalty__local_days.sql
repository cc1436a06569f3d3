-- One day of UTC in one zone that a programme counts days in: how far its clocks are ahead, and when in that day they
-- change. A look-up here costs a twentieth of converting instants of several zones one by one; see local_day.
with

zones as (
    select distinct time_zone from {{ ref('int_loyalty__rules') }}
),

numbered as (
    select
        time_zone,
        {{ explode(integers(threshold('earliest_plausible_year'), threshold('latest_plausible_year'))) }}
            as calendar_year
    from zones
),

days as (
    select
        time_zone,
        {{ add_days('make_date(calendar_year, 1, 1)', explode(integers(0, 366))) }} as utc_day
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
    group by time_zone, utc_day
),

compared as (
    select
        *,
        lead(seconds_ahead) over (partition by time_zone order by utc_day) as next_seconds_ahead
    from measured
),

-- Clocks change at a quarter of an hour.
quarters as (
    select
        time_zone,
        utc_day,
        next_seconds_ahead,
        {{ seconds_later('cast(utc_day as timestamp)', '900 * ' ~ explode(integers(0, 96))) }} as quarter_at
    from compared
    where seconds_ahead <> next_seconds_ahead
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
