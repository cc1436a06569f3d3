{{ config(materialized='view') }}
-- One option that a line was bought in: each part of its variant's title, and the line's own properties. Properties
-- hold anything, names to be engraved among them: only those that seeds/option_names.csv calls an option are read. One
-- that says again what the title says is left out.
with

lines as (
    select
        'shopify:' || shop_url || ':' || shopify_order_id || ':' || line_id as order_line_id,
        variant_title,
        properties
    from {{ ref('stg_shopify__order_lines') }}
    where not is_tip and not is_gift_card
),

names as (
    select * from {{ ref('option_names') }}
    where option_name is not null
),

title_parts as (
    select
        order_line_id,
        {{ explode("split(variant_title, ' / ')") }} as part
    from lines
    where lower(variant_title) <> 'default title'
),

titles as (
    select distinct
        order_line_id,
        {{ clean_text('part') }} as option_value
    from title_parts
),

line_properties as (
    select
        order_line_id,
        {{ explode('properties') }} as property
    from lines
),

properties as (
    select distinct
        line_properties.order_line_id,
        names.option_name,
        {{ clean_text('line_properties.property.value') }} as option_value
    from line_properties
    inner join names on trim({{ plain_words('line_properties.property.name') }}) = names.property_name
)

select
    order_line_id,
    'shopify' as source_name,
    cast(null as string) as option_name,
    option_value
from titles
where option_value is not null
union all
select
    properties.order_line_id,
    'shopify' as source_name,
    properties.option_name,
    properties.option_value
from properties
anti join titles
    on
        properties.order_line_id = titles.order_line_id
        and lower(properties.option_value) = lower(titles.option_value)
where properties.option_value is not null
