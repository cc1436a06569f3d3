{{ config(materialized='clusters') }}
-- One person (a cluster of int_identity__clusters) who shares a household, and the smallest such number in it.
select
    node_a,
    node_b
from {{ ref('int_households__links') }}
