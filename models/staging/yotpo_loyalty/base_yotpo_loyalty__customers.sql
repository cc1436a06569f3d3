-- One row per raw row of yotpo_loyalty.customers, JSON parsed once. A member is overwritten: only the history carries
-- times.
with

raw_customers as (
    select * from {{ source('yotpo_loyalty', 'customers') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

parsed as (
    select
        raw_customers.*,
        {{ parse_json('raw_customers.history_items', [{
            'created_at': 'string', 'completed_at': 'string', 'action': 'string', 'action_name': 'string',
            'points': 'string', 'status': 'string', 'order_ids': ['string'],
        }]) }} as items,
        {{ parse_json('raw_customers.referral_receipts', [{
            'id': 'string', 'email': 'string', 'completed_at': 'string', 'status': 'string',
        }]) }} as receipts
    from raw_customers
),

typed as (
    select
        lower({{ clean_text('parsed.email') }}) as email,
        coalesce({{ clean_text('parsed.third_party_id') }}, {{ clean_text('parsed.thirty_party_id') }})
            as third_party_id,
        {{ clean_text('parsed.pos_account_id') }} as pos_account_id,
        {{ clean_text('parsed.phone_number') }} as phone,
        {{ whole_number('parsed.points_balance') }} as points_balance,
        {{ whole_number('parsed.points_earned') }} as points_earned,
        {{ money_text('parsed.credit_balance') }} as credit_balance,
        {{ to_utc('parsed.points_expire_at') }} as points_expire_at,
        try_cast(substr({{ clean_text('parsed.next_points_expire_on') }}, 1, 10) as date) as next_points_expire_on,
        {{ whole_number('parsed.next_points_expire_amount') }} as next_points_expire_amount,
        {{ to_flag('parsed.opt_in') }} as is_member,
        {{ to_utc('parsed.opted_in_at') }} as opted_in_at,
        try_cast({{ whole_number('parsed.total_spend_cents') }} as decimal(18, 2)) / 100 as spent_amount,
        {{ to_utc('parsed.last_seen_at') }} as last_seen_at,
        {{ clean_text('parsed.vip_tier_name') }} as tier,
        {{ to_utc('parsed.vip_tier_entry_date') }} as tier_started_at,
        {{ to_utc('parsed.vip_tier_expiration') }} as tier_expires_at,
        coalesce(
            {{ clean_text(parse_json('parsed.referral_code', {'code': 'string'}) ~ '.code') }},
            {{ clean_text('parsed.referral_code') }}
        ) as referral_code,
        parsed.items,
        parsed.receipts,
        parsed.history_items as history_text,
        {{ to_utc('parsed._airbyte_extracted_at') }} as loaded_at,
        point_in_time.cut_at,
        {{ refuse('parsed', {
            'email is missing': clean_text('parsed.email') ~ ' is null',
            'points_balance is not a whole number': clean_text('parsed.points_balance') ~ ' is not null and '
                ~ whole_number('parsed.points_balance') ~ ' is null',
            'credit_balance is not an amount': clean_text('parsed.credit_balance') ~ ' is not null and '
                ~ money_text('parsed.credit_balance') ~ ' is null',
            'history_items is not a list of objects': unreadable_json('parsed.history_items', 'parsed.items'),
            'referral_receipts is not a list of objects':
                unreadable_json('parsed.referral_receipts', 'parsed.receipts'),
            'a history item has no time': any_element('parsed.items', to_utc('element.created_at') ~ ' is null'),
            'the points of a history item are not a whole number':
                any_element('parsed.items', whole_number('element.points') ~ ' is null'),
        }) }}
    from parsed
    cross join point_in_time
)

select
    email,
    third_party_id,
    -- A changed address is a new row; the shop's id says that it is the same member.
    coalesce(third_party_id, email) as member_id,
    pos_account_id,
    phone,
    points_balance,
    points_earned,
    credit_balance,
    points_expire_at,
    next_points_expire_on,
    next_points_expire_amount,
    is_member,
    opted_in_at,
    cast(spent_amount as decimal(18, 2)) as spent_amount,
    last_seen_at,
    tier,
    tier_started_at,
    tier_expires_at,
    referral_code,
    items,
    receipts,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['email'],
        changed_at='last_seen_at',
        content=['third_party_id', 'points_balance', 'points_earned', 'tier', 'history_text']
    ) }}
from typed
