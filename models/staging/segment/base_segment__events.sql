-- One row per raw row of Segment's pages, tracks and event tables. An event with a table of its own stands in tracks
-- too: the row that has its properties counts. Events older than their delivery are fine, newer ones are not.
{%- set columns = [
    'id', 'anonymous_id', 'user_id', 'timestamp', 'received_at', 'event', 'event_text', 'url', 'path', 'referrer',
    'context_page_url', 'context_page_path', 'context_page_referrer', 'context_campaign_source',
    'context_campaign_medium', 'context_campaign_name', 'context_user_agent', 'product_id', 'sku', 'price', 'quantity',
    'order_id', 'revenue', 'total', 'currency',
] -%}
{%- set of_pages = ['url', 'path', 'referrer'] -%}
{%- set of_events = [
    'event', 'event_text', 'product_id', 'sku', 'price', 'quantity', 'order_id', 'revenue', 'total', 'currency',
] %}
with

raw_events as (
    {%- for table in segment_event_tables() %}
    {{ 'union all' if not loop.first }}
    select
        '{{ table }}' as raw_table,
        {%- for column in columns %}
        {% if column in (of_events if table == 'pages' else of_pages) -%}
        cast(null as string)
        {%- elif column in ['timestamp', 'received_at'] -%}
        {{ to_utc(table ~ '.' ~ column) }}
        {%- else -%}
        {{ clean_text(table ~ '.' ~ column) }}
        {%- endif %} as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ source('segment', table) }} as {{ table }}
    where {{ loaded_in_time(table ~ '.received_at') }}
    {%- endfor %}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

typed as (
    select
        raw_events.raw_table,
        raw_events.id as event_id,
        raw_events.anonymous_id,
        {{ folded_id('raw_events.user_id') }} as user_id,
        coalesce(raw_events.timestamp, raw_events.received_at) as occurred_at,
        lower(coalesce(raw_events.event, raw_events.event_text, raw_events.raw_table)) as event_name,
        coalesce(raw_events.url, raw_events.context_page_url) as url,
        coalesce(raw_events.path, raw_events.context_page_path) as path,
        coalesce(raw_events.referrer, raw_events.context_page_referrer) as referrer,
        lower(raw_events.context_campaign_source) as campaign_source,
        lower(raw_events.context_campaign_medium) as campaign_medium,
        raw_events.context_campaign_name as campaign_name,
        raw_events.context_user_agent as user_agent,
        raw_events.product_id,
        raw_events.sku,
        try_cast(raw_events.quantity as decimal(18, 4)) as quantity,
        raw_events.order_id as order_reference,
        coalesce(
            try_cast(raw_events.revenue as decimal(18, 2)),
            try_cast(raw_events.total as decimal(18, 2)),
            try_cast(
                try_cast(raw_events.price as decimal(19, 4))
                * coalesce(try_cast(raw_events.quantity as decimal(18, 4)), 1) as decimal(18, 2)
            )
        ) as event_value,
        upper(raw_events.currency) as currency_code,
        raw_events.received_at as loaded_at,
        {{ refuse('raw_events', {
            'id is missing': 'raw_events.id is null',
            'neither timestamp nor received_at is a time':
                'coalesce(raw_events.timestamp, raw_events.received_at) is null',
            'neither anonymous_id nor user_id is given':
                'coalesce(raw_events.anonymous_id, raw_events.user_id) is null',
            'timestamp lies before the earliest plausible year':
                'year(raw_events.timestamp) < ' ~ threshold('earliest_plausible_year'),
            'timestamp lies in the future': in_the_future('raw_events.timestamp', 'raw_events.received_at'),
        }) }}
    from raw_events
    cross join point_in_time
)

select
    raw_table,
    event_id,
    anonymous_id,
    user_id,
    occurred_at,
    event_name,
    url,
    path,
    referrer,
    campaign_source,
    campaign_medium,
    campaign_name,
    user_agent,
    product_id,
    sku,
    quantity,
    order_reference,
    event_value,
    currency_code,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['event_id'],
        content=['raw_table', 'occurred_at', 'user_id', 'anonymous_id', 'url', 'product_id', 'order_reference', 'path',
            'referrer', 'campaign_source', 'campaign_medium', 'campaign_name', 'user_agent', 'event_name', 'sku',
            'quantity'],
        last_choice="raw_table = 'tracks'"
    ) }}
from typed
