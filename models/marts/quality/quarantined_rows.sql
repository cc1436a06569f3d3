-- Grain: one raw row that was refused, copies counted. raw_row may hold personal data: it is for the people who
-- repair the source. It is null where the row mentions somebody who asked to be forgotten: an address, a number to
-- call, or an id of that person.
with

refused as (
    {%- for base in base_models() %}
    {%- set table_name = "'" ~ base.tables[0] ~ "'" if base.tables | length == 1 else 'raw_table' %}
    {{ 'union all' if not loop.first }}
    select
        '{{ base.system }}' as system,
        {{ table_name }} as table_name,
        {{ refused_row_key(base) }} as record_key,
        quarantine_reason as reason,
        raw_row,
        count(*) as row_count
    from {{ ref(base.model) }}
    where row_status = 'quarantined'
    group by {{ table_name ~ ', ' if base.tables | length > 1 }}quarantine_reason, raw_row
    {%- endfor %}
),

keys as (
    select * from {{ ref('erasures') }}
),

forgotten as (
    select
        case when key_type in ('email', 'phone_tail') then key_type else 'id' end as key_type,
        case when key_type in ('email', 'phone_tail') then key_value else {{ last_part('key_value') }} end as key_value
    from keys
),

words as (
    select
        record_key,
        'email' as key_type,
        {{ explode(all_matches('raw_row', '[^ "<>,;:]+@[^ "<>,;:]+')) }} as word
    from refused
    union
    select
        record_key,
        'id' as key_type,
        {{ explode(all_matches('raw_row', '[A-Za-z0-9_-]{6,}')) }} as word
    from refused
    union
    select
        record_key,
        'phone_tail' as key_type,
        {{ explode(all_matches('raw_row', '[0-9][^A-Za-z",:]{6,}[0-9]')) }} as word
    from refused
),

mentioned as (
    select
        record_key,
        key_type,
        case key_type
            when 'email' then {{ shown_identifier('key_type', email_match('word')) }}
            when 'phone_tail' then {{ phone_tail_key('word') }}
            else word
        end as key_value
    from words
),

redacted as (
    select distinct mentioned.record_key
    from mentioned
    inner join forgotten on mentioned.key_type = forgotten.key_type and mentioned.key_value = forgotten.key_value
)

select
    refused.system,
    refused.table_name,
    refused.record_key,
    refused.reason,
    case when redacted.record_key is null and refused.raw_row not like 'erased:%' then refused.raw_row end as raw_row,
    refused.row_count
from refused
left join redacted on refused.record_key = redacted.record_key
