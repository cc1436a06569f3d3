-- One friend whom a member invited; completed once the friend did what was asked.
with

customers as (
    select
        email as advocate_email,
        {{ explode('receipts') }} as receipt
    from {{ ref('base_yotpo_loyalty__customers') }}
    where row_status = 'staged'
),

typed as (
    select
        advocate_email,
        {{ clean_text('receipt.id') }} as receipt_id,
        lower({{ clean_text('receipt.email') }}) as friend_email,
        {{ to_utc('receipt.completed_at') }} as completed_at,
        lower({{ clean_text('receipt.status') }}) as receipt_state
    from customers
)

select
    advocate_email,
    coalesce(receipt_id, friend_email) as receipt_id,
    friend_email,
    case
        when max(case when completed_at is not null or receipt_state = 'completed' then 1 else 0 end) = 1
            then 'completed'
        else 'invited'
    end as referral_state,
    min(completed_at) as completed_at
from typed
where coalesce(receipt_id, friend_email) is not null
group by advocate_email, coalesce(receipt_id, friend_email), friend_email
