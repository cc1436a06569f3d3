{# The zone of a contact's place, or unknown where only the country speaks for it: a country may have several. #}
{% macro zone_key(contacts) -%}
    case when {{ contacts }}.time_zone_source <> 'country_code' then {{ contacts }}.time_zone else 'unknown' end
{%- endmacro %}
