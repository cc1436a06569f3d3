{{ config(materialized='view') }}
-- One tag or field value of a ticket.
select
    'gorgias:' || ticket_id as ticket_id,
    'gorgias' as source_name,
    label_source,
    label
from {{ ref('stg_gorgias__ticket_labels') }}
