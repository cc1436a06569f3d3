{#
    Consent events from statements: every version of a record says a state and since when. A statement is an event if it is
    the first, says another state or a later time. A state that changed without saying when changed when the version was
    seen. Undated ones err on the strict side: a refusal as late as the version, a consent as early as the record. A
    refusal dated after it was loaded counts from the version, since the date is wrong and the refusal is not.
#}
{% macro consent_events_from_statements(relation, source_name, record_type) -%}
with

statements as (
    select * from {{ relation }}
),

compared as (
    select
        *,
        lag(state) over (
            partition by record_id, channel order by {{ perennial.statement_order() }}
        ) as previous_state,
        lag(stated_at) over (
            partition by record_id, channel order by {{ perennial.statement_order() }}
        ) as previous_stated_at
    from statements
)

select
    '{{ source_name }}' as source_name,
    '{{ record_type }}' as source_record_type,
    record_id as source_record_id,
    channel,
    'marketing' as purpose,
    state,
    case
        when previous_state is not null and coalesce(stated_at <= previous_stated_at, stated_at is null) then seen_at
        when state = 'unsubscribed' and stated_at > coalesce(loaded_at, seen_at) then seen_at
        else coalesce(stated_at, case when state = 'unsubscribed' then seen_at else created_at end, seen_at)
    end as occurred_at,
    address,
    method,
    evidence
from compared
where
    previous_state is null
    or state <> previous_state
    or stated_at > coalesce(previous_stated_at, timestamp '1900-01-01 00:00:00')
{%- endmacro %}

{% macro statement_order() -%}
    seen_at asc nulls first, loaded_at asc nulls first, stated_at asc nulls first, state asc
{%- endmacro %}


{#
    When a list without dates says something: before the day of its first load began, since whoever is on it was on it by
    then, and a run as of the last complete day must see it.
#}
{% macro known_before_load(loaded_at) -%}
    {{ local_to_utc(
        'cast(cast(' ~ utc_to_local(loaded_at, 'point_in_time.reporting_timezone') ~ ' as date) as timestamp)',
        'point_in_time.reporting_timezone'
    ) }} - interval 1 second
{%- endmacro %}


{# An address as it is compared: e-mails as identity does, of phone numbers the digits. #}
{% macro address_match(address, channel) -%}
    case
            when {{ channel }} = 'email' then {{ email_match(address) }}
            when {{ channel }} in ('sms', 'whatsapp') then nullif(translate({{ address }}, '+ -()./', ''), '')
        end
{%- endmacro %}
