-- One attempt to redeem that the promotion engine refused: a cart and a code, with the first answer that said no. The
-- same no comes again with every change of a cart. Trap: carts that were never closed count, since giving up is what a
-- refusal leads to; and a refused code need not have been a reward, which the engine does not tell.
with

effects as (
    select * from {{ ref('stg_talon_one__effects') }}
    where effect_name like 'reject%' and effect_name <> 'rejectReferral'
),

sessions as (
    select * from {{ ref('stg_talon_one__customer_sessions') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

-- A till's cart is known by its receipt, any other by the order that it became.
tills as (
    select distinct
        lower(
            case
                when source_name = 'pos' then substr(order_id, length(source_name) + 2) else source_order_id
            end
        ) as reference
    from {{ ref('int_orders__unioned') }}
    where sales_channel = 'pos'
)

select
    effects.session_id,
    effects.value_text as code,
    'talon_one' as source_name,
    'talon_one:' || max(effects.programme_id) as programme,
    {{ foreign_record_id('max(coalesce(effects.profile_id, sessions.profile_id))') }} as member_id,
    max(case when tills.reference is not null or sessions.store_id is not null then 'pos' else 'online' end)
        as sales_channel,
    max(effects.rejection_reason) as rejection_reason,
    min(effects.created_at) as rejected_at
from effects
cross join point_in_time
left join sessions on effects.session_id = sessions.session_id
left join tills on lower(effects.session_id) = tills.reference
where effects.created_at < point_in_time.cut_at
group by effects.session_id, effects.value_text
