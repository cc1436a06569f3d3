-- Points roll forward: each month opens with what the one before closed with, moves what the entries say and closes
-- with the sum; the last month closes with all entries, and with what members have and owe today.
with

months as (
    select
        *,
        lag(closing_points) over (partition by programme order by month) as closed_before,
        row_number() over (partition by programme order by month desc) = 1 as is_last
    from {{ ref('loyalty_liability_monthly') }}
),

entries as (
    select
        entries.programme,
        entries.entry_type,
        entries.points,
        {{ month_of(utc_to_local('entries.occurred_at', 'point_in_time.reporting_timezone')) }} as month
    from {{ ref('loyalty_entries') }} as entries
    cross join {{ ref('point_in_time') }} as point_in_time
),

entry_months as (
    select
        programme,
        month,
        sum(case when entry_type in ('earn', 'import') then points else 0 end) as issued_points,
        -sum(case when entry_type in ('spend', 'spend_reversal') then points else 0 end) as spent_points,
        -sum(case when entry_type = 'expire' then points else 0 end) as expired_points,
        -sum(case when entry_type = 'clawback' then points else 0 end) as clawed_back_points,
        sum(case when entry_type in ('adjust', 'transfer') then points else 0 end) as adjusted_points
    from entries
    group by programme, month
),

totals as (
    select
        programme,
        sum(closing_points) as closing_points,
        sum(entry_points) as entry_points,
        sum(member_points) as member_points
    from (
        select
            programme,
            closing_points,
            0 as entry_points,
            0 as member_points
        from months
        where is_last
        union all
        select
            programme,
            0 as closing_points,
            points as entry_points,
            0 as member_points
        from entries
        union all
        select
            programme,
            0 as closing_points,
            0 as entry_points,
            points_available + points_pending - points_debt as member_points
        from {{ ref('loyalty_balances') }}
    ) as all_points
    group by programme
)

select
    coalesce(months.programme, entry_months.programme) as programme,
    coalesce(months.month, entry_months.month) as month,
    'movements' as broken
from months
full outer join entry_months on months.programme = entry_months.programme and months.month = entry_months.month
where
    coalesce(months.opening_points, 0) <> coalesce(months.closed_before, 0)
    or coalesce(months.closing_points, 0) <> coalesce(
        months.opening_points + months.issued_points - months.spent_points - months.expired_points
        - months.clawed_back_points + months.adjusted_points, 0
    )
    {%- for part in ['issued', 'spent', 'expired', 'clawed_back', 'adjusted'] %}
    or coalesce(months.{{ part }}_points, 0) <> coalesce(entry_months.{{ part }}_points, 0)
    {%- endfor %}
union all
select
    programme,
    cast(null as date) as month,
    'closing' as broken
from totals
where closing_points <> entry_points or closing_points <> member_points
