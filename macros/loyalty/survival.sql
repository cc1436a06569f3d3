{#
    CTEs that end in median_survival: the first day on which half of a group or fewer are left by Kaplan and Meier, who
    count everybody for as long as they were watched; null while more are left. `spells` has the columns of `groups`,
    days and has_ended.
#}
{% macro median_survival(spells, groups) -%}
{%- set by = groups | join(', ') -%}
survival_days as (
    select
        {{ by }},
        days,
        count(*) as watched,
        count(*) filter (where has_ended) as events
    from {{ spells }}
    group by {{ by }}, days
),

survival_risks as (
    select
        *,
        sum(watched) over (partition by {{ by }} order by days desc) as at_risk
    from survival_days
),

survival_steps as (
    select
        *,
        sum(case when events < at_risk then ln(cast(at_risk - events as double) / cast(at_risk as double)) else 0 end)
            over (partition by {{ by }} order by days) as log_survival,
        max(case when events = at_risk then 1 else 0 end) over (partition by {{ by }} order by days) as is_over
    from survival_risks
),

median_survival as (
    select
        {{ by }},
        -- Half of two is half, whatever its logarithm is rounded to.
        min(
            case when is_over = 1 or log_survival < ln(cast(0.5 as double)) + cast(1e-9 as double) then days end
        ) as median_days
    from survival_steps
    group by {{ by }}
)
{%- endmacro %}
