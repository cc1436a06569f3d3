-- One movement of points that a system tells, booked before the cut. What kind it is, where the system does not say,
-- is read off its direction and reason (seeds/loyalty_entry_types.csv).
with

bookings as (
    {{ union_subject('loyalty_bookings', ['talon_one', 'yotpo_loyalty', 'pos']) | indent(4) }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

told as (
    select
        bookings.*,
        case when bookings.points < 0 then 'subtraction' else 'addition' end as direction
    from bookings
    cross join point_in_time
    where bookings.booked_at < point_in_time.cut_at
),

reasons as (
    select distinct
        source_name,
        direction,
        coalesce(reason, '') as reason,
        {{ plain_words("coalesce(reason, '')") }} as words
    from told
    where entry_type is null
),

kinds as (
    select
        reasons.source_name,
        reasons.direction,
        reasons.reason,
        min_by(entry_types.entry_type, entry_types.priority) as entry_type
    from reasons
    inner join {{ ref('loyalty_entry_types') }} as entry_types
        on
            reasons.direction = entry_types.direction
            and reasons.source_name = coalesce(entry_types.source_name, reasons.source_name)
            and reasons.words like '% ' || entry_types.pattern || ' %'
    group by reasons.source_name, reasons.direction, reasons.reason
)

select
    told.booking_id,
    told.source_name,
    told.programme,
    {{ foreign_record_id('told.member_id') }} as member_id,
    told.source_record_type,
    told.source_record_id,
    told.booked_at,
    coalesce(
        told.entry_type, kinds.entry_type, case told.direction when 'addition' then 'earn' else 'spend' end
    ) as entry_type,
    told.points,
    told.activation,
    told.active_at,
    told.expiry,
    told.expires_at,
    told.order_reference,
    told.reason
from told
left join kinds
    on
        told.entry_type is null
        and told.source_name = kinds.source_name
        and told.direction = kinds.direction
        and coalesce(told.reason, '') = kinds.reason
