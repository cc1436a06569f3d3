-- Grain: programme and month; the last one ends at as_of. Counts of members, balances and what is stranded stand at
-- the month's end: never sum them over months. stranded_by_* add up to stranded_points, since points are stranded by
-- the first of unlock, reward and channel that holds. Shares of orders are of all valid orders of all shops. Trap: the
-- matrix of channels leaves out points that no order earned, so it does not add up to points_spent; a null is not
-- told, 0 is told.
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

rules as (
    select * from {{ ref('int_loyalty__rules') }}
    where scenario = 'live'
),

activity as (
    select * from {{ ref('int_loyalty__activity') }}
),

entries as (
    select
        entries.*,
        {{ month_of('least(entries.occurred_on, point_in_time.as_of)') }} as month
    from {{ ref('loyalty_entries') }} as entries
    cross join point_in_time
),

notices as (
    select * from {{ ref('loyalty_notices') }}
),

redemptions as (
    select
        redemptions.*,
        {{ month_of('least(redemptions.redeemed_on, point_in_time.as_of)') }} as month
    from {{ ref('loyalty_redemptions') }} as redemptions
    cross join point_in_time
),

rejections as (
    select * from {{ ref('int_loyalty__rejections') }}
),

orders as (
    select
        *,
        {{ month_of('ordered_on') }} as month
    from {{ ref('orders') }}
    where is_valid
),

-- Months
starts as (
    select
        activity.programme,
        max(activity.source_name) as source_name,
        {{ month_of('min(activity.enrolled_on)') }} as first_month,
        max(point_in_time.as_of) as as_of
    from activity
    cross join point_in_time
    group by activity.programme
),

numbered as (
    select
        *,
        {{ explode(integers(0, months_between('first_month', month_of('as_of')))) }} as month_number
    from starts
),

calendar as (
    select
        programme,
        source_name,
        as_of,
        {{ add_months('first_month', 'month_number') }} as month
    from numbered
),

ends as (
    select
        *,
        {{ last_day_of_month('month') }} as month_ends_on,
        least({{ last_day_of_month('month') }}, as_of) as ends_on
    from calendar
),

months as (
    select
        ends.programme,
        ends.source_name,
        ends.month,
        ends.ends_on,
        ends.month_ends_on <= ends.as_of as is_mature,
        {{ add_days('ends.month_ends_on', threshold('active_days')) }} <= ends.as_of as is_followed,
        rules.unlock_above_points,
        {{ local_to_utc('cast(' ~ add_days('ends.ends_on', 1) ~ ' as timestamp)', 'rules.time_zone') }} as ends_before
    from ends
    inner join rules
        on
            ends.programme = rules.programme
            and (ends.ends_on >= rules.valid_from or rules.rule_number = 1)
            and coalesce(ends.ends_on < rules.valid_to, true)
),

-- Members
seen_offers as (
    select
        programme,
        member_id,
        redeemed_on as reached_on
    from redemptions
    union all
    select
        activity.programme,
        activity.member_id,
        cast({{ utc_to_local(
            'least(messages.opened_at, messages.clicked_at)', 'point_in_time.reporting_timezone'
        ) }} as date) as reached_on
    from {{ ref('messages') }} as messages
    cross join point_in_time
    inner join ({{ loyalty_campaigns() }}) as campaigns
        on messages.source_name = campaigns.source_name and messages.campaign = campaigns.campaign
    inner join activity
        on messages.customer_id = activity.customer_id and activity.enrolled_on = activity.valid_from
    where messages.opened_at is not null or messages.clicked_at is not null
),

first_offers as (
    select
        programme,
        member_id,
        min(reached_on) as reached_on
    from seen_offers
    group by programme, member_id
),

member_months as (
    select
        months.programme,
        months.month,
        months.ends_on,
        activity.member_id,
        activity.enrolled_on,
        activity.last_active_on,
        {{ add_days('coalesce(activity.last_active_on, activity.enrolled_on)', threshold('active_days')) }} as gone_on,
        coalesce(first_offers.reached_on <= months.ends_on, false) as is_reached
    from activity
    inner join months
        on
            activity.programme = months.programme
            and activity.valid_from <= months.ends_on
            and coalesce(activity.valid_to > months.ends_on, true)
    left join first_offers
        on activity.programme = first_offers.programme and activity.member_id = first_offers.member_id
),

