-- Grain: what a member should have been told, and the day on which it was due. points of expiring notices are what
-- would lapse on expires_on if nothing were spent, as the ledger stood when due_on began: several notices speak of the
-- same points, so never sum over them, nor over days. A spend afterwards takes away neither notice nor points. Trap:
-- was_sent is null where nobody can tell, and one message may answer several notices that were due within a few days.
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

rules as (
    select * from {{ ref('int_loyalty__rules') }}
    where scenario = 'live'
),

programmes as (
    select
        rules.programme,
        rules.time_zone,
        point_in_time.as_of
    from rules
    cross join point_in_time
    where {{ is_in_force_before('rules', 'point_in_time.cut_at') }}
),

members as (
    select
        programme,
        member_id,
        customer_id
    from {{ ref('loyalty_balances') }}
),

lots as (
    select * from {{ ref('int_loyalty__lots') }}
    where scenario = 'live'
),

bookings as (
    select * from {{ ref('int_loyalty_bookings__unioned') }}
),

moves as (
    select * from {{ ref('int_loyalty__moves') }}
),

lot_moves as (
    select
        lots.lot_id,
        moves.moved_at,
        moves.points
    from moves
    inner join lots on moves.member_no = lots.member_no and moves.lot_no = lots.lot_no
),

balance_history as (
    select * from {{ ref('loyalty_balance_history') }}
    where points_available > 0
),

-- Of several changes on one day the member hears of the last.
tier_history as (
    select
        history.programme,
        history.member_id,
        history.tier,
        history.change,
        history.tier_expires_at,
        cast({{ utc_to_local('history.valid_from', 'programmes.time_zone') }} as date) as valid_from,
        cast({{ utc_to_local('history.valid_to', 'programmes.time_zone') }} as date) as valid_to
    from {{ ref('loyalty_tier_history') }} as history
    inner join programmes on history.programme = programmes.programme
    qualify row_number() over (
        partition by
            history.programme, history.member_id,
            cast({{ utc_to_local('history.valid_from', 'programmes.time_zone') }} as date)
        order by history.valid_from desc
    ) = 1
),

{{ graces('lots', 'moves') }},

{{ expiry_outlooks('lots', 'bookings', 'rules', 'graces') }},

-- Points that expire
leads as (
    select distinct
        notice_kind as notice,
        try_cast(regexp_extract(notice_kind, '^expiring_([0-9]+)d$', 1) as int) as days
    from {{ ref('loyalty_notice_campaigns') }}
    where notice_kind like 'expiring%'
),

dated_outlooks as (
    select
        expiry_outlooks.*,
        programmes.time_zone,
        programmes.as_of,
        cast({{ utc_to_local('expiry_outlooks.expires_at', 'programmes.time_zone') }} as date) as expires_on
    from expiry_outlooks
    inner join programmes on expiry_outlooks.programme = programmes.programme
),

warnings as (
    select
        dated_outlooks.*,
        leads.notice,
        {{ add_days('dated_outlooks.expires_on', '-leads.days') }} as due_on,
        {{ local_to_utc(
            'cast(' ~ add_days('dated_outlooks.expires_on', '-leads.days') ~ ' as timestamp)', 'dated_outlooks.time_zone'
        ) }} as due_at
    from dated_outlooks
    cross join leads
    where {{ add_days('dated_outlooks.expires_on', '-leads.days') }} <= dated_outlooks.as_of
),

-- What was known when the day began.
due_lots as (
    select * from warnings
    where known_from < due_at and coalesce(known_until >= due_at, true)
),

gone as (
    select
        due_lots.lot_id,
        due_lots.notice,
        due_lots.due_at,
        sum(lot_moves.points) as points
    from due_lots
    inner join lot_moves on due_lots.lot_id = lot_moves.lot_id and due_lots.due_at > lot_moves.moved_at
    group by due_lots.lot_id, due_lots.notice, due_lots.due_at
),

expiring as (
    select
        due_lots.programme,
        due_lots.member_id,
        due_lots.notice,
        due_lots.expires_on,
        due_lots.due_on,
        min(due_lots.expires_at) as expires_at,
        cast(sum(lots.points - coalesce(gone.points, 0)) as bigint) as points
    from due_lots
    inner join lots on due_lots.lot_id = lots.lot_id
    left join gone
        on due_lots.lot_id = gone.lot_id and due_lots.notice = gone.notice and due_lots.due_at = gone.due_at
    group by due_lots.programme, due_lots.member_id, due_lots.notice, due_lots.expires_on, due_lots.due_on
),

