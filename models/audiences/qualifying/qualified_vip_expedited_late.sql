-- Grain: one parcel of qualified_delayed_shipment_apology that a VIP had sent by a faster service than the usual one
-- (seeds/expedited_services.csv). A VIP is one by seeds/lifecycle_rules.csv or has the highest tier of a programme.
with

late_parcels as (
    select * from {{ ref('qualified_delayed_shipment_apology') }}
),

shipments as (
    select * from {{ ref('shipments') }}
),

services as (
    select * from {{ ref('expedited_services') }}
),

customers as (
    select * from {{ ref('customers') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

top_tiers as (
    select
        tiers.programme,
        max(tiers.tier_rank) as tier_rank
    from {{ ref('int_loyalty__tiers') }} as tiers
    cross join point_in_time
    where
        tiers.scenario = 'live'
        and tiers.starts_at < point_in_time.cut_at
        and tiers.ends_at >= point_in_time.cut_at
    group by tiers.programme
    having max(tiers.tier_rank) > 0
),

top_members as (
    select distinct balances.customer_id
    from {{ ref('loyalty_balances') }} as balances
    inner join top_tiers on balances.programme = top_tiers.programme and balances.tier_rank = top_tiers.tier_rank
),

expedited as (
    select distinct
        shipments.shipment_id,
        shipments.service,
        shipments.carrier,
        shipments.order_id,
        shipments.promised_on,
        shipments.delay_days
    from shipments
    inner join services on {{ plain_words('shipments.service') }} like '% ' || services.pattern || ' %'
)

select
    '*' as kind,
    late_parcels.customer_id,
    late_parcels.subject,
    late_parcels.triggered_at,
    late_parcels.ends_at,
    'The parcel of a VIP who chose a fast service is late' as reason,
    {{ json_object({
        'order_id': json_string('expedited.order_id'),
        'promised_on': json_day('expedited.promised_on'),
        'delay_days': json_number('expedited.delay_days'),
        'carrier': json_string('expedited.carrier'),
        'service': json_string('expedited.service'),
    }) | indent(4) }} as reason_detail,
    late_parcels.product_family,
    late_parcels.expected_spend
from late_parcels
inner join expedited on late_parcels.subject = expedited.shipment_id
inner join customers on late_parcels.customer_id = customers.customer_id
left join top_members on late_parcels.customer_id = top_members.customer_id
where customers.is_vip or top_members.customer_id is not null
