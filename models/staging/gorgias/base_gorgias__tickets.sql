-- One row per raw row of gorgias.tickets, JSON parsed once. Spam, trashed tickets and those that the shop opened are
-- staged with an exclusion_reason: they are no contacts, but a ticket comes back from the trash.
with

raw_tickets as (
    select * from {{ source('gorgias', 'tickets') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

parsed as (
    select
        raw_tickets.*,
        {{ parse_json('raw_tickets.customer', {'id': 'bigint', 'email': 'string', 'integrations': 'string'}) }}
            as person,
        {{ parse_json('raw_tickets.tags', [{'name': 'string'}]) }} as tag_list,
        {{ json_values('raw_tickets.custom_fields', {'value': 'string'}) }} as fields
    from raw_tickets
),

typed as (
    select
        cast({{ whole_number('parsed.id') }} as string) as ticket_id,
        {{ to_utc('parsed.created_datetime') }} as opened_at,
        {{ to_utc('parsed.updated_datetime') }} as updated_at,
        {{ to_utc('parsed.closed_datetime') }} as closed_at,
        {{ to_utc('parsed.trashed_datetime') }} as trashed_at,
        {{ to_flag('parsed.spam') }} as is_spam,
        {{ to_flag('parsed.from_agent') }} as is_from_agent,
        lower({{ clean_text('parsed.priority') }}) as priority,
        lower({{ clean_text('parsed.channel') }}) as channel,
        {{ clean_text('parsed.subject') }} as subject,
        {{ clean_text('parsed.excerpt') }} as excerpt,
        parsed.person,
        {{ clean_text('parsed.person.email') }} as email,
        {{ json_values('parsed.person.integrations', {
            '__integration_type__': 'string', 'customer': {'id': 'bigint'},
        }) }} as integrations,
        parsed.tag_list,
        parsed.fields,
        parsed.tags as tags_text,
        parsed.custom_fields as fields_text,
        {{ to_utc('parsed._airbyte_extracted_at') }} as loaded_at,
        point_in_time.cut_at,
        {{ refuse('parsed', {
            'id is missing or not a number': whole_number('parsed.id') ~ ' is null',
            'created_datetime is not a time': to_utc('parsed.created_datetime') ~ ' is null',
            'updated_datetime is not a time': unreadable('parsed.updated_datetime', 'timestamp'),
            'closed_datetime is not a time': unreadable('parsed.closed_datetime', 'timestamp'),
            'customer is not an object': unreadable_json('parsed.customer', 'parsed.person'),
            'tags is not a list of objects': unreadable_json('parsed.tags', 'parsed.tag_list'),
        }) }}
    from parsed
    cross join point_in_time
)

select
    ticket_id,
    opened_at,
    coalesce(updated_at, opened_at) as updated_at,
    case when closed_at < cut_at then closed_at end as closed_at,
    case
        when is_spam then 'spam'
        when trashed_at < cut_at then 'trashed'
        when is_from_agent then 'from_agent'
    end as exclusion_reason,
    priority,
    channel,
    subject,
    excerpt,
    cast(person.id as string) as gorgias_customer_id,
    email,
    integrations,
    tag_list,
    fields,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['ticket_id'],
        changed_at='coalesce(updated_at, opened_at)',
        content=['closed_at', 'trashed_at', 'is_spam', 'is_from_agent', 'tags_text', 'fields_text', 'channel',
            'priority', 'subject', 'excerpt', 'email', 'person.id', 'opened_at']
    ) }}
from typed
