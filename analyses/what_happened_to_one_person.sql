-- What was there between us and one person? Contacts, records, orders, tickets and messages in one timeline, for
-- whoever --vars 'customer_id: ...' names, else for the one known to most systems. Shows personal data; dbt show wants
-- --limit 500 --output json for all of it.
with

chosen as (
    select customer_id
    from {{ ref('customers') }}
    {% if var('customer_id', none) -%}
    where customer_id = '{{ var("customer_id") }}'
    {%- else -%}
    order by source_count desc, order_count desc, customer_id asc
    limit 1
    {%- endif %}
),

contacts as (
    select * from {{ ref('customer_contacts') }}
),

records as (
    select * from {{ ref('int_identity__records') }}
    where source_record_type not in ('order', 'sale', 'ticket')
),

story as (
    select
        customer_id,
        email_seen_at as happened_at,
        'contact' as what,
        email_source as source_name,
        concat_ws(' ', 'e-mail', email, 'in', cast(email_record_count as string), 'records') as told
    from contacts
    where email is not null
    union all
    select
        customer_id,
        phone_seen_at as happened_at,
        'contact' as what,
        phone_source as source_name,
        concat_ws(' ', 'phone', phone_e164, 'in', cast(phone_record_count as string), 'records') as told
    from contacts
    where phone_e164 is not null
    union all
    select
        customer_id,
        name_seen_at as happened_at,
        'contact' as what,
        name_source as source_name,
        concat_ws(' ', 'name', first_name, last_name, 'in', cast(name_record_count as string), 'records') as told
    from contacts
    where coalesce(first_name, last_name) is not null
    union all
    select
        customer_id,
        recorded_at as happened_at,
        'record' as what,
        source_name,
        concat_ws(' ', source_record_type, source_record_id) as told
    from records
    union all
    select
        customer_id,
        ordered_at as happened_at,
        'order' as what,
        source_name,
        concat_ws(
            ' ', sales_channel, source_order_id, cast(net_revenue as string), currency_code,
            coalesce('does not count: ' || invalid_reason, 'order ' || cast(order_sequence as string))
        ) as told
    from {{ ref('orders') }}
    union all
    select
        customer_id,
        opened_at as happened_at,
        'ticket' as what,
        source_name,
        concat_ws(' ', channel, coalesce(topic, 'without topic'), response_state, subject) as told
    from {{ ref('tickets') }}
    union all
    select
        customer_id,
        messaged_at as happened_at,
        'message' as what,
        source_name,
        concat_ws(
            ' ', channel, coalesce(campaign, campaign_id), case when opened_at is not null then 'opened' end,
            case when clicked_at is not null then 'clicked' end, case when bounced_at is not null then 'bounced' end
        ) as told
    from {{ ref('messages') }}
)

select
    story.happened_at,
    story.what,
    story.source_name,
    story.told
from story
inner join chosen on story.customer_id = chosen.customer_id
order by story.happened_at asc nulls first, story.what asc, story.source_name asc, story.told asc
