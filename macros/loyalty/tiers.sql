{#
    Windows and terms of tiers by the rule that `rule` names, a relation with the columns of int_loyalty__tiers. A year is
    one of the programme's zone.
#}

{# The first instant of the year of an instant, or of one some years later. #}
{% macro year_begins(at, zone, years=0) -%}
    {{ local_to_utc(
        'cast(make_date(year(' ~ utc_to_local(at, zone) ~ ') + ' ~ years ~ ', 1, 1) as timestamp)', zone
    ) }}
{%- endmacro %}


{# What is measured at an instant is what was counted after this one, up to the instant and with it. #}
{% macro tier_window_opens(at, rule) -%}
    case {{ rule }}.tier_window
        when 'rolling' then {{ days_later(at, '-' ~ rule ~ '.tier_window_days') }}
        when 'calendar' then {{ year_begins(at, rule ~ '.time_zone') }} - interval '1' microsecond
        else timestamp '1900-01-01 00:00:00'
    end
{%- endmacro %}


{# Until when a tier is kept that was measured at an instant; null: for ever. #}
{% macro tier_term_ends(at, rule) -%}
    case {{ rule }}.tier_window
        when 'rolling' then {{ days_later(at, rule ~ '.tier_term_days') }}
        when 'calendar' then {{ year_begins(at, rule ~ '.time_zone', 2) }}
    end
{%- endmacro %}


{# The instant at which a term's end is measured. A year ends just before the next begins: that one has nothing yet. #}
{% macro tier_measured_at(ends_at, rule) -%}
    case {{ rule }}.tier_window when 'calendar' then {{ ends_at }} - interval '1' microsecond else {{ ends_at }} end
{%- endmacro %}


{# The condition that joins a member's instants with the rule in force at them. #}
{% macro tier_rule_in_force(moments, at, rules) -%}
    {{ moments }}.scenario = {{ rules }}.scenario
    and {{ moments }}.programme = {{ rules }}.programme
    and {{ moments }}.{{ at }} >= {{ rules }}.starts_at
    and {{ moments }}.{{ at }} < {{ rules }}.ends_at
{%- endmacro %}
