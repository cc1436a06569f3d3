-- One row per raw row of recharge.customers. Overwritten by Recharge: it cannot be rewound.
with

raw_customers as (
    select * from {{ source('recharge', 'customers') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

typed as (
    select
        cast({{ whole_number('raw_customers.id') }} as string) as recharge_customer_id,
        {{ shop_reference('raw_customers.external_customer_id', 'raw_customers.shopify_customer_id') }}
            as shopify_customer_id,
        {{ clean_text('raw_customers.email') }} as email,
        {{ clean_text('raw_customers.phone') }} as phone,
        {{ clean_text('raw_customers.first_name') }} as first_name,
        {{ clean_text('raw_customers.last_name') }} as last_name,
        {{ to_flag('raw_customers.has_payment_method_in_dunning') }} as is_in_dunning,
        {{ to_utc_in('raw_customers.created_at', 'point_in_time.reporting_timezone') }} as created_at,
        {{ to_utc_in('raw_customers.updated_at', 'point_in_time.reporting_timezone') }} as updated_at,
        {{ to_utc('raw_customers._airbyte_extracted_at') }} as loaded_at,
        point_in_time.cut_at,
        {{ refuse('raw_customers', {
            'id is missing or not a number': whole_number('raw_customers.id') ~ ' is null',
        }) }}
    from raw_customers
    cross join point_in_time
)

select
    recharge_customer_id,
    shopify_customer_id,
    email,
    phone,
    first_name,
    last_name,
    is_in_dunning,
    created_at,
    updated_at,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['recharge_customer_id'],
        changed_at='updated_at',
        content=['email', 'shopify_customer_id', 'phone', 'first_name', 'last_name', 'is_in_dunning', 'created_at']
    ) }}
from typed
