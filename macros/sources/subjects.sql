{#
    The canonical shape of every subject, declared once. Each system contributes int_<subject>__<system> with these
    columns; a relation of your own joins through the var custom_<subject>. Above this union nothing is about a system.
#}
{% macro subject_columns(subject) %}
    {%- set identity = {
        'platform_customer_id': 'string', 'loyalty_id': 'string', 'email': 'string', 'phone': 'string',
    } -%}
    {%- set columns = {
        'orders': {
            'order_id': 'string', 'source_name': 'string', 'source_order_id': 'string', 'store_id': 'string',
            'ordered_at': 'timestamp', 'fulfilled_at': 'timestamp', 'cancelled_at': 'timestamp', 'payment_state': 'string',
            'is_test': 'boolean', 'sales_channel': 'string', 'order_source': 'string', 'country_code': 'string',
            'currency_code': 'string', 'tax_amount': 'decimal(18, 2)', 'shipping_amount': 'decimal(18, 2)',
            'tip_amount': 'decimal(18, 2)', 'tags': 'string',
        },
        'order_lines': {
            'order_line_id': 'string', 'order_id': 'string', 'product_key': 'string', 'product_id': 'string',
            'variant_id': 'string', 'sku': 'string', 'product_title': 'string', 'quantity': 'decimal(18, 4)',
            'gross_amount': 'decimal(18, 2)', 'discount_amount': 'decimal(18, 2)', 'is_gift_card': 'boolean',
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
        'customer_records': {
            'source_name': 'string', 'source_record_type': 'string', 'source_record_id': 'string',
            'recorded_at': 'timestamp',
        },
    }[subject] -%}
    {%- if subject == 'customer_records' -%}
        {%- do columns.update(identity) -%}
    {%- endif -%}
    {%- do return(columns) -%}
{% endmacro %}


{% macro union_subject(subject, systems) -%}
    {%- set relations = [] -%}
    {%- for system in systems -%}
        {%- do relations.append(ref('int_' ~ subject ~ '__' ~ system)) -%}
    {%- endfor -%}
    {%- if var('custom_' ~ subject) -%}
        {%- do relations.append(var('custom_' ~ subject)) -%}
    {%- endif -%}
    {%- set columns = perennial.subject_columns(subject) -%}
    {%- for relation in relations %}
{{ 'union all' if not loop.first }}
select
    {%- for name, type in columns.items() %}
    cast({{ name }} as {{ type }}) as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
from {{ relation }}
    {%- endfor %}
{%- endmacro %}
