{# The host of a web address, without port; null if there is none. #}
{% macro web_host(url) -%}
    nullif(regexp_extract({{ url }}, '^[A-Za-z]+://([^/?#:]+)', 1), '')
{%- endmacro %}
