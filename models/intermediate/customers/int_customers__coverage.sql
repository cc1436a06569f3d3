-- One row: which kinds of facts anything was told of by the cut, about whomever. Where none was, nobody knows, and the
-- mart shows null; where some was, a person without any has 0.
with

visits as (
    select count(*) as row_count from {{ ref('web_sessions') }}
),

-- A tool that tells no more than what it sent (Barilliance) does not know who opened it.
responses as (
    select count(coalesce(delivered_at, opened_at, machine_opened_at, clicked_at, bounced_at, failed_at)) as row_count
    from {{ ref('messages') }}
),

subscriptions as (
    select count(*) as row_count from {{ ref('subscriptions') }}
),

options as (
    select count(option_preferences) as row_count from {{ ref('int_customers__tastes') }}
)

select
    visits.row_count > 0 as has_visits,
    responses.row_count > 0 as has_responses,
    subscriptions.row_count > 0 as has_subscriptions,
    options.row_count > 0 as has_options
from visits
cross join responses
cross join subscriptions
cross join options
