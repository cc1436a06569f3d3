-- Grain: audience, also one of which nobody qualifies. Each stage is the one before less its reasons; inactive_reason
-- says which sources are absent.
with

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
    coalesce(stopped.stopped_by, '{}') as stopped_by
from settings
left join counted on settings.audience = counted.audience
left join stopped on settings.audience = stopped.audience
