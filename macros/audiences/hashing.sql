{#
    An address as an ad platform wants it before it is hashed. All want it trimmed and in lower case; beyond that
    uid2: of gmail.com neither dots nor what follows a plus, of others both;
    google (Ads, Display & Video, Campaign Manager 360): no dots of gmail.com and googlemail.com, the plus stays;
    tiktok: nothing from the plus on, whatever the domain;
    meta, snap and x: nothing more.
#}
{% macro email_for(platform, email) -%}
    {%- set plain = 'lower(trim(' ~ email ~ '))' -%}
    {%- set name = 'split_part(' ~ plain ~ ", '@', 1)" -%}
    {%- set domain = 'split_part(' ~ plain ~ ", '@', 2)" -%}
    {%- set name_before_plus = 'split_part(' ~ name ~ ", '+', 1)" -%}
    {%- if platform == 'uid2' -%}
        case
            when {{ domain }} = 'gmail.com' then replace({{ name_before_plus }}, '.', '') || '@' || {{ domain }}
            else {{ plain }}
        end
    {%- elif platform == 'google' -%}
        case
            when {{ domain }} in ('gmail.com', 'googlemail.com') then replace({{ name }}, '.', '') || '@' || {{ domain }}
            else {{ plain }}
        end
    {%- elif platform == 'tiktok' -%}
        {{ name_before_plus }} || '@' || {{ domain }}
    {%- else -%}
        {{ plain }}
    {%- endif -%}
{%- endmacro %}


{# An E.164 number likewise: uid2 and google want its plus, the others digits alone, country code first. #}
{% macro phone_for(platform, phone_e164) -%}
    {%- if platform in ('uid2', 'google') -%} {{ phone_e164 }} {%- else -%} replace({{ phone_e164 }}, '+', '') {%- endif -%}
{%- endmacro %}


{# SHA-256 in lower-case hex; uid2 wants the bytes of the hash, not its text, in Base64. No salt: the platform hashes, too. #}
{% macro hash_for(platform, text) -%}
    {%- if platform == 'uid2' -%} base64(unhex({{ hash_text(text) }})) {%- else -%} {{ hash_text(text) }} {%- endif -%}
{%- endmacro %}


{#
    Rows of a CTE, once for each platform that knows people by what stands in its columns identifier_type (email, phone)
    and identifier (as customer_contacts has it). X takes no phone numbers.
#}
{% macro hashed_identifiers(people, columns) -%}
    {%- for platform in ['google', 'meta', 'snap', 'tiktok', 'uid2', 'x'] %}
    {{ 'union all' if not loop.first }}
    select
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        '{{ platform }}' as platform,
        identifier_type,
        case identifier_type
            when 'email' then {{ hash_for(platform, email_for(platform, 'identifier')) }}
            else {{ hash_for(platform, phone_for(platform, 'identifier')) }}
        end as hashed_identifier
    from {{ people }}
    {{ "where identifier_type = 'email'" if platform == 'x' }}
    {%- endfor %}
{%- endmacro %}
