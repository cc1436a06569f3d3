{# Lists as sequences: built in an order, mapped, folded. Expressions are text that names the element. #}

{# The first element of a list; null for an empty or missing list. #}
{% macro first_element(list) -%}
    {{ return(adapter.dispatch('first_element', 'perennial')(list)) }}
{%- endmacro %}

{% macro default__first_element(list) -%} try_element_at({{ list }}, 1) {%- endmacro %}

{% macro duckdb__first_element(list) -%} list_extract({{ list }}, 1) {%- endmacro %}


{# An object of named fields. #}
{% macro make_struct(fields) -%}
    {{ return(adapter.dispatch('make_struct', 'perennial')(fields)) }}
{%- endmacro %}

{% macro default__make_struct(fields) -%}
    named_struct(
        {%- for name, value in fields.items() -%} '{{ name }}', {{ value }}{{ ', ' if not loop.last }} {%- endfor -%}
    )
{%- endmacro %}

{% macro duckdb__make_struct(fields) -%}
    struct_pack(
        {%- for name, value in fields.items() -%} {{ name }} := {{ value }}{{ ', ' if not loop.last }} {%- endfor -%}
    )
{%- endmacro %}


{# An aggregate: the list of objects in the order of their first fields. #}
{% macro ordered_list(struct) -%}
    {{ return(adapter.dispatch('ordered_list', 'perennial')(struct)) }}
{%- endmacro %}

{% macro default__ordered_list(struct) -%} array_sort(collect_list({{ struct }})) {%- endmacro %}

{% macro duckdb__ordered_list(struct) -%} list_sort(list({{ struct }})) {%- endmacro %}


{# A list with every element replaced by an expression of it. #}
{% macro map_list(list, element, expression) -%}
    {{ return(adapter.dispatch('map_list', 'perennial')(list, element, expression)) }}
{%- endmacro %}

{% macro default__map_list(list, element, expression) -%} transform({{ list }}, {{ element }} -> {{ expression }}) {%- endmacro %}

{% macro duckdb__map_list(list, element, expression) -%}
    list_transform({{ list }}, lambda {{ element }}: {{ expression }})
{%- endmacro %}


{# The elements of a list for which a condition holds. #}
{% macro filter_list(list, element, condition) -%}
    {{ return(adapter.dispatch('filter_list', 'perennial')(list, element, condition)) }}
{%- endmacro %}

{% macro default__filter_list(list, element, condition) -%} filter({{ list }}, {{ element }} -> {{ condition }}) {%- endmacro %}

{% macro duckdb__filter_list(list, element, condition) -%}
    list_filter({{ list }}, lambda {{ element }}: {{ condition }})
{%- endmacro %}


{# The sum of a whole number over the elements of a list; 0 for an empty one. #}
{% macro sum_list(list, element, expression) -%}
    {{ return(adapter.dispatch('sum_list', 'perennial')(list, element, expression)) }}
{%- endmacro %}

{% macro default__sum_list(list, element, expression) -%}
    aggregate({{ list }}, cast(0 as bigint), (total, {{ element }}) -> total + {{ expression }})
{%- endmacro %}

{% macro duckdb__sum_list(list, element, expression) -%}
    cast(coalesce(list_sum(list_transform({{ list }}, lambda {{ element }}: {{ expression }})), 0) as bigint)
{%- endmacro %}


{# Two lists as one. #}
{% macro join_lists(one, other) -%}
    {{ return(adapter.dispatch('join_lists', 'perennial')(one, other)) }}
{%- endmacro %}

{% macro default__join_lists(one, other) -%} concat({{ one }}, {{ other }}) {%- endmacro %}

{% macro duckdb__join_lists(one, other) -%} list_concat({{ one }}, {{ other }}) {%- endmacro %}


{# An empty list of objects: fields map names to types. #}
{% macro empty_list(fields) -%}
    {{ return(adapter.dispatch('empty_list', 'perennial')(fields)) }}
{%- endmacro %}

{% macro default__empty_list(fields) -%}
    cast(array() as array<struct<
        {%- for name, type in fields.items() -%} {{ name }}: {{ type }}{{ ', ' if not loop.last }} {%- endfor -%}
    >>)
{%- endmacro %}

{% macro duckdb__empty_list(fields) -%}
    cast([] as struct(
        {%- for name, type in fields.items() -%} {{ name }} {{ type }}{{ ', ' if not loop.last }} {%- endfor -%}
    )[])
{%- endmacro %}


{# An expression in which a name stands for a value that is worked out once. #}
{% macro let(name, value, expression) -%}
    {{ return(adapter.dispatch('let', 'perennial')(name, value, expression)) }}
{%- endmacro %}

{% macro default__let(name, value, expression) -%} transform(array({{ value }}), {{ name }} -> {{ expression }})[0] {%- endmacro %}

{% macro duckdb__let(name, value, expression) -%}
    list_extract(list_transform([{{ value }}], lambda {{ name }}: {{ expression }}), 1)
{%- endmacro %}


{#
    A list folded from its first element to its last. The expression is the next `state`, made of `state` and `event`; state
    and elements are objects of the same fields, since DuckDB knows one type for both.
#}
{% macro fold(list, initial, expression) -%}
    {{ return(adapter.dispatch('fold', 'perennial')(list, initial, expression)) }}
{%- endmacro %}

{% macro default__fold(list, initial, expression) -%}
    aggregate({{ list }}, {{ initial }}, (state, event) -> {{ expression }})
{%- endmacro %}

{# The arrow is DuckDB's older spelling; the linter knows no lambda of two names. #}
{% macro duckdb__fold(list, initial, expression) -%}
    list_reduce({{ list }}, (state, event) -> {{ expression }}, {{ initial }})
{%- endmacro %}


{#
    A number of 63 bits made of values: the same for the same values on one engine. DuckDB's hash of several values is linear
    in the last one, so that numbers of rows that swap it would cancel out; hashed once more they do not.
#}
{% macro hash_number(values) -%}
    {{ return(adapter.dispatch('hash_number', 'perennial')(values)) }}
{%- endmacro %}

{% macro default__hash_number(values) -%} shiftrightunsigned(xxhash64({{ values | join(', ') }}), 1) {%- endmacro %}

{% macro duckdb__hash_number(values) -%} cast(hash(hash({{ values | join(', ') }})) >> 1 as bigint) {%- endmacro %}