member_counts as (
    select
        programme,
        month,
        count(*) as members,
        count(*) filter (where last_active_on is not null and gone_on > ends_on) as active_members,
        count(*) filter (where is_reached) as reached_members
    from member_months
    group by programme, month
),

memberships as (
    select
        programme,
        month,
        {{ days_between('enrolled_on', 'least(gone_on, ends_on)') }} as days,
        gone_on <= ends_on as has_ended
    from member_months
),

{{ median_survival('memberships', ['programme', 'month']) }},

-- Orders
member_customers as (
    select
        activity.programme,
        activity.customer_id,
        rules.time_zone,
        min(activity.enrolled_on) as enrolled_on
    from activity
    cross join point_in_time
    inner join rules
        on activity.programme = rules.programme and {{ is_in_force_before('rules', 'point_in_time.cut_at') }}
    where activity.customer_id is not null
    group by activity.programme, activity.customer_id, rules.time_zone
),

member_orders as (
    select
        member_customers.programme,
        orders.month,
        orders.customer_id,
        orders.net_revenue_reporting,
        cast({{ utc_to_local('orders.ordered_at', 'member_customers.time_zone') }} as date)
        < {{ add_months('member_customers.enrolled_on', 12) }} as is_first_year
    from orders
    inner join member_customers
        on
            orders.customer_id = member_customers.customer_id
            and member_customers.enrolled_on
            <= cast({{ utc_to_local('orders.ordered_at', 'member_customers.time_zone') }} as date)
),

participation as (
    select
        programme,
        month,
        count(*) as orders,
        count(distinct customer_id) as buyers,
        sum(case when is_first_year then net_revenue_reporting end) as first_year_revenue,
        count(case when is_first_year then net_revenue_reporting end) as first_year_orders,
        sum(case when not is_first_year then net_revenue_reporting end) as later_revenue,
        count(case when not is_first_year then net_revenue_reporting end) as later_orders
    from member_orders
    group by programme, month
),

all_orders as (
    select
        month,
        count(*) as orders,
        count(distinct customer_id) as buyers
    from orders
    group by month
),

-- Points that nobody can use
balances as (
    select
        months.programme,
        months.month,
        months.unlock_above_points,
        months.ends_before,
        history.member_id,
        history.customer_id,
        history.points_available
    from {{ ref('loyalty_balance_history') }} as history
    inner join months
        on
            history.programme = months.programme
            and history.valid_from <= months.ends_on
            and coalesce(history.valid_to > months.ends_on, true)
    where history.points_available > 0
),

consents as (
    select * from {{ ref('consents') }}
    where purpose = 'marketing'
),

reachable as (
    select distinct
        balances.programme,
        balances.month,
        balances.member_id
    from balances
    inner join consents
        on
            balances.customer_id = consents.customer_id
            and balances.ends_before > consents.valid_from
            and balances.ends_before <= coalesce(consents.valid_to, timestamp '9999-12-31 00:00:00')
    left join {{ ref('customer_erasures') }} as erasures on balances.customer_id = erasures.customer_id
    where consents.state = 'subscribed' and erasures.customer_id is null
),

rewards as (
    {{ rewards_of('starts') }}
),

cheapest as (
    select
        months.programme,
        months.month,
        min(rewards.points) as points
    from months
    inner join rewards on months.programme = rewards.programme and {{ is_in_force_on('rewards', 'months.ends_on') }}
    group by months.programme, months.month
),

told as (
    select
        (select count(*) from consents) > 0 as has_consents,
        (select count(*) from {{ ref('messages') }}) > 0 as has_messages,
        (select count(*) from {{ ref('int_loyalty__effects') }}) + (select count(*) from rejections) > 0 as has_effects
),

stuck as (
    select
        balances.programme,
        balances.month,
        balances.points_available,
        case
            when balances.points_available <= balances.unlock_above_points then 'unlock'
            when balances.points_available < cheapest.points then 'reward'
            when told.has_consents and reachable.member_id is null then 'channel'
        end as stranded_by
    from balances
    cross join told
    left join cheapest on balances.programme = cheapest.programme and balances.month = cheapest.month
    left join reachable
        on
            balances.programme = reachable.programme
            and balances.month = reachable.month
            and balances.member_id = reachable.member_id
),

