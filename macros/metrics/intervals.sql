{# Wilson's 95 % score interval of a share; side is low or high. Null when the denominator is 0. Source: Wilson 1927. #}
{% macro wilson(numerator, denominator, side) -%}
    {%- set z = 1.959963984540054 -%}
    {%- set p = '(' ~ ratio(numerator, denominator) ~ ')' -%}
    {%- set n = 'cast(nullif(' ~ denominator ~ ', 0) as double)' -%}
    case
        when {{ numerator }} = {{ '0' if side == 'low' else denominator }} then cast({{ 0 if side == 'low' else 1 }} as double)
        else (
            {{ p }} + cast({{ z * z / 2 }} as double) / {{ n }}
            {{ '-' if side == 'low' else '+' }} cast({{ z }} as double) * sqrt(
                {{ p }} * (1 - {{ p }}) / {{ n }} + cast({{ z * z / 4 }} as double) / ({{ n }} * {{ n }})
            )
        ) / (1 + cast({{ z * z }} as double) / {{ n }})
    end
{%- endmacro %}


{# Normal 95 % interval of a mean from its sum, count and sum of squares; null below two values or without squares. #}
{% macro mean_interval(total, count, sum_of_squares, side) -%}
    {%- set z = 1.959963984540054 -%}
    {%- set n = 'cast(nullif(' ~ count ~ ', 0) as double)' -%}
    {%- set mean = '(' ~ ratio(total, count) ~ ')' -%}
    case
        when {{ count }} > 1 and {{ sum_of_squares }} is not null then
            {{ mean }} {{ '-' if side == 'low' else '+' }} cast({{ z }} as double) * sqrt(
                greatest(cast({{ sum_of_squares }} as double) / {{ n }} - {{ mean }} * {{ mean }}, 0) / ({{ n }} - 1)
            )
    end
{%- endmacro %}


{#
    95 % interval of the difference of two independent values from the interval of each (MOVER, Zou and Donner 2008; for
    shares it is Newcombe's hybrid score interval). `one` and `other` have value, value_low and value_high.
#}
{% macro difference_interval(one, other, side) -%}
    {%- set near, far = ('low', 'high') if side == 'low' else ('high', 'low') -%}
    {{ one }}.value - {{ other }}.value {{ '-' if side == 'low' else '+' }} sqrt(
        ({{ one }}.value - {{ one }}.value_{{ near }}) * ({{ one }}.value - {{ one }}.value_{{ near }})
        + ({{ other }}.value_{{ far }} - {{ other }}.value) * ({{ other }}.value_{{ far }} - {{ other }}.value)
    )
{%- endmacro %}
