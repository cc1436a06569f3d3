{#
    CTEs that end in matched_effects: of every level of a driver, how much more often its people came back than people of other
    levels in the same stratum (coarsened exact matching, Iacus, King and Porro 2012; the effect on those who have the level), and
    beside it the naive difference. `units` has driver, level, segment_type, segment, stratum, came_back: one row per
    person and driver. Strata without anybody to compare with are left out and counted. 95 % intervals, normal; the
    variance of a share is that of two more people, one of whom came back, so that a stratum of three is not certain.
#}
{% macro matched_effects(units) -%}
{%- set z = 1.959963984540054 -%}
strata as (
    select
        driver,
        level,
        segment_type,
        segment,
        stratum,
        count(*) as people,
        count(*) filter (where came_back) as returners
    from {{ units }}
    group by driver, level, segment_type, segment, stratum
),

opposed as (
    select
        *,
        sum(people) over (partition by driver, segment_type, segment, stratum) - people as other_people,
        sum(returners) over (partition by driver, segment_type, segment, stratum) - returners as other_returners
    from strata
),

added as (
    select
        driver,
        level,
        segment_type,
        segment,
        sum(people) as people,
        sum(returners) as returners,
        sum(case when other_people > 0 then people else 0 end) as matched_people,
        sum(
            case when other_people > 0 then people * ({{ ratio('returners', 'people') }} - {{ ratio('other_returners', 'other_people') }}) end
        ) as weighted_difference,
        sum(
            case
                when other_people > 0 then
                    cast(people as double) * people
                    * ({{ share_variance('returners', 'people') }} + {{ share_variance('other_returners', 'other_people') }})
            end
        ) as weighted_variance
    from opposed
    group by driver, level, segment_type, segment
),

against_all as (
    select
        *,
        sum(people) over (partition by driver, segment_type, segment) - people as other_people,
        sum(returners) over (partition by driver, segment_type, segment) - returners as other_returners
    from added
),

compared as (
    select
        *,
        {{ ratio('returners', 'people') }} as return_rate,
        {{ ratio('returners', 'people') }} - {{ ratio('other_returners', 'other_people') }} as naive_effect,
        cast({{ z }} as double) * sqrt(
            {{ share_variance('returners', 'people') }} + {{ share_variance('other_returners', 'other_people') }}
        ) as naive_margin,
        {{ ratio('weighted_difference', 'matched_people') }} as matched_effect,
        cast({{ z }} as double) * sqrt(weighted_variance) / nullif(matched_people, 0) as matched_margin
    from against_all
    where other_people > 0
),

matched_effects as (
    select
        driver,
        level,
        segment_type,
        segment,
        cast(people as bigint) as customers,
        {{ significant('return_rate') }} as repurchase_rate,
        {{ significant('naive_effect') }} as naive_effect,
        {{ significant('greatest(naive_effect - naive_margin, -1)') }} as naive_low,
        {{ significant('least(naive_effect + naive_margin, 1)') }} as naive_high,
        cast(matched_people as bigint) as matched_customers,
        {{ significant('matched_effect') }} as matched_effect,
        {{ significant('greatest(matched_effect - matched_margin, -1)') }} as matched_low,
        {{ significant('least(matched_effect + matched_margin, 1)') }} as matched_high
    from compared
)
{%- endmacro %}


{# The size of an amount: 0 below 2, each band twice the one below; without logarithms, which differ between engines. #}
{% macro value_band(amount) -%}
    (0
    {%- for power in range(1, 16) %} + case when {{ amount }} >= {{ 2 ** power }} then 1 else 0 end {%- endfor -%}
    )
{%- endmacro %}


{# The variance of a share after two more people, one of whom is a hit (Agresti and Coull 1998). #}
{% macro share_variance(hits, count) -%}
    (
        (cast({{ hits }} as double) + 1) * ({{ count }} - {{ hits }} + 1)
        / nullif((cast({{ count }} as double) + 2) * ({{ count }} + 2) * {{ count }}, 0)
    )
{%- endmacro %}
