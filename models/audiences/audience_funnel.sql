-- Grain: audience, also one of which nobody qualifies. Each stage is the one before less its reasons; inactive_reason
-- says which sources are absent. What it could show is asked before it is live: with as many people as triggers of
-- max_trigger_age_days give for a window, who buy as those did who had last bought as long ago a window before as_of.
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

window_starts as (
    select {{ add_days('as_of', '-' ~ threshold('lift_window_days')) }} as day
    from point_in_time
),

orders as (
    select * from {{ ref('orders') }}
    where is_valid and customer_id is not null
),

settings as (
    select * from {{ ref('audience_settings') }}
),

decisions as (
    select * from {{ ref('audience_decisions') }}
),

counted as (
    select
        audience,
        count(*) as qualified_count,
        count(case when stage <> 'qualified' then 1 end) as eligible_count,
        count(case when stage not in ('qualified', 'eligible') then 1 end) as unsuppressed_count,
        count(case when stage in ('assigned', 'arbitrated', 'capped', 'exported') then 1 end) as treatment_count,
        count(case when stage in ('arbitrated', 'capped', 'exported') then 1 end) as arbitrated_count,
        count(case when stage in ('capped', 'exported') then 1 end) as capped_count,
        count(case when stage = 'exported' then 1 end) as exported_count
    from decisions
    group by audience
),

last_orders as (
    select
        orders.customer_id,
        point_in_time.as_of,
        window_starts.day as window_start,
        max(orders.ordered_on) as last_on,
        max(case when orders.ordered_on <= window_starts.day then orders.ordered_on end) as last_on_before
    from orders
    cross join point_in_time
    cross join window_starts
    group by orders.customer_id, point_in_time.as_of, window_starts.day
),

-- How long ago somebody bought, by doubling.
bands as (
    select
        customer_id,
        length(bin(1 + {{ days_between('last_on', 'as_of') }})) as band,
        length(bin(1 + {{ days_between('last_on_before', 'window_start') }})) as band_before,
        last_on > window_start as has_bought
    from last_orders
),

rates as (
    select
        band_before as band,
        {{ ratio('count(*) filter (where has_bought)', 'count(*)') }} as rate
    from bands
    where band_before is not null
    group by band_before
),

expected as (
    select
        decisions.audience,
        avg(rates.rate) as base_rate
    from decisions
    inner join bands on decisions.customer_id = bands.customer_id
    inner join rates on bands.band = rates.band
    where decisions.stage not in ('qualified', 'eligible')
    group by decisions.audience
),

planned as (
    select
        settings.audience,
        settings.control_share,
        settings.assumed_lift,
        expected.base_rate,
        {{ threshold('lift_window_days') }} as window_days,
        coalesce(counted.unsuppressed_count, 0)
        * {{ ratio(threshold('lift_window_days'), 'settings.max_trigger_age_days') }} as people_per_window
    from settings
    left join counted on settings.audience = counted.audience
    left join expected on settings.audience = expected.audience
),

foreseen as (
    select
        *,
        {{ detectable_difference(
            'base_rate', 'people_per_window * (1 - control_share)', 'people_per_window * control_share'
        ) }} as detectable_effect,
        case
            when control_share = 0 then 'no_holdout'
            when people_per_window = 0 then 'no_people'
            when coalesce(base_rate, 0) in (0, 1) then 'no_base_rate'
        end as undetectable_reason
    from planned
),

reasons as (
    select
        audience,
        outcome_reason,
        count(*) as person_count
    from decisions
    where outcome_reason is not null
    group by audience, outcome_reason
),

stopped as (
    select
        audience,
        '{'
        || {{ join_texts("'\"' || outcome_reason || '\": ' || cast(person_count as string)", ', ', 'outcome_reason') }}
        || '}' as stopped_by
    from reasons
    group by audience
)

select
    settings.audience,
    settings.is_live,
    case
        when settings.absent_sources is not null then 'no_source: ' || settings.absent_sources
        when not settings.is_live then 'not_live'
    end as inactive_reason,
    {%- for stage in ['qualified', 'eligible', 'unsuppressed', 'treatment', 'arbitrated', 'capped', 'exported'] %}
    cast(coalesce(counted.{{ stage }}_count, 0) as bigint) as {{ stage }}_count,
    {%- endfor %}
    coalesce(stopped.stopped_by, '{}') as stopped_by,
    {{ significant('foreseen.people_per_window') }} as people_per_window,
    {{ significant('foreseen.base_rate') }} as base_conversion_rate,
    {{ significant('foreseen.detectable_effect') }} as minimum_detectable_effect,
    cast(ceil(
        foreseen.window_days * foreseen.detectable_effect * foreseen.detectable_effect
        / nullif(foreseen.assumed_lift * foreseen.assumed_lift, 0)
    ) as bigint) as days_to_detect,
    foreseen.undetectable_reason
from settings
left join counted on settings.audience = counted.audience
left join stopped on settings.audience = stopped.audience
inner join foreseen on settings.audience = foreseen.audience
