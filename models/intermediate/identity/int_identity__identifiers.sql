-- One identifier of one account. A phone number counts anew after a silence longer than the window of
-- seeds/identity_rules.csv: such a number is another identifier, `<number>#<n>`.
with

accounts as (
    select * from {{ ref('int_identity__accounts') }}
),

phone_window as (
    select window_days from {{ ref('identity_rules') }}
    where identifier_type = 'phone'
),

phone_silences as (
    select
        account_id,
        phone,
        first_seen_at,
        max(last_seen_at) over (
            partition by phone
            order by first_seen_at nulls first, account_id
            rows between unbounded preceding and 1 preceding
        ) as seen_before_at
    from accounts
    where phone is not null
),

phone_turns as (
    select
        phone_silences.account_id,
        phone_silences.phone,
        sum(case
            when
                {{ days_between(
                    'cast(phone_silences.seen_before_at as date)', 'cast(phone_silences.first_seen_at as date)'
                ) }} > phone_window.window_days
                then 1
            else 0
        end) over (
            partition by phone_silences.phone
            order by phone_silences.first_seen_at nulls first, phone_silences.account_id
        ) as turn
    from phone_silences
    cross join phone_window
),

phones as (
    select
        account_id,
        phone || case when turn > 0 then '#' || cast(turn as string) else '' end as phone
    from phone_turns
),

told as (
    select
        account_id,
        'customer_number' as identifier_type,
        'customer_number' as rule_type,
        customer_number as identifier_value
    from accounts
    union all
    select
        account_id,
        'loyalty_id' as identifier_type,
        'loyalty_id' as rule_type,
        loyalty_id as identifier_value
    from accounts
    union all
    select
        account_id,
        'email' as identifier_type,
        case when is_email_verified then 'verified_email' else 'email' end as rule_type,
        email as identifier_value
    from accounts
    union all
    select
        account_id,
        'phone' as identifier_type,
        'phone' as rule_type,
        phone as identifier_value
    from phones
)

select
    told.account_id,
    told.identifier_type,
    told.identifier_value,
    told.rule_type,
    accounts.customer_number,
    accounts.loyalty_id,
    accounts.first_name,
    accounts.first_name || coalesce(' ' || accounts.last_name, '') as full_name,
    accounts.record_count,
    accounts.first_seen_at,
    accounts.last_seen_at
from told
inner join accounts on told.account_id = accounts.account_id
where told.identifier_value is not null
