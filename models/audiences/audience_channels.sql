-- Grain: one person and one channel of which anything is known: an address, a consent or a message. Nobody who asked to
-- be forgotten is here. may_send_* is what the person allows to the contact's address, and no more: look at
-- has_address, is_undeliverable, has_complained and is_stale, too. Traps: *_state is the person's and may be a consent
-- of another address; who refused what is transactional is sent nothing at all; answer_rate and preferred_hour are
-- guesses that lean on everybody's, the more so the fewer messages the person was sent.
with

customers as (
    select * from {{ ref('customers') }}
    where not is_erased
),

contacts as (
    select * from {{ ref('customer_contacts') }}
),

consents as (
    select * from {{ ref('consents') }}
),

agreed_addresses as (
    select * from {{ ref('int_consent__agreed_addresses') }}
),

consent_policy as (
    select * from {{ ref('consent_policy') }}
),

system_loads as (
    select * from {{ ref('system_loads') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

settings as (
    select
        {{ threshold('channel_doubt_messages') }} as doubt_messages,
        {{ threshold('channel_doubt_answers') }} as doubt_answers,
        {{ threshold('hour_doubt_answers') }} as doubt_hours
),

people as (
    select
        customers.customer_id,
        contacts.email is not null as has_email,
        contacts.phone_e164 is not null as has_phone,
        {{ address_match('contacts.email', "'email'") }} as compared_email,
        {{ address_match('contacts.phone_e164', "'sms'") }} as compared_phone,
        coalesce(contacts.time_zone, point_in_time.reporting_timezone) as time_zone
    from customers
    cross join point_in_time
    left join contacts on customers.customer_id = contacts.customer_id
),

messages as (
    select * from {{ ref('messages') }}
    where channel in ('email', 'sms', 'push') and customer_id is not null
),

-- What sells is what is asked about; the others have their own hours: those of an order.
totalled as (
    select
        customer_id,
        channel,
        source_name,
        max(greatest(delivered_at, opened_at, machine_opened_at, clicked_at)) as last_arrived_at,
        max(greatest(bounced_at, failed_at)) as last_failed_at,
        max(complained_at) as last_complained_at,
        count(case when message_class = 'promotional' then 1 end) as message_count,
        count(case when message_class = 'promotional' then opened_at end) as open_count,
        count(case when message_class = 'promotional' then clicked_at end) as click_count
    from messages
    group by customer_id, channel, source_name
),

counted as (
    select totalled.*
    from totalled
    semi join people on totalled.customer_id = people.customer_id
),

answers as (
    select
        messages.customer_id,
        messages.channel,
        people.time_zone,
        cast(floor({{ seconds_between(
            "timestamp '1970-01-01 00:00:00'", 'coalesce(messages.opened_at, messages.clicked_at)'
        ) }} / 900) as bigint) as answered_quarter
    from messages
    inner join people on messages.customer_id = people.customer_id
    where messages.message_class = 'promotional' and coalesce(messages.opened_at, messages.clicked_at) is not null
),

-- There are far fewer quarters of an hour than answers, and no zone is off by less.
quarters as (
    select distinct
        time_zone,
        answered_quarter
    from answers
),

local_quarters as (
    select
        time_zone,
        answered_quarter,
        hour({{ utc_to_local(epoch_to_utc('answered_quarter * 900'), 'time_zone') }}) as answered_hour
    from quarters
),

hours as (
    select
        answers.customer_id,
        answers.channel,
        {%- for hour in range(24) %}
        count(case when local_quarters.answered_hour = {{ hour }} then 1 end)
            as hour_{{ hour }}{{ ',' if not loop.last }}
        {%- endfor %}
    from answers
    inner join local_quarters
        on
            answers.time_zone = local_quarters.time_zone
            and answers.answered_quarter = local_quarters.answered_quarter
    group by answers.customer_id, answers.channel
),

-- A click is an answer; where a tool tells none, as of a push, the open is, and where it tells neither there is
-- nothing to learn from its silence.
tools as (
    select
        source_name,
        channel,
        sum(open_count) > 0 as tells_opens,
        sum(click_count) > 0 as tells_clicks
    from counted
    group by source_name, channel
),

reached as (
    select
        counted.customer_id,
        counted.channel,
        max(counted.last_arrived_at) as last_arrived_at,
        max(counted.last_failed_at) as last_failed_at,
        max(counted.last_complained_at) as last_complained_at,
        sum(case when tools.tells_clicks or tools.tells_opens then counted.message_count else 0 end) as message_count,
        sum(case when tools.tells_clicks then counted.click_count else counted.open_count end) as answer_count,
        sum(
            case when tools.tells_clicks and tools.tells_opens then counted.message_count else 0 end
        ) as openable_count,
        sum(case when tools.tells_clicks and tools.tells_opens then counted.open_count else 0 end) as open_count
    from counted
    inner join tools on counted.source_name = tools.source_name and counted.channel = tools.channel
    group by counted.customer_id, counted.channel
),

timed as (
    select
        reached.*,
        {%- for hour in range(24) %}
        coalesce(hours.hour_{{ hour }}, 0) as hour_{{ hour }}{{ ',' if not loop.last }}
        {%- endfor %}
    from reached
    left join hours on reached.customer_id = hours.customer_id and reached.channel = hours.channel
),

totals as (
    select
        channel,
        sum(message_count) as message_count,
        sum(answer_count) as answer_count,
        {{ ratio('sum(answer_count)', 'sum(message_count)') }} as answer_rate,
        {{ ratio('sum(open_count)', 'sum(openable_count)') }} as open_rate,
        {%- for hour in range(24) %}
        cast(sum(hour_{{ hour }}) as bigint) as hour_{{ hour }}{{ ',' if not loop.last }}
        {%- endfor %}
    from timed
    group by channel
),

-- An hour stands for the two before and after it, too.
usual as (
    select
        channel,
        answer_rate,
        open_rate,
        {%- for hour in range(24) %}
        {{ around_hour('hour_', hour, 2) }} as near_{{ hour }},
        {%- endfor %}
        {% for hour in range(24) -%}
            hour_{{ hour }}{{ ' + ' if not loop.last }}
        {% endfor -%}
        as hour_count
    from totals
),

usual_hours as (
    select
        channel,
        answer_rate,
        {{ best_hour('near_') }} as preferred_hour
    from usual
),

-- Whole numbers, so that the order of additions decides no tie: a person's own hours, and hour_doubt_answers shared out
-- as everybody's are, both times hour_count.
scored as (
    select
        timed.customer_id,
        timed.channel,
        timed.last_arrived_at,
        timed.last_failed_at,
        timed.last_complained_at,
        timed.message_count,
        timed.answer_count,
        usual.answer_rate as usual_answer_rate,
        coalesce(
            {{ ratio(
                'timed.open_count + settings.doubt_messages * usual.open_rate',
                '(timed.openable_count + settings.doubt_messages) * usual.open_rate'
            ) }},
            1
        ) as openness,
        settings.doubt_answers,
        {%- for hour in range(24) %}
        ({{ around_hour('timed.hour_', hour, 2) }}) * usual.hour_count
        + settings.doubt_hours * usual.near_{{ hour }} as score_{{ hour }}{{ ',' if not loop.last }}
        {%- endfor %}
    from timed
    inner join usual on timed.channel = usual.channel
    cross join settings
),

-- Until channel_doubt_answers are in, a person is taken to answer as others do, the oftener the more the person opens:
-- clicks are few.
judged as (
    select
        customer_id,
        channel,
        last_arrived_at,
        last_failed_at,
        last_complained_at,
        case
            when usual_answer_rate > 0
                then
                    (answer_count + doubt_answers * openness)
                    / (message_count + doubt_answers / cast(usual_answer_rate as double))
            else usual_answer_rate
        end as answer_rate,
        {{ best_hour('score_') }} as preferred_hour
    from scored
),

states as (
    select
        customer_id,
        channel,
        max(case when purpose = 'marketing' and valid_to is null then state end) as marketing_state,
        max(case when purpose = 'transactional' and valid_to is null then state end) as transactional_state,
        max(case when purpose = 'marketing' and state = 'subscribed' then valid_from end) as last_subscribed_at
    from consents
    group by customer_id, channel
),

-- A consent holds for the address that it was given for, or for any if it names none.
agreed as (
    select
        agreed_addresses.customer_id,
        agreed_addresses.channel,
        bool_or(agreed_addresses.purpose = 'marketing') as is_marketing,
        bool_or(agreed_addresses.purpose = 'transactional') as is_transactional
    from agreed_addresses
    inner join people on agreed_addresses.customer_id = people.customer_id
    where
        agreed_addresses.address = '-'
        or agreed_addresses.address = coalesce(
            case agreed_addresses.channel
                when 'email' then people.compared_email when 'sms' then people.compared_phone
            end,
            agreed_addresses.address
        )
    group by agreed_addresses.customer_id, agreed_addresses.channel
),

tellers as (
    select distinct
        channel,
        source
    from consents
),

-- Until when all systems that tell of a channel's consent have been heard: one that no longer delivers holds it back.
-- What has no load times, such as a relation of your own, says nothing here.
freshness as (
    select
        tellers.channel,
        min(system_loads.newest_load_at) as known_until
    from tellers
    left join system_loads on tellers.source = system_loads.system
    group by tellers.channel
),

policies as (
    select
        channel,
        bool_or(purpose = 'marketing' and unknown_is_consent) as unknown_is_marketing,
        bool_or(purpose = 'transactional' and unknown_is_consent) as unknown_is_transactional,
        max(case when purpose = 'marketing' then stale_after_hours end) as stale_after_hours
    from consent_policy
    where channel in ('email', 'sms', 'push')
    group by channel
),

rules as (
    select
        policies.channel,
        policies.unknown_is_marketing,
        policies.unknown_is_transactional,
        coalesce(
            freshness.known_until
            < {{ hours_later('point_in_time.cut_at', '-policies.stale_after_hours') }}, false
        ) as is_stale,
        usual_hours.answer_rate,
        usual_hours.preferred_hour
    from policies
    cross join point_in_time
    left join freshness on policies.channel = freshness.channel
    left join usual_hours on policies.channel = usual_hours.channel
),

known as (
    select
        people.customer_id,
        rules.channel,
        coalesce(states.marketing_state, 'unknown') as marketing_state,
        coalesce(states.transactional_state, 'unknown') as transactional_state,
        coalesce(states.marketing_state = 'subscribed' and agreed.is_marketing, false) as has_agreed_to_marketing,
        coalesce(states.transactional_state = 'subscribed' and agreed.is_transactional, false)
            as has_agreed_to_transactional,
        rules.unknown_is_marketing,
        rules.unknown_is_transactional,
        case rules.channel
            when 'email' then people.has_email
            when 'sms' then people.has_phone
            else
                judged.customer_id is not null
                or coalesce(states.marketing_state, 'unknown') <> 'unknown'
                or coalesce(states.transactional_state, 'unknown') <> 'unknown'
        end as has_address,
        coalesce(judged.last_failed_at > coalesce(judged.last_arrived_at, timestamp '1900-01-01 00:00:00'), false)
            as is_undeliverable,
        coalesce(
            judged.last_complained_at >= coalesce(states.last_subscribed_at, timestamp '1900-01-01 00:00:00'), false
        ) as has_complained,
        coalesce(judged.answer_rate, rules.answer_rate) as answer_rate,
        coalesce(judged.preferred_hour, rules.preferred_hour) as preferred_hour,
        rules.is_stale,
        judged.customer_id is not null or states.customer_id is not null as has_history
    from people
    cross join rules
    left join states on people.customer_id = states.customer_id and rules.channel = states.channel
    left join agreed on people.customer_id = agreed.customer_id and rules.channel = agreed.channel
    left join judged on people.customer_id = judged.customer_id and rules.channel = judged.channel
)

select
    customer_id,
    channel,
    marketing_state,
    transactional_state,
    transactional_state <> 'unsubscribed'
    and (has_agreed_to_marketing or (marketing_state <> 'unsubscribed' and unknown_is_marketing))
        as may_send_marketing,
    transactional_state <> 'unsubscribed'
    and (has_agreed_to_transactional or has_agreed_to_marketing or unknown_is_transactional)
        as may_send_transactional,
    has_address,
    is_undeliverable,
    has_complained,
    {{ significant('answer_rate') }} as answer_rate,
    cast(preferred_hour as bigint) as preferred_hour,
    is_stale
from known
where has_address or has_history
