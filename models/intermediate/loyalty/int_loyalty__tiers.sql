-- One tier of a programme in a period in which neither the rules nor the table of tiers changes. Periods of a programme
-- follow each other without gaps from the beginning of time to its end, and begin at local midnight.
with

rules as (
    select * from {{ ref('int_loyalty__rules') }}
),

tiers as (
    select * from {{ ref('loyalty_tiers') }}
),

tier_dates as (
    select distinct
        programme,
        valid_from
    from tiers
),

tier_tables as (
    select
        programme,
        valid_from,
        row_number() over (partition by programme order by valid_from) as table_number,
        lead(valid_from) over (partition by programme order by valid_from) as valid_to
    from tier_dates
),

-- A sub-ledger does not follow its system.
programmes as (
    select
        programme,
        case
            when programme in (select tiers.programme from tiers) then programme
            when split_part(programme, ':', 3) = '' then source_name
        end as ruled_as
    from {{ ref('int_loyalty_bookings__unioned') }}
    group by programme, source_name
),

periods as (
    select
        rules.*,
        tier_tables.programme as table_programme,
        tier_tables.valid_from as table_valid_from,
        case
            when tier_tables.table_number = 1 then rules.starts_at
            else {{ local_to_utc('cast(tier_tables.valid_from as timestamp)', 'rules.time_zone') }}
        end as table_starts_at,
        case
            when tier_tables.valid_to is null then rules.ends_at
            else {{ local_to_utc('cast(tier_tables.valid_to as timestamp)', 'rules.time_zone') }}
        end as table_ends_at
    from rules
    inner join programmes on rules.programme = programmes.programme
    inner join tier_tables on programmes.ruled_as = tier_tables.programme
)

select
    periods.scenario,
    periods.programme,
    greatest(periods.starts_at, periods.table_starts_at) as starts_at,
    least(periods.ends_at, periods.table_ends_at) as ends_at,
    periods.time_zone,
    periods.tier_metric,
    periods.tier_window,
    periods.tier_window_days,
    periods.tier_term_days,
    periods.tier_grace_days,
    periods.downgrade_policy,
    periods.refunds_downgrade,
    tiers.tier,
    tiers.rank as tier_rank,
    tiers.at_least,
    tiers.points_factor
from periods
inner join tiers on periods.table_programme = tiers.programme and periods.table_valid_from = tiers.valid_from
where greatest(periods.starts_at, periods.table_starts_at) < least(periods.ends_at, periods.table_ends_at)
