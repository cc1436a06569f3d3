-- One row per raw row of gorgias.customers. Overwritten by Gorgias: it cannot be rewound.
with

raw_customers as (
    select * from {{ source('gorgias', 'customers') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

typed as (
    select
        cast({{ whole_number('raw_customers.id') }} as string) as gorgias_customer_id,
        {{ clean_text('raw_customers.email') }} as email,
        {{ clean_text('raw_customers.external_id') }} as external_id,
        {{ clean_text('raw_customers.name') }} as full_name,
        {{ to_utc('raw_customers.created_datetime') }} as created_at,
        {{ to_utc('raw_customers.updated_datetime') }} as updated_at,
        {{ to_utc('raw_customers._airbyte_extracted_at') }} as loaded_at,
        point_in_time.cut_at,
        {{ refuse('raw_customers', {
            'id is missing or not a number': whole_number('raw_customers.id') ~ ' is null',
        }) }}
    from raw_customers
    cross join point_in_time
)

select
    gorgias_customer_id,
    email,
    external_id,
    full_name,
    created_at,
    updated_at,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['gorgias_customer_id'],
        changed_at='updated_at',
        content=['email', 'external_id', 'full_name', 'created_at']
    ) }}
from typed
