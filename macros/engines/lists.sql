{# One row per element of a list, in the select list. #}
{% macro explode(list) -%}
    {{ return(adapter.dispatch('explode', 'perennial')(list)) }}
{%- endmacro %}

{% macro default__explode(list) -%} explode({{ list }}) {%- endmacro %}

{% macro duckdb__explode(list) -%} unnest({{ list }}) {%- endmacro %}


{# The list of integers from first to last, both included; empty when last < first. #}
{% macro integers(first, last) -%}
    {{ return(adapter.dispatch('integers', 'perennial')(first, last)) }}
{%- endmacro %}

{% macro default__integers(first, last) -%}
    case
        when {{ last }} >= {{ first }} then sequence(cast({{ first }} as int), cast({{ last }} as int))
        else array()
    end
{%- endmacro %}

{% macro duckdb__integers(first, last) -%}
    generate_series(cast({{ first }} as int), cast({{ last }} as int))
{%- endmacro %}


{# Whether a condition holds for any element; write the element as `element` in the condition. #}
{% macro any_element(list, condition) -%}
    {{ return(adapter.dispatch('any_element', 'perennial')(list, condition)) }}
{%- endmacro %}

{% macro default__any_element(list, condition) -%}
    coalesce(exists({{ list }}, element -> {{ condition }}), false)
{%- endmacro %}

{% macro duckdb__any_element(list, condition) -%}
    coalesce(len(list_filter({{ list }}, lambda element: {{ condition }})) > 0, false)
{%- endmacro %}


{# The sum of a decimal expression over the elements of a list; 0 for an empty or missing list. #}
{% macro sum_elements(list, expression) -%}
    {{ return(adapter.dispatch('sum_elements', 'perennial')(list, expression)) }}
{%- endmacro %}

{% macro default__sum_elements(list, expression) -%}
    coalesce(cast(aggregate(
        {{ list }},
        cast(0 as decimal(18, 4)),
        (total, element) -> cast(total + coalesce({{ expression }}, 0) as decimal(18, 4))
    ) as decimal(18, 4)), 0)
{%- endmacro %}

{% macro duckdb__sum_elements(list, expression) -%}
    cast(coalesce(list_sum(list_transform({{ list }}, lambda element: {{ expression }})), 0) as decimal(18, 4))
{%- endmacro %}


{# Whether two elements of a list of objects have the same value in a field, or one has none. #}
{% macro repeats(list, field) -%}
    {{ return(adapter.dispatch('repeats', 'perennial')(list, field)) }}
{%- endmacro %}

{% macro default__repeats(list, field) -%}
    coalesce(size({{ list }}) > size(array_distinct(array_compact({{ list }}.{{ field }}))), false)
{%- endmacro %}

{% macro duckdb__repeats(list, field) -%}
    coalesce(
        len({{ list }}) > len(list_distinct(list_transform({{ list }}, lambda element: element.{{ field }}))), false
    )
{%- endmacro %}


{# The greatest value of an expression over the elements of a list; null for an empty or missing list. #}
{% macro max_element(list, expression) -%}
    {{ return(adapter.dispatch('max_element', 'perennial')(list, expression)) }}
{%- endmacro %}

{% macro default__max_element(list, expression) -%}
    array_max(transform({{ list }}, element -> {{ expression }}))
{%- endmacro %}

{% macro duckdb__max_element(list, expression) -%}
    list_max(list_transform({{ list }}, lambda element: {{ expression }}))
{%- endmacro %}


{# A list of objects with some fields changed: `changed` maps a field to an expression of `element`. #}
{% macro map_fields(list, fields, changed) -%}
    {{ return(adapter.dispatch('map_fields', 'perennial')(list, fields, changed)) }}
{%- endmacro %}

{% macro default__map_fields(list, fields, changed) -%}
    transform({{ list }}, element -> named_struct(
        {%- for field in fields -%}
            '{{ field }}', {{ changed.get(field, 'element.`' ~ field ~ '`') }}{{ ', ' if not loop.last }}
        {%- endfor -%}
    ))
{%- endmacro %}

{% macro duckdb__map_fields(list, fields, changed) -%}
    list_transform({{ list }}, lambda element: struct_pack(
        {%- for field in fields -%}
            "{{ field }}" := {{ changed.get(field, 'element."' ~ field ~ '"') }}{{ ', ' if not loop.last }}
        {%- endfor -%}
    ))
{%- endmacro %}


{# The last element of a list; null for an empty or missing list. #}
{% macro last_element(list) -%}
    {{ return(adapter.dispatch('last_element', 'perennial')(list)) }}
{%- endmacro %}

{% macro default__last_element(list) -%} try_element_at({{ list }}, -1) {%- endmacro %}

{% macro duckdb__last_element(list) -%} list_extract({{ list }}, -1) {%- endmacro %}


{# A list of one element. #}
{% macro list_of(element) -%}
    {{ return(adapter.dispatch('list_of', 'perennial')(element)) }}
{%- endmacro %}

{% macro default__list_of(element) -%} array({{ element }}) {%- endmacro %}

{% macro duckdb__list_of(element) -%} [{{ element }}] {%- endmacro %}
