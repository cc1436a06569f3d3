{# The day of an instant by a row of int_loyalty__local_days; without one, by the zone itself. #}
{% macro local_day(instant, days, zone) -%}
    cast(
        coalesce(
            {{ seconds_later(
                instant,
                'case when ' ~ instant ~ ' < ' ~ days ~ '.changes_at then ' ~ days ~ '.seconds_ahead else ' ~ days
                ~ '.seconds_ahead_then end'
            ) }},
            {{ utc_to_local(instant, zone) }}
        ) as date
    )
{%- endmacro %}
