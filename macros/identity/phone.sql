{#
    A phone number in E.164, '+' and digits, or null where it cannot tell whose it is. `phone` is a text, `region` the
    alias of its country's row of the seed phone_regions, left joined: without a country only an international number
    is one. dialled_e164 on a column of dialled_digits is three times as fast: DuckDB works an expression out again
    wherever it stands.
#}
{% macro phone_e164(phone, region) -%}
    {{ perennial.dialled_e164(perennial.dialled_digits(phone), region) }}
{%- endmacro %}


{% macro dialled_e164(dialled, region) -%}
    {%- set code = region ~ '.calling_code' -%}
    {%- set trunk = region ~ '.trunk_prefix' -%}
    {%- set allowed = 'between ' ~ region ~ '.min_digits and ' ~ region ~ '.max_digits' -%}
    {%- set begins_with_code -%}
        substr({{ dialled }}, 1, length({{ code }})) = {{ code }}
        and length({{ dialled }}) - length({{ code }}) {{ allowed }}
    {%- endset -%}
    {%- set number -%}
        case
            when {{ code }} = '1' and substr({{ dialled }}, 1, 3) = '011' then '+' || substr({{ dialled }}, 4)
            {#- +44 (0)20 and +44 020 #}
            when
                substr({{ dialled }}, 1, 1 + length({{ code }} || {{ trunk }})) = '+' || {{ code }} || {{ trunk }}
                and length({{ dialled }}) - 1 - length({{ code }} || {{ trunk }}) {{ allowed }}
                then '+' || {{ code }} || substr({{ dialled }}, 2 + length({{ code }} || {{ trunk }}))
            when substr({{ dialled }}, 1, 1) = '+' then {{ dialled }}
            when
                substr({{ dialled }}, 1, length({{ trunk }})) = {{ trunk }}
                and length({{ dialled }}) - length({{ trunk }}) {{ allowed }}
                then '+' || {{ code }} || substr({{ dialled }}, 1 + length({{ trunk }}))
            {#- Only where no trunk prefix is dialled does a number itself begin with 0. #}
            when substr({{ dialled }}, 1, 1) = '0' and {{ trunk }} is not null then null
            {#-
                The calling code without '+', or an area of the same digits: 04931 is Norden, 48 Radom, 393 an Italian
                mobile. What is too long for the area, or has 11 digits, is the former. A shorter one is the area if the
                country dials no trunk prefix; if one is missing, nobody can say.
            #}
            when {{ begins_with_code }} and (length({{ dialled }}) >= 11 or not length({{ dialled }}) {{ allowed }})
                then '+' || {{ dialled }}
            when {{ begins_with_code }} and {{ trunk }} is not null then null
            when length({{ dialled }}) {{ allowed }} then '+' || {{ code }} || {{ dialled }}
        end
    {%- endset -%}
    nullif(
        regexp_extract(
            {{ perennial.replace_pattern(number, perennial.made_up_number(), '') }},
            '^[+](1[2-9][0-9]{9}|[2-9][0-9]{7,14})$',
            0
        ),
        ''
    )
{%- endmacro %}


{#
    Digits as they are dialled, after '+' where the number is international; anything but punctuation stays among them,
    and then it is no number. +49 (0)30 loses its (0), but +39 (0)6 does not: Italy dials it. What a loader took for a
    decimal number ends in .0.
#}
{% macro dialled_digits(phone) -%}
    {%- set blanks = " \t\r\n\u0085\u00a0\u2000-\u200f\u2028-\u202f\u205f-\u2069\u3000\ufeff" -%}
    {%- set dashes = "\u2010-\u2015\u2212-" -%}
    {%- set without_zero -%}
        case
            when {{ perennial.matches(phone, '([0-8]|[^3]9)[^0-9]*[(]0[)]') }}
                then {{ perennial.replace_pattern(phone, '[(]0[)]', '') }}
            else {{ phone }}
        end
    {%- endset -%}
    {%- set punctuation = '[.]0[' ~ blanks ~ ']*$|[./()' ~ blanks ~ dashes ~ ']' -%}
    {%- set digits = perennial.replace_pattern(without_zero, punctuation, '') -%}
    {{ perennial.replace_pattern(digits, '^([+]+(00)?|00)', '+') }}
{%- endmacro %}


{# After a calling code one digit again and again, or digits that count up. #}
{% macro made_up_number() -%}
    {%- set of_three = '(2[1-689]|3[578]|42|5[09]|6[7-9]|8[035789]|9[679])[0-9]' -%}
    {%- set calling_code = '(1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|' ~ of_three ~ ')' -%}
    ^[+]{{ calling_code }}(0+|1+|2+|3+|4+|5+|6+|7+|8+|9+|0?1?23456(7(8(9(01?)?)?)?)?)$
{%- endmacro %}
