-- One row per raw row of aftership.trackings, JSON parsed once. Dates of promise and delivery are read as the
-- recipient's calendar shows them. A promise is the latest day of its range, as the first version of the tracking that
-- has one says it.
{%- set first_known = {} -%}
{%- for column in ['order_promised_on', 'first_estimated_on', 'courier_estimated_on'] -%}
    {%- set sql %}
        first_value({{ column }}) over (
            partition by tracking_id, quarantine_reason is null
            order by
                case when updated_at >= cut_at then 1 else 0 end,
                case when {{ column }} is null then 1 else 0 end,
                updated_at, loaded_at, {{ column }}
            rows between unbounded preceding and unbounded following
        )
    {%- endset -%}
    {%- do first_known.update({column: sql}) -%}
{%- endfor %}
with

raw_trackings as (
    select * from {{ source('aftership', 'trackings') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

parsed as (
    select
        raw_trackings.*,
        {{ parse_json('raw_trackings.checkpoints', [{
            'created_at': 'string', 'checkpoint_time': 'string', 'tag': 'string', 'subtag': 'string',
        }]) }} as scans,
        {{ parse_json('raw_trackings.order_promised_delivery_date', {
            'promised_delivery_date': 'string', 'promised_delivery_date_max': 'string',
        }) }} as promised,
        {{ parse_json('raw_trackings.first_estimated_delivery', {'datetime': 'string', 'datetime_max': 'string'}) }}
            as first_estimate,
        {{ parse_json('raw_trackings.courier_estimated_delivery_date', {
            'estimated_delivery_date': 'string', 'estimated_delivery_date_max': 'string',
        }) }} as courier_estimate,
        {{ parse_json('raw_trackings.customers', [{
            'role': 'string', 'name': 'string', 'email': 'string', 'phone_number': 'string',
        }]) }}
            as people,
        replace(raw_trackings.order_promised_delivery_date, '"', '') as promised_text
    from raw_trackings
),

typed as (
    select
        {{ clean_text('parsed.id') }} as tracking_id,
        upper({{ clean_text('parsed.tracking_number') }}) as tracking_number,
        lower({{ clean_text('parsed.slug') }}) as carrier,
        {{ clean_text('parsed.shipment_type') }} as service,
        {{ to_utc('parsed.created_at') }} as created_at,
        coalesce({{ to_utc('parsed.updated_at') }}, {{ to_utc('parsed.created_at') }}) as updated_at,
        lower({{ clean_text('parsed.tag') }}) as tag,
        lower({{ clean_text('parsed.subtag') }}) as subtag,
        {{ clean_text('parsed.order_id') }} as order_reference,
        {{ clean_text('parsed.order_number') }} as order_label,
        coalesce(
            {{ to_local_date('parsed.shipment_pickup_date') }}, {{ to_local_date('parsed.tracking_ship_date') }}
        ) as picked_up_on,
        {{ to_local_date('parsed.shipment_delivery_date') }} as delivered_on,
        {{ to_local_date('parsed.first_attempted_at') }} as first_attempted_on,
        coalesce(
            {{ to_local_date('parsed.promised.promised_delivery_date_max') }},
            {{ to_local_date('parsed.promised.promised_delivery_date') }},
            {{ to_local_date('parsed.promised_text') }}
        ) as order_promised_on,
        coalesce(
            {{ to_local_date('parsed.first_estimate.datetime_max') }},
            {{ to_local_date('parsed.first_estimate.datetime') }}
        ) as first_estimated_on,
        coalesce(
            {{ to_local_date('parsed.courier_estimate.estimated_delivery_date_max') }},
            {{ to_local_date('parsed.courier_estimate.estimated_delivery_date') }}
        ) as courier_estimated_on,
        -- The API writes the word null for a direction that it does not know.
        coalesce(lower({{ clean_text('parsed.shipment_direction') }}), 'null') = 'return' as is_return_leg,
        parsed.people,
        upper({{ clean_text('parsed.destination_country_region') }}) as country_code,
        parsed.scans,
        parsed.checkpoints as checkpoints_text,
        parsed.customers as customers_text,
        {{ to_utc('parsed._airbyte_extracted_at') }} as loaded_at,
        point_in_time.cut_at,
        {{ refuse('parsed', {
            'id is missing': clean_text('parsed.id') ~ ' is null',
            'created_at is not a time': to_utc('parsed.created_at') ~ ' is null',
            'updated_at is not a time': unreadable('parsed.updated_at', 'timestamp'),
            'checkpoints is not a list of objects': unreadable_json('parsed.checkpoints', 'parsed.scans'),
            'shipment_delivery_date is not a time': unreadable('parsed.shipment_delivery_date', 'timestamp'),
        }) }}
    from parsed
    cross join point_in_time
)

select
    tracking_id,
    tracking_number,
    carrier,
    service,
    created_at,
    updated_at,
    tag,
    subtag,
    order_reference,
    order_label,
    picked_up_on,
    delivered_on,
    first_attempted_on,
    {{ first_known['order_promised_on'] | trim }} as order_promised_on,
    {{ first_known['first_estimated_on'] | trim }} as first_estimated_on,
    {{ first_known['courier_estimated_on'] | trim }} as courier_estimated_on,
    is_return_leg,
    people,
    country_code,
    scans,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['tracking_id'],
        changed_at='updated_at',
        content=['tag', 'subtag', 'checkpoints_text', 'delivered_on', 'first_attempted_on', 'picked_up_on',
            'order_reference', 'order_label', 'tracking_number', 'carrier', 'service', 'created_at', 'is_return_leg',
            'country_code', 'customers_text']
    ) }}
from typed