-- Balances on the first of each month
first_month as (
    select {{ month_of('min(valid_from)') }} as month_starts_on
    from balance_history
),

numbered as (
    select
        first_month.month_starts_on,
        {{ explode(integers(1, months_between('first_month.month_starts_on', month_of('point_in_time.as_of')))) }}
            as month_number
    from first_month
    cross join point_in_time
    where first_month.month_starts_on is not null
),

months as (
    select {{ add_months('month_starts_on', 'month_number') }} as due_on
    from numbered
),

balances as (
    select
        balance_history.programme,
        balance_history.member_id,
        months.due_on,
        balance_history.points_available
    from balance_history
    inner join months
        on balance_history.valid_from < months.due_on and coalesce(balance_history.valid_to >= months.due_on, true)
),

-- Tiers that are about to be reviewed
ending_tiers as (
    select
        tier_history.*,
        'live' as scenario,
        programmes.as_of,
        programmes.time_zone,
        cast({{ utc_to_local('tier_history.tier_expires_at', 'programmes.time_zone') }} as date) as expires_on
    from tier_history
    inner join programmes on tier_history.programme = programmes.programme
    where tier_history.tier_expires_at is not null
),

warned_tiers as (
    select
        *,
        {{ add_days('expires_on', '-' ~ threshold('tier_notice_days')) }} as due_on,
        {{ local_to_utc(
            'cast(' ~ add_days('expires_on', '-' ~ threshold('tier_notice_days')) ~ ' as timestamp)', 'time_zone'
        ) }} as due_at
    from ending_tiers
),

judged_tiers as (
    select
        warned_tiers.programme,
        warned_tiers.member_id,
        warned_tiers.tier,
        warned_tiers.expires_on,
        warned_tiers.due_on,
        warned_tiers.due_at,
        kept.at_least,
        {{ tier_window_opens(tier_measured_at('warned_tiers.tier_expires_at', 'kept'), 'kept') }} as opens_at
    from warned_tiers
    inner join {{ ref('int_loyalty__tiers') }} as kept
        on {{ tier_rule_in_force('warned_tiers', 'due_at', 'kept') | indent(8) }} and warned_tiers.tier = kept.tier
    where
        warned_tiers.due_on >= warned_tiers.valid_from
        and coalesce(warned_tiers.due_on < warned_tiers.valid_to, true)
        and warned_tiers.due_on <= warned_tiers.as_of
),

measured_tiers as (
    select
        judged_tiers.programme,
        judged_tiers.member_id,
        judged_tiers.tier,
        judged_tiers.expires_on,
        judged_tiers.due_on,
        judged_tiers.at_least,
        coalesce(sum(counted.amount), 0) as achieved
    from judged_tiers
    left join {{ ref('int_loyalty__qualifying') }} as counted
        on
            counted.scenario = 'live'
            and judged_tiers.programme = counted.programme
            and judged_tiers.member_id = counted.member_id
            and judged_tiers.opens_at < counted.occurred_at
            and judged_tiers.due_at > counted.occurred_at
    group by
        judged_tiers.programme, judged_tiers.member_id, judged_tiers.tier, judged_tiers.expires_on, judged_tiers.due_on,
        judged_tiers.at_least
),

due as (
    select
        programme,
        member_id,
        notice,
        expires_on as subject,
        due_on,
        {{ as_points('points') }} as points,
        expires_on,
        expires_at,
        cast(null as string) as tier,
        cast(null as decimal(18, 2)) as tier_shortfall
    from expiring
    where points > 0
    union all
    select
        programme,
        member_id,
        'balance' as notice,
        due_on as subject,
        due_on,
        cast(points_available as decimal(18, 2)) as points,
        cast(null as date) as expires_on,
        cast(null as timestamp) as expires_at,
        cast(null as string) as tier,
        cast(null as decimal(18, 2)) as tier_shortfall
    from balances
    union all
    select
        programme,
        member_id,
        'tier_changed' as notice,
        valid_from as subject,
        valid_from as due_on,
        cast(null as decimal(18, 2)) as points,
        cast(null as date) as expires_on,
        cast(null as timestamp) as expires_at,
        tier,
        cast(null as decimal(18, 2)) as tier_shortfall
    from tier_history
    where change in ('upgrade', 'downgrade')
    union all
    select
        programme,
        member_id,
        'tier_at_risk' as notice,
        expires_on as subject,
        due_on,
        cast(null as decimal(18, 2)) as points,
        expires_on,
        cast(null as timestamp) as expires_at,
        tier,
        cast(at_least - achieved as decimal(18, 2)) as tier_shortfall
    from measured_tiers
    where achieved < at_least
),

