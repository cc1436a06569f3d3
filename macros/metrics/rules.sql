{# What figures are worked out by, as one text: it changes with any setting, business var or model of the project. #}
{% macro rules_checksum() -%}
    {%- set rules = [] -%}
    {%- if execute -%}
        {%- for node in graph.get('nodes', {}).values() if node.resource_type in ('seed', 'model') -%}
            {%- do rules.append(node.name ~ ' ' ~ node.checksum.checksum) -%}
        {%- endfor -%}
        {%- for name in ['count_zero_value_orders', 'reporting_currency', 'reporting_timezone', 'systems'] -%}
            {%- do rules.append(name ~ ' ' ~ var(name) | string) -%}
        {%- endfor -%}
    {%- endif -%}
    {{- local_md5(rules | sort | join('\n')) -}}
{%- endmacro %}
