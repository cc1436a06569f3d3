{#
    Parse a JSON column once into a typed value. `shape` is what the JSON looks like, with a type name for each
    scalar: [{'id': 'bigint', 'tax_lines': [{'price': 'string'}]}]. What does not fit becomes null; text that is
    not JSON gives null as a whole (see is_json for the difference).
#}
{% macro parse_json(column, shape) -%}
    {{ return(adapter.dispatch('parse_json', 'perennial')(column, shape)) }}
{%- endmacro %}

{#
    Spark reads no number from a text and no text as a number, takes an object for a list of one, and quotes of either
    kind: so scalars are read as text and cast, numbers by way of a decimal since they may be written 1.0.
#}
{% macro default__parse_json(column, shape) -%}
    {%- set text = "trim(both ' \\t\\r\\n' from " ~ column ~ ')' -%}
    {%- set first, last = ('{', '}') if shape is mapping else ('[', ']') -%}
    try_cast(try_cast(
        case
            when startswith({{ text }}, '{{ first }}') and endswith({{ text }}, '{{ last }}')
                then from_json(
                    {{ column }}, '{{ perennial.spark_type(shape, as_text=true) }}', map('allowSingleQuotes', 'false')
                )
        end
        as {{ perennial.spark_type(shape, integers='decimal(20, 0)') }}
    ) as {{ perennial.spark_type(shape) }})
{%- endmacro %}

{% macro duckdb__parse_json(column, shape) -%}
    {%- set json = 'case when json_valid(' ~ column ~ ') then ' ~ column ~ ' end' -%}
    {%- if shape is mapping -%}
        {#- From anything but an object DuckDB makes one whose fields are null. -#}
        {%- set json = 'case when json_type(' ~ json ~ ") = 'OBJECT' then " ~ column ~ ' end' -%}
    {%- endif -%}
    from_json({{ json }}, '{{ tojson(shape) }}')
{%- endmacro %}

{% macro spark_type(shape, as_text=false, integers='bigint') -%}
    {%- if shape is string -%}
        {{ 'string' if as_text else integers if shape == 'bigint' else shape }}
    {%- elif shape is mapping -%}
        struct<
        {%- for name, inner in shape.items() -%}
            `{{ name }}`: {{ perennial.spark_type(inner, as_text, integers) }}{{ ', ' if not loop.last }}
        {%- endfor -%}
        >
    {%- else -%}
        array<{{ perennial.spark_type(shape[0], as_text, integers) }}>
    {%- endif -%}
{%- endmacro %}


{# Whether a text is well-formed JSON; null text is. #}
{% macro is_json(column) -%}
    {{ return(adapter.dispatch('is_json', 'perennial')(column)) }}
{%- endmacro %}

{% macro default__is_json(column) -%}
    ({{ column }} is null or try_parse_json({{ column }}) is not null)
{%- endmacro %}

{% macro duckdb__is_json(column) -%}
    coalesce(json_valid({{ column }}), true)
{%- endmacro %}


{# A whole row of the relation or CTE named `alias` as JSON text. #}
{% macro row_to_json(alias) -%}
    {{ return(adapter.dispatch('row_to_json', 'perennial')(alias)) }}
{%- endmacro %}

{#
    Nulls shown, times with a blank and without the zeros of a whole second. An offset of zero is left out, since one
    engine writes it and the other cannot tell a time that had one.
#}
{% macro default__row_to_json(alias) -%}
    regexp_replace(
        regexp_replace(
            to_json(struct({{ alias }}.*), map(
                'ignoreNullFields', 'false',
                'timestampFormat', 'yyyy-MM-dd HH:mm:ss.SSSSSS',
                'timestampNTZFormat', 'yyyy-MM-dd HH:mm:ss.SSSSSS'
            )),
            '([0-9] [0-9]{2}:[0-9]{2}:[0-9]{2})[.]000000', '$1'
        ),
        '([0-9] [0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?)[+]00"', '$1"'
    )
{%- endmacro %}

{% macro duckdb__row_to_json(alias) -%}
    regexp_replace(
        cast(to_json({{ alias }}) as string),
        '([0-9] [0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?)[+]00"', '\1"', 'g'
    )
{%- endmacro %}
