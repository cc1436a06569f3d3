{# The id of a record that only an address names: salted, since ids are not kept where addresses are. Such an id is its own. #}
{% macro address_record_id(email) -%}
    case
        when {{ matches(email, '^[0-9a-f]{32}$') }} then {{ email }}
        else {{ customer_id_from("'address|' || lower(trim(" ~ email ~ '))') }}
    end
{%- endmacro %}


{# The newest value that is not null; of two at one time the greater one. Engines differ in whether max_by skips nulls. #}
{% macro newest_value(value, at) -%}
    max_by({{ value }}, case when {{ value }} is not null then cast({{ at }} as string) || '|' || {{ value }} end)
{%- endmacro %}


{# The country of most records stands in for one that a record does not tell. #}
{% macro usual_country() -%}
    select country_code
    from {{ ref('int_customer_records__unioned') }}
    where country_code is not null
    group by country_code
    order by count(*) desc, country_code asc
    limit 1
{%- endmacro %}


{# A full name's first and last word; the last is null where there is only one. #}
{% macro first_word(name) -%} split_part({{ name }}, ' ', 1) {%- endmacro %}

{% macro last_word(name) -%} nullif(regexp_extract({{ name }}, ' ([^ ]+)$', 1), '') {%- endmacro %}


{# A record's three keys in one text; `prefix` is what stands before source_name, record_type and record_id. #}
{% macro record_key(prefix) -%}
    {{ prefix }}_source_name || ':' || {{ prefix }}_record_type || ':' || {{ prefix }}_record_id
{%- endmacro %}


{# How many pairs so many things make. #}
{% macro pairs_of(count) -%} {{ count }} * ({{ count }} - 1) / 2 {%- endmacro %}
