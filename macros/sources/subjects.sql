{#
    The canonical shape of every subject, declared once. Each system contributes int_<subject>__<system> with these
    columns; a relation of your own joins through the var custom_<subject>. Above this union nothing is about a system.
#}
{% macro subjects() %}
    {%- do return({
        'orders': {
            'order_id': 'string', 'source_name': 'string', 'source_order_id': 'string', 'store_id': 'string',
            'ordered_at': 'timestamp', 'fulfilled_at': 'timestamp', 'cancelled_at': 'timestamp', 'payment_state': 'string',
            'is_test': 'boolean', 'sales_channel': 'string', 'order_source': 'string', 'country_code': 'string',
            'currency_code': 'string', 'tax_amount': 'decimal(18, 2)', 'shipping_amount': 'decimal(18, 2)',
            'tip_amount': 'decimal(18, 2)', 'tags': 'string', 'order_name': 'string',
        },
        'order_lines': {
            'order_line_id': 'string', 'order_id': 'string', 'product_key': 'string', 'product_id': 'string',
            'variant_id': 'string', 'sku': 'string', 'product_title': 'string', 'quantity': 'decimal(18, 4)',
            'gross_amount': 'decimal(18, 2)', 'discount_amount': 'decimal(18, 2)', 'is_gift_card': 'boolean',
        },
        'order_line_options': {
            'order_line_id': 'string', 'source_name': 'string', 'option_name': 'string', 'option_value': 'string',
        },
        'refunds': {
            'refund_line_id': 'string', 'refund_id': 'string', 'source_name': 'string', 'source_record_id': 'string',
            'order_id': 'string', 'order_line_id': 'string', 'refunded_at': 'timestamp', 'kind': 'string',
            'quantity': 'decimal(18, 4)', 'amount': 'decimal(18, 2)', 'tax_amount': 'decimal(18, 2)',
            'has_moved_money': 'boolean', 'sales_channel': 'string', 'currency_code': 'string',
        },
        'products': {
            'product_key': 'string', 'source_name': 'string', 'variant_id': 'string', 'product_id': 'string',
            'sku': 'string', 'product_title': 'string', 'brand': 'string', 'category': 'string', 'is_gift_card': 'boolean',
        },
        'subscriptions': {
            'subscription_id': 'string', 'source_name': 'string', 'source_record_type': 'string',
            'source_record_id': 'string', 'started_at': 'timestamp', 'product_id': 'string', 'variant_id': 'string',
            'sku': 'string', 'product_title': 'string', 'quantity': 'bigint', 'unit_price': 'decimal(18, 2)',
            'currency_code': 'string', 'interval_unit': 'string', 'interval_count': 'bigint', 'is_prepaid': 'boolean',
            'next_charge_on': 'date', 'cancellation_reason': 'string', 'is_out_of_retries': 'boolean',
        },
        'subscription_events': {
            'event_id': 'string', 'subscription_id': 'string', 'source_name': 'string', 'event_type': 'string',
            'occurred_at': 'timestamp', 'charge_id': 'string', 'charge_type': 'string', 'scheduled_on': 'date',
            'order_reference': 'string',
        },
        'shipments': {
            'shipment_id': 'string', 'source_name': 'string', 'source_record_type': 'string',
            'source_record_id': 'string', 'is_tracked': 'boolean', 'order_reference': 'string', 'order_label': 'string',
            'tracking_number': 'string', 'carrier': 'string', 'service': 'string', 'country_code': 'string',
            'created_at': 'timestamp', 'promised_on': 'date', 'promise_source': 'string', 'shipped_on': 'date',
            'first_attempted_on': 'date', 'delivered_on': 'date', 'shipment_state': 'string', 'is_scanned': 'boolean',
            'exception_state': 'string', 'exception_opened_at': 'timestamp', 'exception_resolved_at': 'timestamp',
        },
        'returns': {
            'return_id': 'string', 'source_name': 'string', 'source_record_type': 'string',
            'source_record_id': 'string', 'rma_number': 'string', 'order_reference': 'string', 'order_label': 'string',
            'filed_by': 'string', 'requested_at': 'timestamp', 'approved_at': 'timestamp', 'rejected_at': 'timestamp',
            'refunded_at': 'timestamp', 'resolved_at': 'timestamp', 'expired_at': 'timestamp', 'outcome': 'string',
            'refunded_amount': 'decimal(18, 2)', 'currency_code': 'string', 'exchange_order_reference': 'string',
        },
        'return_lines': {
            'return_line_id': 'string', 'return_id': 'string', 'order_line_reference': 'string', 'product_id': 'string',
            'variant_id': 'string', 'sku': 'string', 'reason': 'string', 'subreason': 'string',
            'quantity': 'bigint', 'received_quantity': 'bigint',
        },
        'tickets': {
            'ticket_id': 'string', 'source_name': 'string', 'source_record_type': 'string',
            'source_record_id': 'string', 'channel': 'string', 'priority': 'string', 'opened_at': 'timestamp',
            'closed_at': 'timestamp', 'subject': 'string', 'excerpt': 'string', 'has_message_stream': 'boolean',
            'first_contacted_at': 'timestamp', 'first_responded_at': 'timestamp', 'csat_score': 'bigint',
            'csat_sent_at': 'timestamp', 'csat_scored_at': 'timestamp', 'csat_comment': 'string',
        },
        'ticket_labels': {
            'ticket_id': 'string', 'source_name': 'string', 'label_source': 'string', 'label': 'string',
        },
        'web_events': {
            'event_id': 'string', 'source_name': 'string', 'source_record_type': 'string', 'source_record_id': 'string',
            'anonymous_id': 'string', 'event_name': 'string', 'occurred_at': 'timestamp',
            'url': 'string', 'path': 'string', 'referrer': 'string', 'campaign_source': 'string',
            'campaign_medium': 'string', 'campaign_name': 'string', 'user_agent': 'string', 'product_id': 'string',
            'sku': 'string', 'quantity': 'decimal(18, 4)', 'order_reference': 'string', 'event_value': 'decimal(18, 2)',
            'currency_code': 'string',
        },
        'referrals': {
            'referral_id': 'string', 'source_name': 'string', 'code': 'string', 'advocate_record_type': 'string',
            'advocate_record_id': 'string', 'friend_record_type': 'string', 'friend_record_id': 'string',
            'referral_state': 'string', 'invited_at': 'timestamp', 'completed_at': 'timestamp',
            'order_reference': 'string',
        },
        'loyalty_bookings': {
            'booking_id': 'string', 'source_name': 'string', 'programme': 'string', 'member_id': 'string',
            'source_record_type': 'string', 'source_record_id': 'string', 'booked_at': 'timestamp', 'entry_type': 'string',
            'points': 'decimal(18, 2)', 'activation': 'string', 'active_at': 'timestamp', 'expiry': 'string',
            'expires_at': 'timestamp', 'order_reference': 'string', 'reason': 'string',
        },
        'loyalty_snapshots': {
            'source_name': 'string', 'programme': 'string', 'member_id': 'string', 'told_at': 'timestamp',
            'points_available': 'decimal(18, 2)', 'points_pending': 'decimal(18, 2)', 'points_expired': 'decimal(18, 2)',
            'tier': 'string',
        },
        'messages': {
            'message_id': 'string', 'source_name': 'string', 'source_record_type': 'string', 'source_record_id': 'string',
            'channel': 'string', 'campaign_id': 'string', 'campaign': 'string', 'sent_at': 'timestamp',
            'delivered_at': 'timestamp', 'opened_at': 'timestamp', 'machine_opened_at': 'timestamp',
            'clicked_at': 'timestamp', 'bounced_at': 'timestamp', 'failed_at': 'timestamp',
            'unsubscribed_at': 'timestamp', 'complained_at': 'timestamp',
        },
        'consent_events': {
            'source_name': 'string', 'source_record_type': 'string', 'source_record_id': 'string', 'channel': 'string',
            'purpose': 'string', 'state': 'string', 'occurred_at': 'timestamp', 'address': 'string', 'method': 'string',
            'evidence': 'string',
        },
        'reviews': {
            'review_id': 'string', 'source_name': 'string', 'source_record_type': 'string', 'source_record_id': 'string',
            'product_id': 'string', 'order_reference': 'string', 'is_site_review': 'boolean', 'score': 'bigint',
            'sentiment': 'decimal(18, 4)', 'title': 'string', 'body': 'string', 'reviewed_at': 'timestamp',
            'is_published': 'boolean', 'is_verified_buyer': 'boolean', 'is_incentivized': 'boolean',
            'incentive_type': 'string', 'votes_up': 'bigint', 'votes_down': 'bigint',
        },
        'customer_records': {
            'source_name': 'string', 'source_record_type': 'string', 'source_record_id': 'string',
            'recorded_at': 'timestamp', 'platform_customer_id': 'string', 'loyalty_id': 'string', 'email': 'string',
            'phone': 'string', 'first_name': 'string', 'last_name': 'string', 'is_email_verified': 'boolean',
            'country_code': 'string',
        },
        'identity_truth': {
            'source_name': 'string', 'source_record_type': 'string', 'source_record_id': 'string', 'person_id': 'string',
        },
    }) -%}
{% endmacro %}


{% macro union_subject(subject, systems) -%}
    {%- set relations = [] -%}
    {%- for system in systems -%}
        {%- do relations.append(ref('int_' ~ subject ~ '__' ~ system)) -%}
    {%- endfor -%}
    {%- if var('custom_' ~ subject) -%}
        {%- do relations.append(var('custom_' ~ subject)) -%}
    {%- endif -%}
    {%- set columns = perennial.subjects()[subject] -%}
    {%- for relation in relations %}
{{ 'union all' if not loop.first }}
select
    {%- for name, type in columns.items() %}
    cast({{ name }} as {{ type }}) as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
from {{ relation }}
    {%- else %}
select
        {%- for name, type in columns.items() %}
    cast(null as {{ type }}) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
where false
    {%- endfor %}
{%- endmacro %}
