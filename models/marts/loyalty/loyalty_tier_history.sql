-- Grain: one stay of a member in a tier, from valid_from (in it) to valid_to (not in it; null: as of as_of). Stays of a
-- member follow each other without gaps from the first booking on; a renewal begins a new one.
-- Trap: a tier may go on after tier_expires_at, where the programme gives days of grace.
with

members as (
    select * from {{ ref('int_loyalty__members') }}
    where scenario = 'live'
),

records as (
    select * from {{ ref('int_identity__records') }}
),

tiers as (
    select * from {{ ref('int_loyalty__tiers') }}
    where scenario = 'live'
),

changes as (
    select
        members.programme,
        members.member_id,
        0 as step_no,
        members.enrolled_at as changed_at,
        tiers.tier,
        0 as tier_rank,
        'joined' as cause,
        cast(null as decimal(18, 2)) as metric,
        cast(null as timestamp) as expires_at
    from members
    inner join tiers on {{ tier_rule_in_force('members', 'enrolled_at', 'tiers') | indent(8) }}
    where tiers.tier_rank = 0
    union all
    select
        programme,
        member_id,
        step_no,
        changed_at,
        tier,
        tier_rank,
        cause,
        metric,
        expires_at
    from {{ ref('int_loyalty__tier_steps') }}
    where scenario = 'live'
),

-- Of changes at one instant the last one says what the tier was.
numbered as (
    select
        *,
        row_number() over (partition by programme, member_id, changed_at order by step_no desc) as position
    from changes
),

stays as (
    select
        *,
        lag(tier_rank) over (partition by programme, member_id order by changed_at) as previous_rank,
        lead(changed_at) over (partition by programme, member_id order by changed_at) as valid_to
    from numbered
    where position = 1
)

select
    stays.programme,
    stays.member_id,
    records.customer_id,
    stays.tier,
    cast(stays.tier_rank as int) as tier_rank,
    stays.changed_at as valid_from,
    stays.valid_to,
    case
        when stays.cause = 'joined' then 'joined'
        when stays.tier_rank > coalesce(stays.previous_rank, 0) then 'upgrade'
        when stays.tier_rank < stays.previous_rank then 'downgrade'
        else 'renewal'
    end as change,
    stays.cause,
    stays.metric,
    stays.expires_at as tier_expires_at
from stays
inner join members on stays.programme = members.programme and stays.member_id = members.member_id
left join records
    on
        members.source_name = records.source_name
        and members.source_record_type = records.source_record_type
        and members.source_record_id = records.source_record_id
