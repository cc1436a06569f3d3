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
