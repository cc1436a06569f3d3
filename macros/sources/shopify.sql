{#
    Shopify comes through one of two loaders, named by the var shopify_loader. Airbyte keeps an order's parts inside it;
    Fivetran spreads them over tables and keeps deleted rows. Base models read the rows that shopify_rows gives, which
    have Airbyte's columns either way, so that nothing above them knows the loader.
#}

{# The raw table that says the same under the loader in use. #}
{% macro shopify_table(table) %}
    {%- set name = {
        'orders': 'order', 'order_refunds': 'refund', 'customers': 'customer', 'products': 'product',
        'product_variants': 'product_variant', 'transactions': 'transaction', 'fulfillments': 'fulfillment',
        'discount_codes': 'discount_code', 'abandoned_checkouts': 'abandoned_checkout', 'locations': 'location',
    }.get(table, table) if var('shopify_loader') == 'fivetran' else table -%}
    {%- do return(name) -%}
{% endmacro %}


{% macro shopify_base_models() %}
    {%- set models = [] -%}
    {%- for table in [
        'orders', 'order_refunds', 'customers', 'products', 'product_variants', 'transactions', 'fulfillments',
        'discount_codes', 'abandoned_checkouts', 'locations', 'shop',
    ] -%}
        {%- do models.append({table: [perennial.shopify_table(table)]}) -%}
    {%- endfor -%}
    {%- if var('shopify_loader') == 'fivetran' -%}
        {%- do models.append({'order_parts': perennial.shopify_order_parts().keys() | list}) -%}
    {%- endif -%}
    {%- do return(models) -%}
{% endmacro %}


{#
    Fivetran's tables of parts: what they are part of (owner), which part, and the columns by which Airbyte's JSON knows
    them.
#}
{% macro shopify_order_parts() %}
    {%- do return({
        'order_line': {'owner': 'order_id', 'part': 'id', 'columns': [
            'id', 'product_id', 'variant_id', 'sku', 'title', 'variant_title', 'vendor', 'quantity', 'price',
            'gift_card', 'total_discount',
        ], 'list': 'properties', 'is_deleted': '_fivetran_deleted'},
        'tax_line': {'owner': 'order_line_id', 'part': 'index', 'columns': ['price']},
        'discount_allocation': {'owner': 'order_line_id', 'part': 'index', 'columns': ['amount']},
        'order_discount_code': {'owner': 'order_id', 'part': 'index', 'columns': ['code', 'amount', 'type']},
        'order_shipping_line': {'owner': 'order_id', 'part': 'id', 'columns': ['price']},
        'order_tag': {'owner': 'order_id', 'part': 'index', 'columns': ['value']},
        'order_line_refund': {'owner': 'refund_id', 'part': 'id', 'columns': [
            'id', 'order_line_id as line_item_id', 'quantity', 'subtotal', 'total_tax', 'restock_type',
        ]},
        'order_adjustment': {'owner': 'refund_id', 'part': 'id', 'columns': ['id', 'kind', 'amount', 'tax_amount']},
        'customer_tag': {'owner': 'customer_id', 'part': 'index', 'columns': ['value']},
    }) -%}
{% endmacro %}


{#
    The raw rows of a table under Airbyte's column names: as they are, or put together from Fivetran's tables. What
    Fivetran does not tell is null.
#}
{% macro shopify_rows(table) -%}
    {%- set raw_table = source('shopify', perennial.shopify_table(table)) -%}
    {%- if var('shopify_loader') != 'fivetran' or table == 'shop' -%}
        {{- raw_table -}}
    {%- else -%}
        {%- set nested = {
            'orders': ['line_items', 'discount_codes', 'tags', 'customer', 'total_shipping_price_set'],
            'order_refunds': ['refund_line_items', 'order_adjustments', 'transactions'],
            'customers': ['tags'],
        }.get(table, []) -%}
        {%- set deleted_at = 'case when try_cast(raw_rows._fivetran_deleted as boolean) then '
            ~ to_utc('raw_rows._fivetran_synced') ~ ' end' -%}
        {%- set composed = {
            'orders': {
                'deleted_at': deleted_at,
                'shipping_address': perennial.json_of({
                    'first_name': 'raw_rows.shipping_address_first_name', 'last_name': 'raw_rows.shipping_address_last_name',
                    'country_code': 'raw_rows.shipping_address_country_code',
                }),
                'billing_address': perennial.json_of({
                    'first_name': 'raw_rows.billing_address_first_name', 'last_name': 'raw_rows.billing_address_last_name',
                }),
            },
            'customers': {
                'email_marketing_consent':
                    "'{\"state\":\"' || " ~ clean_text('raw_rows.email_marketing_consent_state') ~ " || '\",\"opt_in_level\":\"' || "
                    ~ "coalesce(" ~ clean_text('raw_rows.email_marketing_consent_opt_in_level') ~ ", '') || "
                    ~ "'\",\"consent_updated_at\":\"' || coalesce("
                    ~ clean_text('raw_rows.email_marketing_consent_consent_updated_at') ~ ", '') || '\"}'",
            },
            'order_refunds': {'transactions': "coalesce(nested_parts.transactions, '[]')"},
            'products': {
                'deleted_at': deleted_at,
                'is_gift_card': 'raw_rows.id in (select product_id from ' ~ source('shopify', 'order_line')
                    ~ ' where try_cast(gift_card as boolean) and product_id is not null)',
            },
            'abandoned_checkouts': {
                'customer': "'{\"id\":' || cast(" ~ whole_number('raw_rows.customer_id') ~ " as string) || '}'",
                'completed_at':
                    'coalesce(' ~ to_utc('raw_rows.completed_at') ~ ', ' ~ to_utc('raw_rows.closed_at') ~ ')',
            },
        }.get(table, {}) -%}
        {%- do composed.update({
            'shop_url': '(select split_part(max(' ~ clean_text('shop_url') ~ "), '.', 1) from "
                ~ source('shopify', 'shop') ~ ')',
            '_airbyte_extracted_at': 'raw_rows._fivetran_synced',
        }) -%}
        {%- set nested_parts = ref('base_shopify__nested_parts') if nested -%}
        {%- set wanted, landed = [], [] -%}
        {%- for each in graph.get('sources', {}).values() if each.source_name == 'shopify' -%}
            {%- if each.name == table -%}
                {%- do wanted.extend(each.columns.values()) -%}
            {%- elif each.name == perennial.shopify_table(table) -%}
                {%- do landed.extend(each.columns.keys()) -%}
            {%- endif -%}
        {%- endfor -%}
        (
        select
            {%- for column in wanted %}
            {% if column.name in composed -%} {{ composed[column.name] }}
            {%- elif column.name in nested and column.name in landed -%}
            coalesce(raw_rows.{{ adapter.quote(column.name) }}, nested_parts.{{ column.name }})
            {%- elif column.name in nested -%} nested_parts.{{ column.name }}
            {%- elif column.name in landed -%} raw_rows.{{ adapter.quote(column.name) }}
            {%- else -%} cast(null as {{ 'string' if column.data_type == 'json' else column.data_type }})
            {%- endif %} as {{ adapter.quote(column.name) }},
            {%- endfor %}
            '{{ perennial.shopify_table(table) }}' as _fivetran_table
        from {{ raw_table }} as raw_rows
        {%- if nested %}
        left join {{ nested_parts }} as nested_parts
            on
                nested_parts.owner_table = '{{ perennial.shopify_table(table) }}'
                and cast({{ whole_number('raw_rows.id') }} as string) = nested_parts.owner_id
        {%- endif %}
        )
    {%- endif -%}
{%- endmacro %}


{# A JSON object of texts; what is null is left out. #}
{% macro json_of(fields) -%}
    {%- set parts = [] -%}
    {%- for name, column in fields.items() -%}
        {%- do parts.append(
            "'\"" ~ name ~ "\":\"' || translate(" ~ clean_text(column) ~ ", chr(34) || chr(92), '  ') || '\"'"
        ) -%}
    {%- endfor -%}
    '{' || concat_ws(',', {{ parts | join(', ') }}) || '}'
{%- endmacro %}
