{#
    Ids that a tool was given by the shop: what they are is the shop's choice, a var per tool. other is an id that no
    other system knows; such a record is known by its e-mail, or by itself where a loyalty programme made it.
#}
{% macro id_kinds() %}
    {%- do return(['shopify_customer_id', 'email', 'loyalty_id', 'other']) -%}
{% endmacro %}


{# platform_customer_id, loyalty_id and email of a record whose id is of this kind; `email` is a trait beside it. #}
{% macro foreign_id(id, kind, email, own_loyalty_id='null') -%}
    {%- set nothing = 'cast(null as string)' -%}
    {{ perennial.shopify_person(id) if kind == 'shopify_customer_id' else nothing }} as platform_customer_id,
    {{ {'loyalty_id': id, 'other': own_loyalty_id}.get(kind, nothing) }} as loyalty_id,
    coalesce(
        {{ 'case when ' ~ id ~ " like '%@%' then " ~ id ~ ' end' if kind == 'email' else nothing }}, {{ email }}
    ) as email
{%- endmacro %}


{# The id of a record that such an id names; an address or a phone number is not kept, see address_record_id. #}
{% macro foreign_record_id(id) -%}
    case when {{ id }} like '%@%' or {{ id }} like '+%' then {{ address_record_id(id) }} else {{ id }} end
{%- endmacro %}


{# An id as it is compared: one that is an address does not depend on its case. #}
{% macro folded_id(id) -%}
    case when {{ id }} like '%@%' then lower({{ id }}) else {{ id }} end
{%- endmacro %}


{#
    A customer's number as Perennial writes it. Numbers are unique across shops, so a known one says its shop; of an unknown one
    with several shops nobody can say whose it is: null.
#}
{% macro shopify_person(id) -%}
    {%- set number = "nullif(regexp_extract(" ~ id ~ ", '^(gid://shopify/Customer/)?([0-9]+)$', 2), '')" -%}
    coalesce(
        (
            select max(known.platform_customer_id)
            from {{ ref('stg_shopify__customer_numbers') }} as known
            where known.shopify_customer_id = {{ number }}
        ),
        'shopify:' || (
            select case when count(distinct shop_url) <= 1 then coalesce(max(shop_url), '-') end
            from {{ ref('stg_shopify__orders') }}
        ) || ':' || {{ number }}
    )
{%- endmacro %}
