{#
    The salt of person ids, PERENNIAL_SALT. The session holds it (profiles.yml) and SQL names it, so that neither log nor
    compiled file shows it.
#}
{% macro salt() -%}
    {{ return(adapter.dispatch('salt', 'perennial')()) }}
{%- endmacro %}

{% macro default__salt() -%} '${spark.perennial.salt}' {%- endmacro %}

{% macro duckdb__salt() -%} getvariable('perennial_salt') {%- endmacro %}

{#
    Whether tables are compressed as they are written, from here on. Compression takes half of the time that a table of texts
    takes to write: too much for what every build writes anew and nobody else reads.
#}
{% macro compress(is_on) -%}
    {{ return(adapter.dispatch('compress', 'perennial')(is_on)) }}
{%- endmacro %}

{% macro default__compress(is_on) -%} {%- endmacro %}

{% macro duckdb__compress(is_on) -%} set force_compression = '{{ 'auto' if is_on else 'uncompressed' }}' {%- endmacro %}
