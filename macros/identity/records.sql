{# The id of a record that only an address names: salted, since ids are not kept where addresses are. #}
{% macro address_record_id(email) -%}
    {{ customer_id_from("'address|' || lower(trim(" ~ email ~ '))') }}
{%- endmacro %}


{# The newest value that is not null; of two at one time the greater one. Engines differ in whether max_by skips nulls. #}
{% macro newest_value(value, at) -%}
    max_by({{ value }}, case when {{ value }} is not null then cast({{ at }} as string) || '|' || {{ value }} end)
{%- endmacro %}