stranded as (
    select
        programme,
        month,
        sum(points_available) as points_available,
        sum(case when stranded_by is not null then points_available else 0 end) as stranded_points,
        sum(case when stranded_by = 'unlock' then points_available else 0 end) as by_unlock,
        sum(case when stranded_by = 'reward' then points_available else 0 end) as by_reward,
        sum(case when stranded_by = 'channel' then points_available else 0 end) as by_channel
    from stuck
    group by programme, month
),

-- Points that moved, and what was said before they lapsed
moved as (
    select
        programme,
        month,
        sum(case when entry_type = 'earn' or (entry_type = 'adjust' and points > 0) then points else 0 end) as issued,
        sum(case when entry_type = 'spend' then -points else 0 end) as spent
    from entries
    group by programme, month
),

warnings as (
    select
        programme,
        member_id,
        expires_on,
        count(*) filter (where was_sent) as sent,
        count(*) filter (where was_sent is null) as unknown
    from notices
    where notice like 'expiring%'
    group by programme, member_id, expires_on
),

expiries as (
    select
        entries.programme,
        entries.month,
        sum(-entries.points) as expired,
        sum(case when warnings.sent > 0 then -entries.points else 0 end) as told,
        sum(case when warnings.sent = 0 and warnings.unknown > 0 then -entries.points else 0 end) as unknown
    from entries
    left join warnings
        on
            entries.programme = warnings.programme
            and entries.member_id = warnings.member_id
            and entries.occurred_on = warnings.expires_on
    where entries.entry_type = 'expire'
    group by entries.programme, entries.month
),

notice_counts as (
    select
        programme,
        {{ month_of('due_on') }} as month,
        count(*) as due,
        count(*) filter (where is_reachable) as reachable,
        count(*) filter (where is_reachable and was_sent) as sent,
        count(*) filter (where is_reachable and was_sent is null) as unknown
    from notices
    group by programme, {{ month_of('due_on') }}
),

-- Redemptions
redeemed as (
    select
        programme,
        month,
        count(*) as redemptions,
        count(*) filter (where broke_unlock_rule) as against_rule,
        sum(case when sales_channel in ('online', 'subscription') then points_earned_online else 0 end)
            as online_online,
        sum(case when sales_channel = 'pos' then points_earned_online else 0 end) as online_pos,
        sum(case when sales_channel in ('online', 'subscription') then points_earned_pos else 0 end) as pos_online,
        sum(case when sales_channel = 'pos' then points_earned_pos else 0 end) as pos_pos,
        percentile_cont(0.5) within group (order by days_to_fulfilment) as median_days,
        percentile_cont(0.9) within group (order by days_to_fulfilment) as p90_days
    from redemptions
    group by programme, month
),

last_redemptions as (
    select
        *,
        row_number() over (
            partition by programme, month, member_id order by redeemed_at desc, redemption_id desc
        ) as position
    from redemptions
    where customer_id is not null
),

redeemers as (
    select
        programme,
        month,
        count(*) as redeemers,
        count(*) filter (
            where coalesce(next_ordered_on > {{ add_days('redeemed_on', threshold('active_days')) }}, true)
        ) as gone
    from last_redemptions
    where position = 1
    group by programme, month
),

-- A refusal that names no programme is of the main ledger of the member's.
refused as (
    select
        activity.programme,
        {{ month_of('least(cast(' ~ utc_to_local('rejections.rejected_at', 'point_in_time.reporting_timezone')
            ~ ' as date), point_in_time.as_of)') }} as month,
        count(*) filter (where rejections.sales_channel = 'online') as online,
        count(*) filter (where rejections.sales_channel = 'pos') as pos
    from rejections
    cross join point_in_time
    inner join activity
        on
            rejections.source_name = activity.source_name
            and rejections.member_id = activity.member_id
            and activity.enrolled_on = activity.valid_from
            and (rejections.programme = activity.programme or rejections.programme is null)
            and activity.programme not like '%:%:%'
    group by
        activity.programme,
        {{ month_of('least(cast(' ~ utc_to_local('rejections.rejected_at', 'point_in_time.reporting_timezone')
            ~ ' as date), point_in_time.as_of)') }}
)

