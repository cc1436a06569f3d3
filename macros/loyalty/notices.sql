{#
    A query: every campaign that speaks of loyalty, by seeds/loyalty_notice_campaigns.csv. notice_kind is null where it
    does not say of what.
#}
{% macro loyalty_campaigns() -%}
    select
        campaigns.source_name,
        campaigns.campaign,
        -- Engines differ in what they do with null here.
        nullif(min_by(coalesce(patterns.notice_kind, '-'), patterns.priority), '-') as notice_kind
    from {{ ref('int_messages__campaigns') }} as campaigns
    inner join {{ ref('loyalty_notice_campaigns') }} as patterns
        on {{ matches_column('lower(campaigns.campaign)', 'patterns.pattern') }}
    group by campaigns.source_name, campaigns.campaign
{%- endmacro %}


{#
    CTEs that end in expiry_outlooks: a lot and an instant at which it was to expire, as everybody had to think from
    known_from until known_until (null: to the end). Most lots have one. Points that lapse after so many days without
    activity have another with every activity, and only the last one comes true: who was to be warned in May and bought
    in June was still to be warned in May. Points that came back to a lot that had expired have the end of their grace.
    `graces` is the CTE of that name. `lots`, `bookings` and `rules` are CTEs of the live programme.
#}
{% macro expiry_outlooks(lots, bookings, rules, graces) -%}
policies as (
    select
        programme,
        starts_at,
        ends_at,
        expiry_policy,
        expiry_days,
        ' ' || inactivity_resets || ' ' as resets
    from {{ rules }}
),

-- Lots that activity keeps alive: dated by the rules, and by no rule that would have dated them for good.
kept_lots as (
    select
        lots.programme,
        lots.member_id,
        lots.lot_id,
        lots.earned_at,
        lots.expires_at,
        case when policies.expiry_policy = 'inactivity' then policies.expiry_days end as expiry_days
    from {{ lots }} as lots
    inner join {{ bookings }} as bookings on lots.lot_id = bookings.booking_id
    inner join policies on lots.programme = policies.programme and {{ is_in_force_at('policies', 'lots.earned_at') }}
    where
        bookings.expiry = 'rule'
        and policies.expiry_policy in ('inactivity', 'none')
        and lots.expires_at is not null
),

resets as (
    select
        bookings.programme,
        bookings.member_id,
        bookings.booked_at as reset_at,
        policies.expiry_days
    from {{ bookings }} as bookings
    inner join policies
        on bookings.programme = policies.programme and {{ is_in_force_at('policies', 'bookings.booked_at') }}
    where
        policies.expiry_policy = 'inactivity'
        and (
            policies.resets like '% ' || bookings.entry_type || ' %'
            or (policies.resets like '% earn %' and bookings.entry_type = 'import')
            or (
                policies.resets like '% order %'
                and bookings.entry_type = 'earn'
                and bookings.order_reference is not null
            )
        )
    union distinct
    -- Where such a rule begins later, everybody's time begins with it.
    select
        lots.programme,
        lots.member_id,
        policies.starts_at as reset_at,
        policies.expiry_days
    from {{ lots }} as lots
    inner join policies on lots.programme = policies.programme and lots.earned_at < policies.starts_at
    where policies.expiry_policy = 'inactivity'
),

chained as (
    select
        *,
        {{ days_later('reset_at', 'expiry_days') }} as lapses_at,
        lead(reset_at) over (partition by programme, member_id order by reset_at) as next_reset_at
    from resets
),

prolonged as (
    select
        kept_lots.lot_id,
        kept_lots.programme,
        kept_lots.member_id,
        kept_lots.earned_at,
        chained.reset_at,
        case when chained.next_reset_at < kept_lots.expires_at then chained.lapses_at else kept_lots.expires_at end
            as expires_at,
        greatest(kept_lots.earned_at, chained.reset_at) as known_from,
        case when chained.next_reset_at < kept_lots.expires_at then chained.next_reset_at end as known_until
    from kept_lots
    inner join chained
        on
            kept_lots.programme = chained.programme
            and kept_lots.member_id = chained.member_id
            and kept_lots.earned_at < chained.lapses_at
            and kept_lots.expires_at > chained.reset_at
    where coalesce(chained.next_reset_at > kept_lots.earned_at, true)
),

-- A lot that comes outside of any activity lives as long as the rule says, until something prolongs it.
first_prolonged as (
    select
        lot_id,
        programme,
        member_id,
        min(reset_at) as reset_at
    from prolonged
    group by lot_id, programme, member_id
),

expiry_outlooks as (
    select
        lots.lot_id,
        lots.programme,
        lots.member_id,
        lots.expires_at,
        lots.earned_at as known_from,
        cast(null as timestamp) as known_until
    from {{ lots }} as lots
    left join kept_lots on lots.lot_id = kept_lots.lot_id
    where lots.expires_at is not null and kept_lots.lot_id is null
    union all
    select
        lot_id,
        programme,
        member_id,
        expires_at,
        known_from,
        known_until
    from prolonged
    union all
    select
        kept_lots.lot_id,
        kept_lots.programme,
        kept_lots.member_id,
        case
            when first_prolonged.lot_id is null then kept_lots.expires_at
            else {{ days_later('kept_lots.earned_at', 'kept_lots.expiry_days') }}
        end as expires_at,
        kept_lots.earned_at as known_from,
        first_prolonged.reset_at as known_until
    from kept_lots
    left join first_prolonged on kept_lots.lot_id = first_prolonged.lot_id
    where
        coalesce(first_prolonged.reset_at > kept_lots.earned_at, true)
        and (first_prolonged.lot_id is null or kept_lots.expiry_days is not null)
    union all
    select
        lots.lot_id,
        lots.programme,
        lots.member_id,
        graces.expires_at,
        graces.returned_at as known_from,
        cast(null as timestamp) as known_until
    from {{ graces }} as graces
    inner join {{ lots }} as lots on graces.member_no = lots.member_no and graces.lot_no = lots.lot_no
)
{%- endmacro %}
