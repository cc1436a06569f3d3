{{ config(materialized='view') }}
-- One line of a return.
select
    'aftership:' || return_id || ':' || return_line_id as return_line_id,
    'aftership:' || return_id as return_id,
    order_line_reference,
    product_id,
    variant_id,
    sku,
    reason,
    subreason,
    quantity,
    received_quantity
from {{ ref('stg_aftership__return_lines') }}
