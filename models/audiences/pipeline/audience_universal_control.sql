-- Grain: person who gets no marketing this year. Who was not yet asked for any audience is where the hash would put the
-- person. A table, since only builds have the salt: a view would find nobody when somebody else reads it.
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

people as (
    select
        customers.customer_id,
        {{ universal_campaign() }} as campaign
    from {{ ref('customers') }} as customers
    cross join point_in_time
),

assignments as (
    select * from {{ ref('audience_assignments') }}
)

select people.customer_id
from people
left join assignments on people.campaign = assignments.campaign and people.customer_id = assignments.customer_id
where
    coalesce(
        assignments.arm = 'control',
        {{ campaign_bucket('people.campaign', 'people.customer_id') }}
        < cast({{ threshold('universal_control_share') }} as decimal(9, 6)) * 10000
    )
