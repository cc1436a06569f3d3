-- The rules of each programme that has bookings, by scenario and the time in which they hold; live is how it is. The
-- first rules of a programme reach back for ever. Settings of a scenario hold at all times.
{%- set settings = loyalty_settings() %}
with

seed as (
    select * from {{ ref('loyalty_programmes') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

programmes as (
    select
        source_name,
        programme,
        case
            when programme in (select seed.programme from seed) then programme
            when source_name in (select seed.programme from seed) then source_name
            else 'default'
        end as ruled_as
    from {{ ref('int_loyalty_bookings__unioned') }}
    group by source_name, programme
),

-- A scenario names programmes as the seed or as the bookings do, which is more exact.
changed_settings as (
    select
        scenarios.scenario,
        programmes.programme,
        scenarios.setting,
        scenarios.value
    from {{ ref('loyalty_scenarios') }} as scenarios
    inner join programmes on scenarios.programme in (programmes.programme, programmes.ruled_as)
    qualify row_number() over (
        partition by scenarios.scenario, programmes.programme, scenarios.setting
        order by case when scenarios.programme = programmes.programme then 1 else 2 end
    ) = 1
),

changes as (
    select
        scenario,
        programme,
        {%- for name, type in settings.items() %}
        try_cast(max(case when setting = '{{ name }}' then value end) as {{ type }}) as {{ name }},
        {%- endfor %}
        max(case when setting in ('pending_days', 'expiry_policy', 'expiry_days') then 1 else 0 end) = 1
            as overrides_dates
    from changed_settings
    group by scenario, programme
),

ruled as (
    select
        programmes.programme,
        programmes.ruled_as,
        seed.valid_from,
        row_number() over (partition by programmes.programme order by seed.valid_from) as rule_number,
        coalesce(seed.time_zone, point_in_time.reporting_timezone) as time_zone,
        {%- for name in settings %}
        seed.{{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from programmes
    inner join seed on programmes.ruled_as = seed.programme
    cross join point_in_time
),

scenarios as (
    select
        'live' as scenario,
        ruled.*,
        false as overrides_dates
    from ruled
    union all
    select
        changes.scenario,
        ruled.programme,
        ruled.ruled_as,
        ruled.valid_from,
        ruled.rule_number,
        ruled.time_zone,
        {%- for name in settings %}
        coalesce(changes.{{ name }}, ruled.{{ name }}) as {{ name }},
        {%- endfor %}
        changes.overrides_dates
    from changes
    inner join ruled on changes.programme = ruled.programme
),

-- A row holds from midnight of its own zone until the next one does.
started as (
    select
        *,
        {{ local_to_utc('cast(valid_from as timestamp)', 'time_zone') }} as valid_from_at
    from scenarios
)

select
    scenario,
    programme,
    ruled_as,
    rule_number,
    case when rule_number = 1 then timestamp '1900-01-01 00:00:00' else valid_from_at end as starts_at,
    coalesce(
        lead(valid_from_at) over (partition by scenario, programme order by rule_number),
        timestamp '9999-12-31 00:00:00'
    ) as ends_at,
    valid_from,
    lead(valid_from) over (partition by scenario, programme order by rule_number) as valid_to,
    valid_from_at,
    time_zone,
    {%- for name in settings %}
    {{ name }},
    {%- endfor %}
    overrides_dates
from started
