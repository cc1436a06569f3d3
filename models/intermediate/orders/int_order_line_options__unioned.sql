{{ config(materialized='view') }}
-- One option that a line of an order was bought in.
{{ union_subject('order_line_options', ['shopify']) }}
