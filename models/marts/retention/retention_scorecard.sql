-- Grain: metric, window, month, segment. A value is null with its reason beside it; numerator and denominator stay,
-- so that a reader can see how little there was. Never average value over rows: divide summed numerators by summed
-- denominators.
{%- set windows = {
    'repeat_purchase_rate': ('repeat_customers', 'customers', none, ['trailing_365d', 'to_date']),
    'repeat_purchase_rate_by_day': ('repeat_day_customers', 'customers', none, ['trailing_365d', 'to_date']),
    'returning_customer_rate': ('returning_customers', 'customers', none, ['month', 'trailing_365d']),
    'average_order_value': ('net_revenue', 'converted_orders', 'squared_revenue', ['month', 'trailing_365d', 'to_date']),
    'purchase_frequency': ('orders', 'customers', 'squared_customer_orders', ['month', 'trailing_365d', 'to_date']),
    'revenue_per_customer': (
        'net_revenue', 'customers', 'squared_customer_revenue', ['month', 'trailing_365d', 'to_date']
    ),
} %}
{%- set activity = {
    'active_customer_retention_rate': 'still_active',
    'inactivity_rate': 'active_at_start - still_active',
} %}
with

window_measures as (
    select * from {{ ref('int_metrics__window_measures') }}
),

active_customers as (
    select * from {{ ref('int_metrics__active_customers') }}
),

repurchases as (
    select * from {{ ref('int_metrics__repurchases') }}
),

gaps as (
    select * from {{ ref('int_metrics__gaps') }}
),

rates as (
    select * from {{ ref('int_metrics__rates') }}
),

periods as (
    select * from {{ ref('int_metrics__periods') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

counts as (
    {%- for metric, (numerator, denominator, squares, period_windows) in windows.items() %}
    select
        '{{ metric }}' as metric,
        period_window,
        period_month,
        segment_type,
        segment,
        cast({{ numerator }} as decimal(18, 2)) as numerator,
        cast({{ denominator }} as decimal(18, 2)) as denominator,
        cast({{ denominator }} as bigint) as cases,
        cast({{ squares or 'null' }} as double) as sum_of_squares,
        cast(null as double) as median,
        {{ 'converted_orders < orders' if metric == 'revenue_per_customer' else 'false' }} as lacks_rate,
        cast(null as boolean) as is_mature
    from window_measures
    where period_window in ({{ "'" ~ period_windows | join("', '") ~ "'" }})
    union all
    {%- endfor %}
    {%- for metric, numerator in activity.items() %}
    select
        '{{ metric }}' as metric,
        'month' as period_window,
        period_month,
        segment_type,
        segment,
        cast({{ numerator }} as decimal(18, 2)) as numerator,
        cast(active_at_start as decimal(18, 2)) as denominator,
        active_at_start as cases,
        cast(null as double) as sum_of_squares,
        cast(null as double) as median,
        false as lacks_rate,
        cast(null as boolean) as is_mature
    from active_customers
    union all
    {%- endfor %}
    select
        'repurchase_rate_' || cast(horizon_days as string) || 'd' as metric,
        period_window,
        period_month,
        segment_type,
        segment,
        cast(buyers as decimal(18, 2)) as numerator,
        cast(customers as decimal(18, 2)) as denominator,
        cast(customers as bigint) as cases,
        cast(null as double) as sum_of_squares,
        cast(null as double) as median,
        false as lacks_rate,
        is_mature
    from repurchases
    union all
    select
        'median_days_between_orders' as metric,
        period_window,
        period_month,
        segment_type,
        segment,
        cast(null as decimal(18, 2)) as numerator,
        cast(gap_count as decimal(18, 2)) as denominator,
        gap_count as cases,
        cast(null as double) as sum_of_squares,
        median_days as median,
        false as lacks_rate,
        cast(null as boolean) as is_mature
    from gaps
    union all
    select
        metric,
        period_window,
        period_month,
        segment_type,
        segment,
        numerator,
        denominator,
        cases,
        sum_of_squares,
        cast(null as double) as median,
        false as lacks_rate,
        is_mature
    from rates
),

counted as (
    select distinct metric from counts
),

without_source as (
    select
        metrics.metric,
        periods.period_month,
        metrics.definition
    from metrics
    cross join periods
    anti join counted on metrics.metric = counted.metric
    where periods.period_window = 'month'
),

judged as (
    select
        counts.metric,
        counts.period_window,
        counts.period_month,
        counts.segment_type,
        counts.segment,
        counts.numerator,
        counts.denominator,
        counts.sum_of_squares,
        counts.median,
        metrics.kind,
        metrics.better,
        metrics.definition,
        coalesce(counts.is_mature, periods.is_mature) as is_mature,
        case
            when not coalesce(counts.is_mature, periods.is_mature) then 'immature'
            when counts.cases < {{ threshold('min_denominator') }} then 'too_few'
            when counts.lacks_rate then 'no_rate'
        end as reason
    from counts
    inner join metrics on counts.metric = metrics.metric
    inner join periods
        on counts.period_window = periods.period_window and counts.period_month = periods.period_month
),

valued as (
    select
        metric,
        period_window,
        period_month,
        segment_type,
        segment,
        numerator,
        cast(round(denominator) as bigint) as denominator,
        case
            when reason is null and kind = 'median' then {{ significant('median') }}
            when reason is null then {{ significant(ratio('numerator', 'denominator')) }}
        end as value,
        case
            when reason is null and kind = 'share' then {{ significant(wilson('numerator', 'denominator', 'low')) }}
            when reason is null and kind = 'mean'
                then {{ significant(mean_interval('numerator', 'denominator', 'sum_of_squares', 'low')) }}
        end as value_low,
        case
            when reason is null and kind = 'share' then {{ significant(wilson('numerator', 'denominator', 'high')) }}
            when reason is null and kind = 'mean'
                then {{ significant(mean_interval('numerator', 'denominator', 'sum_of_squares', 'high')) }}
        end as value_high,
        is_mature,
        reason,
        better,
        definition
    from judged
    union all
    select
        metric,
        'month' as period_window,
        period_month,
        'all' as segment_type,
        'all' as segment,
        cast(null as decimal(18, 2)) as numerator,
        cast(null as bigint) as denominator,
        cast(null as double) as value,
        cast(null as double) as value_low,
        cast(null as double) as value_high,
        false as is_mature,
        'no_source' as reason,
        cast(null as string) as better,
        definition
    from without_source
),

compared as (
    select
        valued.*,
        year_ago.value as value_year_ago,
        {{ difference_interval('valued', 'year_ago', 'low') }} as change_low,
        {{ difference_interval('valued', 'year_ago', 'high') }} as change_high
    from valued
    left join valued as year_ago
        on
            valued.metric = year_ago.metric
            and valued.period_window = year_ago.period_window
            and valued.segment_type = year_ago.segment_type
            and valued.segment = year_ago.segment
            and valued.period_month = {{ add_months('year_ago.period_month', 12) }}
            and valued.period_window <> 'to_date'
)

select
    metric,
    period_window,
    period_month,
    segment_type,
    segment,
    numerator,
    denominator,
    value,
    value_low,
    value_high,
    is_mature,
    reason,
    definition,
    value_year_ago,
    {{ significant('change_low') }} as change_low,
    {{ significant('change_high') }} as change_high,
    case
        when change_low is null or change_high is null or better is null then null
        when change_low <= 0 and change_high >= 0 then 'flat'
        when (change_low > 0) = (better = 'higher') then 'improved'
        else 'worse'
    end as verdict
from compared
