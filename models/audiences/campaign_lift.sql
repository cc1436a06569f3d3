-- Grain: one campaign (an audience, or universal:<year>) and the window in which its people are watched, which begins
-- when they became eligible. By intention to treat: who was to get the message counts as treated whether it went out
-- or not, so that caps, arbitration and delivery cannot choose who is compared. Traps: a person counts once, from the
-- first time; a share of control that was changed begins the count anew; what platforms attribute is not caused by the
-- campaign, whatever they say.
with

-- Those that earlier days left, so that a build can be repeated.
arms as (
    select arms.*
    from {{ source('state', 'audience_arms') }} as arms
    inner join {{ ref('point_in_time') }} as point_in_time on arms.assigned_at < point_in_time.cut_at
),

redirects as (
    select * from {{ ref('customer_id_redirects') }}
),

audiences as (
    select * from {{ ref('audiences') }}
),

offers as (
    select * from {{ ref('offers') }}
),

orders as (
    select * from {{ ref('orders') }}
    where is_valid and customer_id is not null
),

messages as (
    select
        *,
        -- Braze names the journey, then the step.
        lower(split_part(campaign, ' / ', 1)) as campaign_sent
    from {{ ref('messages') }}
    where customer_id is not null
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

campaigns as (
    select
        audiences.audience as campaign,
        cast({{ threshold('lift_window_days') }} as int) as window_days,
        false as is_universal,
        audiences.holdout_share > 0 as has_holdout,
        cast(case when audiences.offer is null then 0 else offers.cost end as decimal(18, 2)) as cost_per_conversion
    from audiences
    left join offers on audiences.offer = offers.offer
    union all
    select distinct
        arms.campaign,
        cast(
            case
                when arms.campaign like 'universal:%' then {{ threshold('universal_lift_window_days') }}
                else {{ threshold('lift_window_days') }}
            end as int
        ) as window_days,
        arms.campaign like 'universal:%' as is_universal,
        true as has_holdout,
        cast(null as decimal(18, 2)) as cost_per_conversion
    from arms
    anti join audiences on arms.campaign = audiences.audience
),

-- An id may have retired since: its person counts, and is control if any part of the person was. Parts were drawn one
-- by one, so such a person was likelier to become control.
people as (
    select
        arms.campaign,
        coalesce(redirects.customer_id, arms.customer_id) as customer_id,
        max(case when arms.arm = 'control' then 1 else 0 end) = 1 as is_control,
        min(arms.assigned_at) as assigned_at,
        min(arms.control_share) as lowest_share,
        max(arms.control_share) as control_share,
        case when min(arms.bucket) = max(arms.bucket) then 1 else count(*) end as draws
    from arms
    left join redirects on arms.customer_id = redirects.old_customer_id
    group by arms.campaign, coalesce(redirects.customer_id, arms.customer_id)
),

shares as (
    select
        campaign,
        control_share,
        max(assigned_at) as last_assigned_at
    from people
    group by campaign, control_share
),

newest_shares as (
    select * from shares
    qualify row_number() over (partition by campaign order by last_assigned_at desc, control_share asc) = 1
),

watched as (
    select
        people.campaign,
        people.customer_id,
        people.is_control,
        people.assigned_at,
        campaigns.is_universal,
        campaigns.window_days,
        1 - power(1 - cast(people.control_share as double), people.draws) as control_probability,
        {{ days_later('people.assigned_at', 'campaigns.window_days') }} as watched_until,
        {{ days_later('people.assigned_at', 'campaigns.window_days') }} <= point_in_time.cut_at as is_over
    from people
    cross join point_in_time
    inner join campaigns on people.campaign = campaigns.campaign
    inner join newest_shares
        on
            people.campaign = newest_shares.campaign
            and people.control_share = newest_shares.control_share
            and people.lowest_share = newest_shares.control_share
),

measured as (
    select * from watched
    where is_over
),

purchases as (
    select
        measured.campaign,
        measured.customer_id,
        coalesce(sum(orders.net_revenue_reporting), 0) as revenue
    from measured
    inner join orders
        on
            measured.customer_id = orders.customer_id
            and measured.assigned_at <= orders.ordered_at
            and measured.watched_until > orders.ordered_at
    group by measured.campaign, measured.customer_id
),

-- The campaign's messages to its people. Those of a year's control are all that sell something.
received as (
    select
        measured.*,
        messages.messaged_at,
        messages.clicked_at
    from measured
    inner join messages
        on measured.customer_id = messages.customer_id and measured.campaign = messages.campaign_sent
    where messages.messaged_at >= measured.assigned_at
    union all
    select
        measured.*,
        messages.messaged_at,
        messages.clicked_at
    from measured
    inner join messages on measured.customer_id = messages.customer_id
    where
        measured.is_universal
        and messages.message_class = 'promotional'
        and messages.messaged_at >= measured.assigned_at
        and (measured.is_control or messages.clicked_at is not null)
),

leaks as (
    select distinct
        campaign,
        customer_id
    from received
    where is_control and messaged_at < watched_until
),

attributed_orders as (
    select distinct
        received.campaign,
        orders.order_id,
        orders.net_revenue_reporting
    from received
    inner join orders
        on
            received.customer_id = orders.customer_id
            and received.clicked_at <= orders.ordered_at
            and {{ days_later('received.clicked_at', 'received.window_days') }} > orders.ordered_at
    where not received.is_control
),

attributed as (
    select
        campaign,
        sum(net_revenue_reporting) as revenue
    from attributed_orders
    group by campaign
),

outcomes as (
    select
        measured.campaign,
        measured.is_control,
        measured.control_probability,
        purchases.customer_id is not null as has_converted,
        coalesce(purchases.revenue, 0) as revenue,
        leaks.customer_id is not null as has_leaked
    from measured
    left join purchases
        on measured.campaign = purchases.campaign and measured.customer_id = purchases.customer_id
    left join leaks on measured.campaign = leaks.campaign and measured.customer_id = leaks.customer_id
),

totals as (
    select
        campaign,
        {%- for arm, condition in {'treated': 'not is_control', 'control': 'is_control'}.items() %}
        count(*) filter (where {{ condition }}) as {{ arm }}_count,
        count(*) filter (where {{ condition }} and has_converted) as {{ arm }}_conversions,
        sum(case when {{ condition }} then revenue else 0 end) as {{ arm }}_revenue,
        sum(case when {{ condition }} then cast(revenue as double) * revenue else 0 end) as {{ arm }}_squared_revenue,
        {%- endfor %}
        count(*) filter (where has_leaked) as leak_count,
        sum(control_probability) as expected_controls,
        sum(control_probability * (1 - control_probability)) as control_variance
    from outcomes
    group by campaign
),

waiting as (
    select
        campaign,
        count(*) filter (where not is_over) as waiting_count
    from watched
    group by campaign
),

judged as (
    select
        campaigns.campaign,
        campaigns.window_days,
        campaigns.cost_per_conversion,
        coalesce(waiting.waiting_count, 0) as waiting_count,
        coalesce(totals.treated_count, 0) as treated_count,
        coalesce(totals.control_count, 0) as control_count,
        coalesce(totals.treated_conversions, 0) as treated_conversions,
        coalesce(totals.control_conversions, 0) as control_conversions,
        coalesce(totals.treated_revenue, 0) as treated_revenue,
        coalesce(totals.control_revenue, 0) as control_revenue,
        totals.treated_squared_revenue,
        totals.control_squared_revenue,
        totals.leak_count,
        totals.expected_controls,
        (totals.control_count - totals.expected_controls) * (totals.control_count - totals.expected_controls)
        / nullif(totals.control_variance, 0) as chi_square,
        coalesce(attributed.revenue, 0) as attributed_revenue,
        case
            when waiting.campaign is null and campaigns.has_holdout then 'no_arms'
            when waiting.campaign is null or totals.expected_controls = 0 then 'no_holdout'
            when totals.campaign is null then 'window_open'
            when totals.control_count = 0 then 'no_control'
            when totals.treated_count = 0 then 'no_treated'
            when
                least(totals.treated_count, totals.control_count) < {{ threshold('min_denominator') }}
                then 'too_few'
        end as reason
    from campaigns
    left join waiting on campaigns.campaign = waiting.campaign
    left join totals on campaigns.campaign = totals.campaign
    left join attributed on campaigns.campaign = attributed.campaign
),

{%- for arm in ['treated', 'control'] %}
{%- set count, squares = arm ~ '_count', arm ~ '_squared_revenue' %}

{{ arm }}_shares as (
    select
        campaign,
        {{ ratio(arm ~ '_conversions', count) }} as value,
        {{ wilson(arm ~ '_conversions', count, 'low') | indent(8) }} as value_low,
        {{ wilson(arm ~ '_conversions', count, 'high') | indent(8) }} as value_high
    from judged
    where reason is null
),

{{ arm }}_means as (
    select
        campaign,
        {{ ratio(arm ~ '_revenue', count) }} as value,
        {{ mean_interval(arm ~ '_revenue', count, squares, 'low') | indent(8) }} as value_low,
        {{ mean_interval(arm ~ '_revenue', count, squares, 'high') | indent(8) }} as value_high
    from judged
    where reason is null
),
{%- endfor %}

compared as (
    select
        judged.*,
        treated_shares.value - control_shares.value as conversion_lift,
        {{ difference_interval('treated_shares', 'control_shares', 'low') }} as conversion_lift_low,
        {{ difference_interval('treated_shares', 'control_shares', 'high') }} as conversion_lift_high,
        treated_means.value - control_means.value as revenue_lift,
        {{ difference_interval('treated_means', 'control_means', 'low') }} as revenue_lift_low,
        {{ difference_interval('treated_means', 'control_means', 'high') }} as revenue_lift_high,
        {{ ratio('judged.leak_count', 'judged.control_count') }} as leak_rate,
        {{ p_of_chi_square('judged.chi_square') }} as sample_ratio_p,
        {{ detectable_difference('control_shares.value', 'judged.treated_count', 'judged.control_count') }}
            as minimum_detectable_effect
    from judged
    left join treated_shares on judged.campaign = treated_shares.campaign
    left join control_shares on judged.campaign = control_shares.campaign
    left join treated_means on judged.campaign = treated_means.campaign
    left join control_means on judged.campaign = control_means.campaign
)

select
    campaign,
    window_days,
    cast(treated_count as bigint) as treated_count,
    cast(control_count as bigint) as control_count,
    cast(waiting_count as bigint) as waiting_count,
    cast(treated_conversions as bigint) as treated_conversions,
    cast(control_conversions as bigint) as control_conversions,
    {{ significant('conversion_lift') }} as conversion_lift,
    {{ significant('conversion_lift_low') }} as conversion_lift_low,
    {{ significant('conversion_lift_high') }} as conversion_lift_high,
    {{ significant('revenue_lift') }} as revenue_lift_per_person,
    {{ significant('revenue_lift_low') }} as revenue_lift_per_person_low,
    {{ significant('revenue_lift_high') }} as revenue_lift_per_person_high,
    {{ significant('conversion_lift * treated_count') }} as incremental_conversions,
    {{ significant('conversion_lift_low * treated_count') }} as incremental_conversions_low,
    {{ significant('conversion_lift_high * treated_count') }} as incremental_conversions_high,
    {{ money('revenue_lift * treated_count') }} as incremental_revenue,
    {{ money('revenue_lift_low * treated_count') }} as incremental_revenue_low,
    {{ money('revenue_lift_high * treated_count') }} as incremental_revenue_high,
    cast(treated_conversions * cost_per_conversion as decimal(18, 2)) as offer_cost,
    cast(
        {{ money('revenue_lift * treated_count') }} - treated_conversions * cost_per_conversion as decimal(18, 2)
    ) as incremental_revenue_less_offers,
    cast(attributed_revenue as decimal(18, 2)) as platform_attributed_revenue,
    {{ significant(ratio('expected_controls', 'treated_count + control_count')) }} as expected_control_share,
    {{ significant('sample_ratio_p') }} as sample_ratio_p,
    sample_ratio_p < {{ threshold('min_sample_ratio_p') }} as has_sample_ratio_mismatch,
    {{ significant('leak_rate') }} as leak_rate,
    {%- for side in ['', '_low', '_high'] %}
    {{ significant('conversion_lift' ~ side ~ ' / nullif(1 - leak_rate, 0)') }} as complier_lift{{ side }},
    {%- endfor %}
    {{ significant('minimum_detectable_effect') }} as minimum_detectable_effect,
    reason is null
    and not coalesce(sample_ratio_p < {{ threshold('min_sample_ratio_p') }}, false)
    and (conversion_lift_low > 0 or conversion_lift_high < 0) as is_conclusive,
    reason
from compared
