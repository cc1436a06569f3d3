-- Why did, or didn't, this person get this? Every audience for which whoever --vars 'customer_id: ...' names (else the
-- person with most reasons today) qualifies, how far it came, what stopped it, and what was exported before. The var
-- audience asks for one. dbt show wants --limit 100.
with

decisions as (
    select * from {{ ref('audience_decisions') }}
    {%- if var('audience', none) %}
    where audience = '{{ var("audience") }}'
    {%- endif %}
),

chosen as (
    select customer_id
    {% if var('customer_id', none) -%}
    from {{ ref('customers') }}
    where customer_id = '{{ var("customer_id") }}'
    {%- else -%}
    from decisions
    group by customer_id
    order by count(all_reasons) desc, customer_id asc
    limit 1
    {%- endif %}
),

rules as (
    select * from {{ ref('suppression_rules') }}
),

holds as (
    select * from {{ ref('audience_holds') }}
    where is_open
),

history as (
    select * from {{ ref('audience_history') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

story as (
    select
        decisions.customer_id,
        point_in_time.cut_at as at,
        decisions.audience,
        decisions.outcome as what,
        concat_ws(
            '; ', decisions.reason || ' (' || decisions.subject || ')',
            'since ' || cast(decisions.triggered_at as string),
            'came as far as ' || decisions.stage,
            'stopped by ' || decisions.outcome_reason, rules.explanation,
            'lost to ' || decisions.winner_audience, 'all reasons: ' || decisions.all_reasons,
            'by ' || decisions.channel || ' not before ' || cast(decisions.send_not_before as string)
        ) as told
    from decisions
    cross join point_in_time
    left join rules on decisions.outcome_reason = rules.reason
    union all
    select
        holds.customer_id,
        cast(holds.opened_on as timestamp) as at,
        cast(null as string) as audience,
        'on hold' as what,
        concat_ws('; ', holds.kind, holds.subject, 'at the latest until ' || cast(holds.holds_until as string)) as told
    from holds
    union all
    select
        history.customer_id,
        history.entered_at as at,
        history.audience,
        'was exported' as what,
        concat_ws(
            '; ', 'entered', coalesce('left ' || cast(history.exited_at as string), 'is in it'), history.exit_reason
        ) as told
    from history
    {%- if var('audience', none) %}
    where history.audience = '{{ var("audience") }}'
    {%- endif %}
)

select
    story.at,
    story.audience,
    story.what,
    story.told
from story
inner join chosen on story.customer_id = chosen.customer_id
order by story.at desc, story.audience asc nulls last, story.what asc, story.told asc
