-- One text that says what a ticket is about: a tag or the value of a ticket field.
with

tickets as (
    select * from {{ ref('base_gorgias__tickets') }}
    where row_status = 'staged'
),

tags as (
    select
        ticket_id,
        {{ explode('tag_list') }} as tag
    from tickets
),

fields as (
    select
        ticket_id,
        {{ explode('fields') }} as field
    from tickets
)

select distinct
    ticket_id,
    'tag' as label_source,
    {{ clean_text('tag.name') }} as label
from tags
where {{ clean_text('tag.name') }} is not null
union all
select distinct
    ticket_id,
    'custom_field' as label_source,
    {{ clean_text('field.value') }} as label
from fields
where {{ clean_text('field.value') }} is not null
