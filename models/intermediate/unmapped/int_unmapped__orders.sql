-- One name of a line's properties that seeds/option_names.csv does not know. Those that begin with an underscore are
-- set by apps and shown to nobody.
with

line_properties as (
    select {{ explode('properties') }} as property
    from {{ ref('stg_shopify__order_lines') }}
),

names as (
    select
        {{ clean_text('property.name') }} as property_name,
        trim({{ plain_words('property.name') }}) as property_words
    from line_properties
)

select
    'shopify' as system,
    'line property' as field,
    names.property_words as value,
    'option_names' as seed_name,
    count(*) as row_count
from names
left join {{ ref('option_names') }} as known on names.property_words = known.property_name
where
    known.property_name is null
    and names.property_words <> ''
    and names.property_name not like '!_%' escape '!'
    and not {{ matches('names.property_name', '@') }}
group by names.property_words
