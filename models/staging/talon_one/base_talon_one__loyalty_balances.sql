-- One row per raw row of talon_one.loyalty_balances; one snapshot a day counts, the newest.
with

raw_balances as (
    select * from {{ source('talon_one', 'loyalty_balances') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

sandboxes as (
    select programme_id
    from {{ ref('base_talon_one__loyalty_programs') }}
    where is_sandbox and row_status = 'staged'
),

typed as (
    select
        cast({{ whole_number('raw_balances.loyalty_program_id') }} as string) as programme_id,
        coalesce({{ clean_text('raw_balances.loyalty_subledger') }}, 'main') as subledger,
        {{ clean_text('raw_balances.profile_integration_id') }} as profile_id,
        coalesce({{ to_utc('raw_balances.snapshot_at') }}, {{ to_utc('raw_balances._airbyte_extracted_at') }})
            as snapshot_at,
        try_cast(raw_balances.current_balance as decimal(18, 2)) as points_available,
        try_cast(raw_balances.pending_balance as decimal(18, 2)) as points_pending,
        try_cast(raw_balances.expired_balance as decimal(18, 2)) as points_expired,
        try_cast(raw_balances.spent_balance as decimal(18, 2)) as points_spent,
        {{ clean_text('raw_balances.current_tier') }} as tier,
        sandboxes.programme_id is not null as is_sandbox,
        {{ to_utc('raw_balances._airbyte_extracted_at') }} as loaded_at,
        point_in_time.cut_at,
        {{ refuse('raw_balances', {
            'loyalty_program_id is missing or not a number':
                whole_number('raw_balances.loyalty_program_id') ~ ' is null',
            'profile_integration_id is missing': clean_text('raw_balances.profile_integration_id') ~ ' is null',
            'current_balance is not a number': 'try_cast(raw_balances.current_balance as decimal(18, 2)) is null',
            'there is neither snapshot_at nor a load time':
                to_utc('raw_balances.snapshot_at') ~ ' is null and '
                ~ to_utc('raw_balances._airbyte_extracted_at') ~ ' is null',
        }) }}
    from raw_balances
    cross join point_in_time
    left join sandboxes
        on cast({{ whole_number('raw_balances.loyalty_program_id') }} as string) = sandboxes.programme_id
)

select
    programme_id,
    subledger,
    profile_id,
    snapshot_at,
    points_available,
    points_pending,
    points_expired,
    points_spent,
    tier,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['programme_id', 'subledger', 'profile_id', 'cast(snapshot_at as date)'],
        changed_at='snapshot_at',
        content=['points_available', 'points_pending', 'points_expired', 'points_spent', 'tier'],
        is_removed='is_sandbox'
    ) }}
from typed
