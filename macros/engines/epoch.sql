{# A whole number of UNIX seconds as an instant. #}
{% macro epoch_to_utc(seconds) -%}
    {{ return(adapter.dispatch('epoch_to_utc', 'perennial')(seconds)) }}
{%- endmacro %}

{% macro default__epoch_to_utc(seconds) -%} timestamp_seconds({{ seconds }}) {%- endmacro %}

{% macro duckdb__epoch_to_utc(seconds) -%} make_timestamp({{ seconds }} * 1000000) {%- endmacro %}
