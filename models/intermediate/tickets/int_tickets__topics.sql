-- One labelled ticket: its topic is that of its fields, else of its tags, by priority. It asks where an order is as
-- soon as any label says so.
with

labels as (
    select
        *,
        priority + case label_source when 'custom_field' then 0 else 100000 end as rank
    from {{ ref('int_tickets__labels') }}
)

select
    ticket_id,
    min_by(topic, rank) as topic,
    max(case when is_order_status then 1 when topic is not null then 0 end) = 1 as is_order_status,
    case when count(distinct order_id) = 1 then min(order_id) end as order_id
from labels
group by ticket_id
