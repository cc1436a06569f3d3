-- Grain: one row of seeds/audiences.csv with what its class and its offer add, and whether it may run: an audience
-- whose sources tell nothing is inactive and says which are missing. base_count is everybody who is not erased.
{%- set sources = {
    'loyalty': 'loyalty_balances', 'messages': 'messages', 'referrals': 'referrals', 'returns': 'returns',
    'reviews': 'reviews', 'shipments': 'shipments', 'subscriptions': 'subscriptions', 'tickets': 'tickets',
    'visits': 'web_sessions'
} %}
with

audiences as (
    select
        *,
        {{ hash_text("concat_ws('|', audience, model, kind, purpose_class, channels, coalesce(offer, '-'))") }}
            as settings_hash
    from {{ ref('audiences') }}
),

classes as (
    select * from {{ ref('audience_classes') }}
),

offers as (
    select
        *,
        {{ json_object({
            'reward_type': json_string('reward_type'),
            'reward_value': json_number('reward_value'),
            'minimum_order': json_number('minimum_order'),
            'valid_days': json_number('valid_days'),
            'scope': json_string('scope'),
            'scope_value': json_string('scope_value'),
            'segment': json_string('segment'),
        }) | indent(8) }} as offer_terms
    from {{ ref('offers') }}
),

base as (
    select count(*) as base_count
    from {{ ref('customers') }}
    where not is_erased
),

sources as (
    {%- for name, model in sources.items() %}
    {{ 'union all' if not loop.first }}
    select
        '{{ name }}' as source,
        count(*) as row_count
    from {{ ref(model) }}
    {%- endfor %}
),

absent as (
    select
        audiences.audience,
        {{ join_texts('sources.source', ' ', 'sources.source') }} as absent_sources
    from audiences
    inner join sources on ' ' || audiences.needs || ' ' like '% ' || sources.source || ' %'
    where sources.row_count = 0
    group by audiences.audience
)

select
    audiences.audience,
    audiences.model,
    audiences.kind,
    audiences.purpose_class,
    cast(classes.class_rank as int) as class_rank,
    classes.consent_purpose,
    classes.counts_as,
    ' ' || coalesce(classes.passes, '') || ' ' as passes,
    ' ' || audiences.channels || ' ' as channels,
    audiences.offer,
    offers.offer_terms,
    cast(coalesce(offers.cost, 0) as decimal(18, 2)) as offer_cost,
    cast(audiences.cool_down_days as int) as cool_down_days,
    cast(audiences.max_trigger_age_days as int) as max_trigger_age_days,
    cast(case when classes.may_have_holdout then audiences.holdout_share else 0 end as decimal(9, 6)) as control_share,
    classes.may_have_holdout,
    cast(audiences.max_share_of_base as decimal(9, 6)) as max_share_of_base,
    cast(audiences.assumed_lift as decimal(9, 6)) as assumed_lift,
    cast(audiences.daily_budget as decimal(18, 2)) as daily_budget,
    audiences.destination,
    audiences.is_live or {{ var('audiences_live') }} as is_live,
    cast(audiences.live_from as date) as live_from,
    absent.absent_sources is null as is_active,
    absent.absent_sources,
    substr({{ hash_text("concat_ws('|', audiences.settings_hash, offers.offer_terms)") }}, 1, 8) as audience_version,
    base.base_count
from audiences
cross join base
inner join classes on audiences.purpose_class = classes.purpose_class
left join offers on audiences.offer = offers.offer
left join absent on audiences.audience = absent.audience
