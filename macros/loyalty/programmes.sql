{#
    A query: the rules of every programme as it is lived, one row per programme and stretch of days. valid_from is null
    in the first, which reaches back for ever, valid_to in the last; time_zone is never null.
#}
{% macro rules_in_force() -%}
    select
        rules.programme,
        coalesce(rules.time_zone, point_in_time.reporting_timezone) as time_zone,
        case
            when row_number() over (partition by rules.programme order by rules.valid_from) > 1 then rules.valid_from
        end as valid_from,
        rules.valid_to,
        rules.expiry_policy,
        rules.expiry_days,
        rules.inactivity_resets,
        rules.unlock_above_points,
        rules.unlock_minimum_order
    from {{ ref('int_loyalty__rules') }} as rules
    cross join {{ ref('point_in_time') }} as point_in_time
    where rules.scenario = 'live'
{%- endmacro %}


{# Whether a day lies in an interval of days whose ends may be open. #}
{% macro is_in_force(interval, day) -%}
    coalesce({{ interval }}.valid_from <= {{ day }}, true) and coalesce({{ interval }}.valid_to > {{ day }}, true)
{%- endmacro %}


{#
    A query: the rewards of every programme of `programmes`, a relation. A programme without a row of its own has those of
    its system. Of rows that differ only in valid_from each holds until the next; the first reaches back for ever.
#}
{% macro rewards_of(programmes) -%}
    select
        named.programme,
        case
            when row_number() over (partition by named.programme, listed.reward order by listed.valid_from) > 1
                then listed.valid_from
        end as valid_from,
        lead(listed.valid_from) over (partition by named.programme, listed.reward order by listed.valid_from)
            as valid_to,
        listed.reward,
        listed.points
    from (
        select distinct
            programmes.programme,
            coalesce(own.programme, split_part(programmes.programme, ':', 1)) as listed_programme
        from {{ programmes }} as programmes
        left join {{ ref('loyalty_rewards') }} as own on programmes.programme = own.programme
    ) as named
    inner join {{ ref('loyalty_rewards') }} as listed on named.listed_programme = listed.programme
{%- endmacro %}
