-- One promotion effect that took hold. Effects come again with every change of a cart, so only the answer to the last
-- change of a session that closed counts, less what was rolled back afterwards. Rejections took no hold. Trap: an
-- answer without any effect leaves no row, so a cart whose last discount went away before it closed cannot be told.
with

sessions as (
    select * from {{ ref('stg_talon_one__customer_sessions') }}
    where session_state in ('closed', 'partially_returned')
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

effects as (
    select
        effects.*,
        sessions.closed_at,
        case effects.effect_name
            when 'rollbackDiscount' then 'setDiscount'
            when 'rollbackCoupon' then 'acceptCoupon'
            when 'rollbackReferral' then 'redeemReferral'
            when 'rollbackAddedLoyaltyPoints' then 'addLoyaltyPoints'
            when 'rollbackDeductedLoyaltyPoints' then 'deductLoyaltyPoints'
        end as rolled_back
    from {{ ref('stg_talon_one__effects') }} as effects
    inner join sessions on effects.session_id = sessions.session_id
    cross join point_in_time
    where effects.created_at < point_in_time.cut_at
),

closing_events as (
    select
        session_id,
        max(event_number) as event_number
    from effects
    where rolled_back is null and created_at <= coalesce(closed_at, created_at)
    group by session_id
),

rollbacks as (
    select
        session_id,
        rolled_back,
        label,
        sum(amount) as amount
    from effects
    where rolled_back is not null
    group by session_id, rolled_back, label
)

select
    effects.effect_key,
    effects.session_id,
    effects.profile_id,
    effects.effect_name,
    effects.label,
    effects.value_text,
    effects.amount - coalesce(rollbacks.amount, 0) as amount,
    effects.campaign_id,
    effects.coupon_id,
    effects.programme_id,
    effects.created_at
from effects
inner join closing_events
    on effects.session_id = closing_events.session_id and effects.event_number = closing_events.event_number
left join rollbacks
    on
        effects.session_id = rollbacks.session_id
        and effects.effect_name = rollbacks.rolled_back
        and coalesce(effects.label, '-') = coalesce(rollbacks.label, '-')
where
    effects.rolled_back is null
    and effects.effect_name not like 'reject%'
    -- A rollback without an amount takes all of it back.
    and (rollbacks.session_id is null or effects.amount > rollbacks.amount)
