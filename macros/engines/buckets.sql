{# A text's place among so many buckets, from 0: the same on every engine, and as even as chance. #}
{% macro bucket_of(text, buckets) -%}
    {{ return(adapter.dispatch('bucket_of', 'perennial')(text, buckets)) }}
{%- endmacro %}

{% macro default__bucket_of(text, buckets) -%}
    cast(cast(conv(substr({{ hash_text(text) }}, 1, 12), 16, 10) as bigint) % {{ buckets }} as int)
{%- endmacro %}

{% macro duckdb__bucket_of(text, buckets) -%}
    cast(cast('0x' || substr({{ hash_text(text) }}, 1, 12) as bigint) % {{ buckets }} as int)
{%- endmacro %}