select
    months.programme,
    months.month,
    months.is_mature,
    cast(coalesce(member_counts.members, 0) as bigint) as members,
    {{ significant(ratio('member_counts.active_members', 'member_counts.members')) }} as active_member_rate,
    {{ significant(ratio('coalesce(participation.orders, 0)', 'all_orders.orders')) }} as participation_rate,
    {{ significant(ratio('coalesce(participation.buyers, 0)', 'all_orders.buyers')) }} as participation_buyer_rate,
    cast(coalesce(moved.issued, 0) as decimal(18, 2)) as points_issued,
    cast(coalesce(moved.spent, 0) as decimal(18, 2)) as points_spent,
    {{ significant(ratio('moved.spent', 'moved.issued')) }} as redemption_rate,
    cast(coalesce(stranded.points_available, 0) as decimal(18, 2)) as points_available,
    cast(coalesce(stranded.stranded_points, 0) as decimal(18, 2)) as stranded_points,
    cast(case when months.unlock_above_points is not null then coalesce(stranded.by_unlock, 0) end as decimal(18, 2))
        as stranded_by_unlock,
    cast(case when cheapest.points is not null then coalesce(stranded.by_reward, 0) end as decimal(18, 2))
        as stranded_by_reward,
    cast(case when told.has_consents then coalesce(stranded.by_channel, 0) end as decimal(18, 2))
        as stranded_by_channel,
    cast(coalesce(notice_counts.due, 0) as bigint) as notices_due,
    cast(coalesce(notice_counts.reachable, 0) as bigint) as notices_reachable,
    cast(coalesce(notice_counts.sent, 0) as bigint) as notices_sent,
    cast(coalesce(notice_counts.unknown, 0) as bigint) as notices_unknown,
    {{ significant(ratio('notice_counts.sent', 'notice_counts.reachable - notice_counts.unknown')) }}
        as notice_coverage,
    cast(coalesce(expiries.expired, 0) as decimal(18, 2)) as expired_points,
    cast(coalesce(expiries.expired - expiries.told - expiries.unknown, 0) as decimal(18, 2)) as expired_untold_points,
    cast(coalesce(expiries.unknown, 0) as decimal(18, 2)) as expired_unknown_points,
    {{ significant(ratio('expiries.told', 'expiries.expired - expiries.unknown')) }} as told_before_expiry_rate,
    case
        when told.has_messages then {{ significant(ratio('member_counts.reached_members', 'member_counts.members')) }}
    end as deal_reach,
    cast(coalesce(redeemed.redemptions, 0) as bigint) as redemptions,
    cast(coalesce(redeemed.against_rule, 0) as bigint) as redemptions_against_rule,
    cast(
        case when told.has_effects and months.source_name = 'talon_one' then coalesce(refused.online, 0) end as bigint
    ) as failed_redemptions_online,
    cast(
        case when told.has_effects and months.source_name = 'talon_one' then coalesce(refused.pos, 0) end as bigint
    ) as failed_redemptions_pos,
    cast(coalesce(redeemed.online_online, 0) as decimal(18, 2)) as earned_online_spent_online,
    cast(coalesce(redeemed.online_pos, 0) as decimal(18, 2)) as earned_online_spent_pos,
    cast(coalesce(redeemed.pos_online, 0) as decimal(18, 2)) as earned_pos_spent_online,
    cast(coalesce(redeemed.pos_pos, 0) as decimal(18, 2)) as earned_pos_spent_pos,
    cast(median_survival.median_days as bigint) as median_membership_days_before_churn,
    case when months.is_followed then {{ significant(ratio('redeemers.gone', 'redeemers.redeemers')) }} end
        as churn_after_redemption_rate,
    {{ significant('redeemed.median_days') }} as median_days_to_fulfilment,
    {{ significant('redeemed.p90_days') }} as p90_days_to_fulfilment,
    {{ money(ratio('participation.first_year_revenue', 'participation.first_year_orders')) }} as order_value_first_year,
    {{ money(ratio('participation.later_revenue', 'participation.later_orders')) }} as order_value_later
from months
cross join told
{%- for part in [
    'member_counts', 'median_survival', 'participation', 'cheapest', 'stranded', 'moved', 'notice_counts', 'expiries',
    'redeemed', 'redeemers', 'refused',
] %}
left join {{ part }} on months.programme = {{ part }}.programme and months.month = {{ part }}.month
{%- endfor %}
left join all_orders on months.month = all_orders.month
