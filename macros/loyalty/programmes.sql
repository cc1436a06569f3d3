{# Whether rules, rows of int_loyalty__rules, hold at an instant. #}
{% macro is_in_force_at(rules, instant) -%} {{ rules }}.starts_at <= {{ instant }} and {{ rules }}.ends_at > {{ instant }} {%- endmacro %}


{# Whether rules are the last ones before an instant, such as the end of a day. #}
{% macro is_in_force_before(rules, instant) -%}
    {{ rules }}.starts_at < {{ instant }} and {{ rules }}.ends_at >= {{ instant }}
{%- endmacro %}


{# Whether a day lies in an interval of days whose ends may be open. #}
{% macro is_in_force_on(interval, day) -%}
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
