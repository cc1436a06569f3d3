{# E-mail as it is compared: lower case; Gmail ignores dots and what follows a plus, other providers do not. Null if it is none. #}
{% macro email_match(column) -%}
    {%- set email = 'lower(trim(cast(' ~ column ~ ' as string)))' -%}
    case
        when not {{ matches(email, '^[^@ ]+@[^@ ]+[.][^@ ]+$') }} then null
        when split_part({{ email }}, '@', 2) in ('gmail.com', 'googlemail.com')
            then replace(split_part(split_part({{ email }}, '@', 1), '+', 1), '.', '') || '@gmail.com'
        else {{ email }}
    end
{%- endmacro %}


{# The person behind a key: salted, so that ids cannot be turned back into addresses. #}
{% macro customer_id_from(key) -%}
    substr({{ hash_text(salt() ~ " || '|' || " ~ key) }}, 1, 32)
{%- endmacro %}


{# One part of a name as it is compared: lower case, plain letters, without blanks. Null if nothing is left. #}
{% macro name_match(column) -%}
    nullif(translate(
        lower({{ clean_text(column) }}),
        'àáâãäåāçćčďèéêëēęěìíîïīłñńňòóôõöøōřśšşťùúûüūůýÿžźż ., -' || chr(39),
        'aaaaaaacccdeeeeeeeiiiiilnnnooooooorsssttuuuuuuyyzzz'
    ), '')
{%- endmacro %}


{#
    Whether two parts of names may be the same: equal, one the beginning of the other, or a slip of the finger apart: a
    letter or two, or letters out of their order, which cost two steps also in a short name.
#}
{% macro name_parts_agree(one, other) -%}
    {%- set shorter = 'least(length(' ~ one ~ '), length(' ~ other ~ '))' -%}
    (
        substr({{ one }}, 1, {{ shorter }}) = substr({{ other }}, 1, {{ shorter }})
        or levenshtein({{ one }}, {{ other }}) <= case when {{ shorter }} >= 6 then 2 when {{ shorter }} >= 4 then 1 else 0 end
        or (levenshtein({{ one }}, {{ other }}) = 2 and {{ sorted_letters(one) }} = {{ sorted_letters(other) }})
    )
{%- endmacro %}


{# Whether two names, `first` or `first last`, may be one person's: the first names agree, or somebody swapped the fields. #}
{% macro names_agree(one, other) -%}
    {%- set first_one, last_one = "split_part(" ~ one ~ ", ' ', 1)", "nullif(split_part(" ~ one ~ ", ' ', 2), '')" -%}
    {%- set first_other, last_other = "split_part(" ~ other ~ ", ' ', 1)", "nullif(split_part(" ~ other ~ ", ' ', 2), '')" -%}
    (
        {{ name_parts_agree(first_one, first_other) }}
        or coalesce(
            {{ name_parts_agree(first_one, last_other) }} and {{ name_parts_agree(last_one, first_other) }}, false
        )
    )
{%- endmacro %}


{# Where an id belongs: a person has one of each. What stands before the last colon, such as the shop. #}
{% macro id_namespace(column) -%}
    regexp_extract({{ column }}, '^(.*):[^:]*$', 1)
{%- endmacro %}


{# An identifier as marts show it: salted hashes of what is personal or looks so. #}
{% macro shown_identifier(type, value) -%}
    case
        when {{ type }} in ('email', 'phone') or {{ value }} like '%@%' or {{ value }} like '+%' or {{ value }} like '%:+%'
            then {{ customer_id_from(type ~ " || '|' || " ~ value) }}
        else {{ value }}
    end
{%- endmacro %}
