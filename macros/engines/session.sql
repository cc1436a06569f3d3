{#
    The salt of person ids, PERENNIAL_SALT. The session holds it (profiles.yml) and SQL names it, so that neither log nor
    compiled file shows it.
#}
{% macro salt() -%}
    {{ return(adapter.dispatch('salt', 'perennial')()) }}
{%- endmacro %}

{% macro default__salt() -%} '${spark.perennial.salt}' {%- endmacro %}

{% macro duckdb__salt() -%} getvariable('perennial_salt') {%- endmacro %}
