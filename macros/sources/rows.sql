{#
    What becomes of a raw row: every base model carries quarantine_reason, raw_row and row_status, and
    quality.row_accounting adds them up.
#}

{# Rows loaded after the var loaded_until are not seen by anything. #}
{% macro loaded_in_time(loaded_at) -%}
    {%- if var('loaded_until') -%}
        ({{ loaded_at }} is null or {{ to_utc(loaded_at) }} < {{ add_days("date '" ~ var('loaded_until') ~ "'", 1) }})
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}


{# Two columns: the first reason for which a raw row cannot be used, and that row as JSON. `reasons` maps text to condition. #}
{% macro refuse(raw_alias, reasons) -%}
    case
        {%- for reason, condition in reasons.items() %}
            when {{ condition }} then '{{ reason }}'
        {%- endfor %}
        end as quarantine_reason,
        case
            when {{ reasons.values() | join(' or ') }} then {{ row_to_json(raw_alias) }}
        end as raw_row
{%- endmacro %}


{# A value that was given but cannot be read as its type. #}
{% macro unreadable(column, type) -%}
    {%- set value = to_utc(column) if type == 'timestamp' else 'try_cast(' ~ column ~ ' as ' ~ type ~ ')' -%}
    ({{ clean_text(column) }} is not null and {{ value }} is null)
{%- endmacro %}


{# JSON that was given but does not have the shape it was parsed with; JSON's own null is not given. #}
{% macro unreadable_json(column, parsed) -%}
    (coalesce({{ clean_text(column) }}, 'null') <> 'null' and {{ parsed }} is null)
{%- endmacro %}


{#
    The row's status. Of several rows with one key the newest counts: by change column among the versions that
    existed at the cut (the oldest later one if there is none), then by load time, then by content, so that the order
    of arrival never matters. The others are duplicates.
#}
{% macro row_status(key, content, changed_at=none, loaded_at='loaded_at', is_removed='false', last_choice=none) -%}
    case
            when quarantine_reason is not null then 'quarantined'
            when {{ is_removed }} then 'tombstone'
            when row_number() over (
                partition by {{ key | join(', ') }}, quarantine_reason is null, {{ is_removed }}
                order by
                    {%- if last_choice %}
                    {{ last_choice }} asc,
                    {%- endif %}
                    {%- if changed_at %}
                    case when {{ changed_at }} < cut_at then {{ changed_at }} end desc nulls last,
                    {{ changed_at }} asc nulls last,
                    {%- endif %}
                    {{ loaded_at }} desc nulls last
                    {%- for column in content %},
                    {{ column }} asc nulls last
                    {%- endfor %}
            ) > 1 then 'duplicate'
            else 'staged'
        end as row_status
{%- endmacro %}


{# A number from seeds/thresholds.csv. #}
{% macro threshold(name) -%}
    (select max(value) from {{ ref('thresholds') }} where name = '{{ name }}')
{%- endmacro %}


{#
    Every raw table and the base model that accounts for its rows. A model that stands for several tables of one shape,
    written as {model: [tables]}, says in raw_table which one a row came from.
#}
{% macro base_models() %}
    {%- set models = [] -%}
    {%- for system, tables in {
        'pos': ['sales', 'sale_lines'],
        'shopify': shopify_base_models(),
        'talon_one': [
            'loyalty_programs', 'loyalty_transactions', 'loyalty_balances', 'customers_tiers', 'customer_profiles',
            'customer_sessions', 'effects', 'campaigns', 'coupons', 'referrals',
        ],
        'yotpo_loyalty': ['customers'],
        'segment': [{'events': segment_event_tables()}, 'identifies'],
        'privacy': ['erasure_requests'],
        'braze': [
            {'message_events': braze_tables('message_events').keys() | list},
            {'subscription_changes': braze_tables('subscription_changes').keys() | list},
            {'campaign_events': braze_tables('campaign_events').keys() | list},
            {'user_events': braze_tables('user_events').keys() | list},
        ],
        'klaviyo': ['events', 'profiles', {'names': ['metrics', 'campaigns', 'flows']}],
        'yotpo': ['reviews', 'raw_data', 'unsubscribers'],
        'barilliance': [
            'sent_emails', {'addresses': ['collected_emails', 'optout_emails']}, 'triggered_emails_report',
        ],
        'recharge': ['subscriptions', 'charges', 'customers', 'events'],
        'aftership': ['trackings', 'returns'],
        'gorgias': ['tickets', 'messages', 'satisfaction_surveys', 'customers'],
    }.items() -%}
        {%- for table in tables -%}
            {%- set name, raw_tables = (table.items() | first) if table is mapping else (table, [table]) -%}
            {%- do models.append({'system': system, 'model': 'base_' ~ system ~ '__' ~ name, 'tables': raw_tables}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- do return(models) -%}
{% endmacro %}


{# Pages and events of Segment have one shape and one base model. #}
{% macro segment_event_tables() %}
    {%- do return([
        'pages', 'tracks', 'product_viewed', 'product_clicked', 'products_searched', 'product_added', 'product_removed',
        'coupon_applied', 'checkout_started', 'order_completed',
    ]) -%}
{% endmacro %}


{# The column that says when a raw row was delivered. #}
{% macro loaded_at_of(system) %}
    {%- do return({
        'pos': '_loaded_at',
        'shopify': '_fivetran_synced' if var('shopify_loader') == 'fivetran' else '_airbyte_extracted_at',
        'segment': 'received_at',
        'privacy': '_loaded_at',
        'braze': '_loaded_at',
    }.get(system, '_airbyte_extracted_at')) -%}
{% endmacro %}


{# Later than its own load allows; without a load time, beyond the gap that point_in_time found. #}
{% macro in_the_future(event_at, loaded_at) -%}
    (
        year({{ event_at }}) > {{ threshold('latest_plausible_year') }}
        or cast({{ event_at }} as date) >= coalesce(
            {{ add_days('cast(' ~ loaded_at ~ ' as date)', '1 + ' ~ threshold('future_tolerance_days')) }},
            point_in_time.implausible_from
        )
    )
{%- endmacro %}
