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


{#
    How likely a chi-square of 1 degree of freedom at least as large is by chance: erfc(sqrt(x / 2)), by the polynomial
    7.1.26 of Abramowitz and Stegun (1964), wrong by less than 0.00000015.
#}
{% macro p_of_chi_square(chi_square) -%}
    {%- set t = '(1 / (1 + cast(0.3275911 as double) * sqrt((' ~ chi_square ~ ') / 2)))' -%}
    {%- set terms = namespace(sum='cast(1.061405429 as double)') -%}
    {%- for factor in [-1.453152027, 1.421413741, -0.284496736, 0.254829592] -%}
        {%- set terms.sum = '(' ~ terms.sum ~ ' * ' ~ t ~ ' + cast(' ~ factor ~ ' as double))' -%}
    {%- endfor -%}
    {{ terms.sum }} * {{ t }} * exp(-({{ chi_square }}) / 2)
{%- endmacro %}


{#
    The difference of two shares that people of such counts show four times in five (power 80 %) at 5 % two-sided, if
    one of them has that share. Null for a share of 0 or 1, which says nothing. Source: Fleiss, Levin and Paik 2003.
#}
{% macro detectable_difference(share, one_count, other_count) -%}
    {%- set z = 1.959963984540054 + 0.8416212335729143 -%}
    cast({{ z }} as double) * sqrt(
        nullif({{ share }} * (1 - {{ share }}), 0)
        * (1 / cast(nullif({{ one_count }}, 0) as double) + 1 / cast(nullif({{ other_count }}, 0) as double))
    )
{%- endmacro %}
