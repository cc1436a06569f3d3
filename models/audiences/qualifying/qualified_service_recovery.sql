-- Grain: one thing that went wrong, is not over and is for somebody of ours to mend. Parcels are not here: their people
-- are apologised to.
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

experiences as (
    select * from {{ ref('bad_experiences') }}
    where resolved_on is null
),

answered_kinds as (
    select * from {{ ref('experience_holds') }}
    where is_for_recovery
),

orders as (
    select * from {{ ref('orders') }}
)

select
    '*' as kind,
    experiences.customer_id,
    experiences.experience_id as subject,
    {{ day_begins('experiences.opened_on') }} as triggered_at,
    cast(null as timestamp) as ends_at,
    'Something went wrong that nobody has mended: ' || replace(experiences.kind, '_', ' ') as reason,
    {{ json_object({
        'kind': json_string('experiences.kind'),
        'order_id': json_string('experiences.order_id'),
        'was_first_order': json_number('orders.is_first_order'),
        'opened_on': json_day('experiences.opened_on'),
    }) | indent(4) }} as reason_detail,
    cast(null as string) as product_family,
    cast(0 as decimal(18, 2)) as expected_spend
from experiences
cross join point_in_time
inner join answered_kinds on experiences.kind = answered_kinds.kind
left join orders on experiences.order_id = orders.order_id
where experiences.opened_on <= point_in_time.as_of
