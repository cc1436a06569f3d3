{# A figure as text by its unit; needs the columns unit and reporting_currency in scope. #}
{% macro figure_text(value) -%}
    case unit
        when 'rate' then {{ number_text('100 * ' ~ value, 1) }} || ' %'
        when 'money' then reporting_currency || ' ' || {{ number_text(value) }}
        when 'days' then {{ number_text(value) }} || ' days'
        else {{ number_text(value, 2) }}
    end
{%- endmacro %}