-- Whom it concerned, and what was sent
dated as (
    select
        due.*,
        members.customer_id,
        programmes.time_zone,
        {{ local_to_utc('cast(due.due_on as timestamp)', 'programmes.time_zone') }} as due_at
    from due
    inner join programmes on due.programme = programmes.programme and due.due_on <= programmes.as_of
    left join members on due.programme = members.programme and due.member_id = members.member_id
),

notices as (
    select
        *,
        -- A change that has not happened yet cannot be told.
        case
            when notice = 'tier_changed' then due_at
            else due_at - cast({{ threshold('notice_window_days') }} as int) * interval '1' day
        end as window_starts_at,
        least(
            due_at + (cast({{ threshold('notice_window_days') }} as int) + 1) * interval '1' day,
            coalesce(expires_at, timestamp '9999-12-31 00:00:00')
        ) as window_ends_at
    from dated
),

reachable as (
    select distinct
        notices.programme,
        notices.member_id,
        notices.due_on
    from notices
    inner join {{ ref('consents') }} as consents
        on
            notices.customer_id = consents.customer_id
            and notices.due_at >= consents.valid_from
            and notices.due_at < coalesce(consents.valid_to, timestamp '9999-12-31 00:00:00')
    left join {{ ref('customer_erasures') }} as erasures on notices.customer_id = erasures.customer_id
    where consents.purpose = 'marketing' and consents.state = 'subscribed' and erasures.customer_id is null
),

campaigns as (
    {{ loyalty_campaigns() }}
),

first_message as (
    select min(messaged_at) as messaged_at
    from {{ ref('messages') }}
),

loyalty_messages as (
    select
        messages.customer_id,
        messages.channel,
        messages.messaged_at,
        messages.message_id,
        campaigns.notice_kind
    from {{ ref('messages') }} as messages
    inner join campaigns
        on messages.source_name = campaigns.source_name and messages.campaign = campaigns.campaign
    where messages.customer_id is not null and messages.bounced_at is null
),

met as (
    select
        notices.programme,
        notices.member_id,
        notices.notice,
        notices.subject,
        notices.due_on,
        loyalty_messages.channel,
        loyalty_messages.messaged_at,
        loyalty_messages.notice_kind is null as is_unmapped,
        row_number() over (
            partition by notices.programme, notices.member_id, notices.notice, notices.subject, notices.due_on
            order by
                case when loyalty_messages.notice_kind is null then 1 else 0 end, loyalty_messages.messaged_at asc,
                loyalty_messages.message_id asc
        ) as position
    from notices
    inner join loyalty_messages
        on
            notices.customer_id = loyalty_messages.customer_id
            and coalesce(loyalty_messages.notice_kind, notices.notice) = notices.notice
            and notices.window_starts_at <= loyalty_messages.messaged_at
            and notices.window_ends_at > loyalty_messages.messaged_at
)

select
    notices.programme,
    notices.member_id,
    notices.customer_id,
    notices.notice,
    notices.subject,
    notices.due_on,
    notices.points,
    notices.expires_on,
    notices.tier,
    notices.tier_shortfall,
    reachable.member_id is not null as is_reachable,
    case
        when not met.is_unmapped then true
        when
            met.is_unmapped
            or notices.customer_id is null
            or coalesce(first_message.messaged_at >= notices.window_starts_at, true)
            or notices.window_ends_at > point_in_time.cut_at
            then null
        else false
    end as was_sent,
    case
        when not met.is_unmapped then cast({{ utc_to_local('met.messaged_at', 'notices.time_zone') }} as date)
    end as sent_on,
    case when not met.is_unmapped then met.channel end as channel
from notices
cross join point_in_time
cross join first_message
left join reachable
    on
        notices.programme = reachable.programme
        and notices.member_id = reachable.member_id
        and notices.due_on = reachable.due_on
left join met
    on
        notices.programme = met.programme
        and notices.member_id = met.member_id
        and notices.notice = met.notice
        and notices.subject = met.subject
        and notices.due_on = met.due_on
        and met.position = 1
