-- One row per raw row of yotpo.raw_data. A request is known by recipient, order, product, reminder and time of
-- sending; later loads of it know more of what became of it.
{%- set times = [
    'opened', 'clicked_through', 'content_creation', 'unsubscribed', 'marked_spam', 'failed', 'invalid_address',
] -%}
{%- set reasons = {
    'email_address is missing': clean_text('raw_requests.email_address') ~ ' is null',
    'email_sent_timestamp is not a time': unreadable('raw_requests.email_sent_timestamp', 'timestamp'),
    'email_sent_timestamp lies in the future': in_the_future(
        to_utc('raw_requests.email_sent_timestamp'), to_utc('raw_requests._airbyte_extracted_at')
    ),
} -%}
{%- for time in times -%}
    {%- do reasons.update({
        time ~ '_timestamp is not a time': unreadable('raw_requests.' ~ time ~ '_timestamp', 'timestamp')
    }) -%}
{%- endfor %}
with

raw_requests as (
    select * from {{ source('yotpo', 'raw_data') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

typed as (
    select
        lower({{ clean_text('raw_requests.email_address') }}) as email,
        {{ clean_text('raw_requests.order_id') }} as order_reference,
        {{ clean_text('raw_requests.product_id') }} as product_id,
        lower({{ clean_text('raw_requests.email_type') }}) as email_type,
        {{ whole_number('raw_requests.reminder_num') }} as reminder_number,
        {{ to_utc('raw_requests.email_sent_timestamp') }} as sent_at,
        {%- for time in times %}
        {{ to_utc('raw_requests.' ~ time ~ '_timestamp') }} as {{ time }}_at,
        {%- endfor %}
        {{ clean_text('raw_requests.coupon_code') }} as coupon_code,
        {{ any_element(
            parse_json('raw_requests._airbyte_meta', {'changes': [{'field': 'string'}]}) ~ '.changes',
            "element.field = 'coupon_code'"
        ) }} as is_coupon_lost,
        {{ to_utc('raw_requests._airbyte_extracted_at') }} as loaded_at,
        {{ refuse('raw_requests', reasons) }}
    from raw_requests
    cross join point_in_time
)

select
    email,
    order_reference,
    product_id,
    email_type,
    reminder_number,
    sent_at,
    opened_at,
    clicked_through_at as clicked_at,
    content_creation_at as reviewed_at,
    unsubscribed_at,
    marked_spam_at as complained_at,
    failed_at,
    invalid_address_at as bounced_at,
    -- A code with letters is lost on the way in; that there was one is not.
    coupon_code is not null or is_coupon_lost as has_coupon,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['email', 'order_reference', 'product_id', 'reminder_number', 'sent_at', 'email_type'],
        content=['coupon_code', 'is_coupon_lost', 'opened_at', 'clicked_through_at', 'content_creation_at',
            'unsubscribed_at', 'marked_spam_at', 'failed_at', 'invalid_address_at']
    ) }}
from typed
