"""
Klaviyo as Airbyte lands it: the JSON:API envelope, keys with blanks and $, metrics by id. The European shop's tool.

No event says that a message was sent. Names of metrics differ in case and one was changed; orders are copied in as
events; profiles do not move with every change of consent, and a suppression hides behind a subscribed one.
"""

from simulator.loader import Delivery, Spoil
from simulator.systems import _messages

NEEDS = ("marketing",)
RENAMED_AT = "timestamp '2024-07-01'"
COHORTS_SINCE = "timestamp '2024-01-01'"  # older events of scheduled sends do not name their send
METRICS = {
    "received": "Received Email", "opened": "Opened Email", "clicked": "Clicked email", "bounced": "Bounced Email",
    "left": "Unsubscribed", "left_renamed": "Unsubscribed from Email Marketing", "spam": "Marked Email as Spam",
    "sms": "Received SMS", "sms_clicked": "Clicked SMS", "sms_failed": "Failed to Deliver SMS", "texted": "Sent SMS",
    "sms_left": "Unsubscribed from SMS", "push": "Received Push", "push_opened": "Opened Push", "order": "Placed Order",
    "merged": "Merged Profile", "looked": "Viewed Collection",
}  # fmt: skip


def metric_id(name: str) -> str:
    return "M" + str(100 + list(METRICS).index(name))


def write(delivery: Delivery) -> None:
    _messages.add(delivery)
    people(delivery)
    events(delivery)
    profiles(delivery)
    if delivery.is_first:
        names(delivery)
    delivery.record(
        "profile",
        """
        select profile_id, person_id, coalesce(email, phone, customer_number) is not null from part.klaviyo_people
        """,
        landed="profiles",
    )
    delivery.tell(
        "messages",
        """
        select 'klaviyo' as source_name,
            concat_ws(':', 'klaviyo', channel, profile_id, message_id, coalesce(send_cohort, '-'), '1') as message_id,
            person_id, channel, message_class, campaign, null::timestamp as sent_at, delivered_at,
            case when channel <> 'sms' then opened_at end as opened_at,
            case when channel = 'email' then machine_opened_at end as machine_opened_at,
            case when channel <> 'push' then clicked_at end as clicked_at,
            case when channel = 'email' then bounced_at end as bounced_at,
            case when channel = 'sms' then bounced_at end as failed_at,
            case when channel = 'email' and not is_complaint then unsubscribed_at end as unsubscribed_at,
            case when is_complaint then unsubscribed_at end as complained_at
        from part.klaviyo_messages
        -- Of a message that neither arrived nor bounced before the cut Klaviyo knows nothing.
        where coalesce(delivered_at, bounced_at) is not null
        """,
    )
    _messages.tell_consents(delivery, "klaviyo")


def people(delivery: Delivery) -> None:
    delivery.con.execute(
        """
        create table part.klaviyo_people as
        select *, '01' || upper(substr(md5('klaviyo/' || person_id), 1, 24)) as profile_id
        from part.tool_people where tool = 'klaviyo';

        create table part.klaviyo_messages as
        with sent as (
            select messages.* exclude (campaign_id, delivered_at), profile_id, coalesce(messages.campaign_id,
                flow_id) as message_id,
                case when channel = 'push' then sent_at else delivered_at end as delivered_at,
                channel = 'email' and unsubscribed_at is not null and chance('complains', message_key::varchar) < 0.1
                    as is_complaint
            from part.tool_messages as messages
            join (select person_id, profile_id from part.klaviyo_people) as people using (person_id)
            where tool = 'klaviyo'
        )
        select *,
            case when flow_id is not null or sent_at >= """
        + COHORTS_SINCE
        + """ then epoch(sent_at)::bigint || ':' || message_id end as send_cohort
        from sent;
        """
    )


def events(delivery: Delivery) -> None:
    trap = delivery.settings.trap
    renamed = RENAMED_AT if trap("renamed_metric") else "timestamp '9999-01-01'"
    con = delivery.con
    con.execute(
        """
        create table part.klaviyo_events (
            about varchar, profile_id varchar, metric varchar, happened_at timestamp, properties varchar, oddity varchar
        )
        """
    )
    named = """'"$message":"' || message_id || '"' || coalesce(',"$flow":"' || flow_id || '"', '')
        || coalesce(',"$_cohort$message_send_cohort":"' || send_cohort || '"', '')
        || ',"Campaign Name":' || quoted(coalesce(campaign_name, 'Step 1'))"""
    for metric, channel, at, more, where in (
        ("received", "email", "delivered_at", ',"Email Domain":"example.com"', ""),
        ("opened", "email", "opened_at", ',"machine_open":false', "message_key % 2 = 0"),
        ("opened", "email", "opened_at", "", "message_key % 2 = 1"),
        ("opened", "email", "machine_opened_at", ',"machine_open":true', "message_key % 2 = 0"),
        ("opened", "email", "machine_opened_at", ',"Apple Privacy Open":"True"', "message_key % 2 = 1"),
        ("clicked", "email", "clicked_at", ',"URL":"https://shop.example","Bot Click":false', ""),
        ("clicked", "email", "delivered_at + interval 3 second", ',"Bot Click":true',
            f"chance('bot_click', message_key::varchar) < {trap('bot_click')}"),
        ("bounced", "email", "bounced_at", ',"Bounce Type":"Hard"', ""),
        ("left", "email", "unsubscribed_at", "", f"not is_complaint and unsubscribed_at < {renamed}"),
        ("left_renamed", "email", "unsubscribed_at", "", f"not is_complaint and unsubscribed_at >= {renamed}"),
        ("spam", "email", "unsubscribed_at", "", "is_complaint"),
        ("sms", "sms", "delivered_at", ',"Message Type":"campaign"', ""),
        ("sms_clicked", "sms", "clicked_at", "", ""),
        ("sms_failed", "sms", "bounced_at", ',"Failure Type":"Device unreachable"', ""),
        ("push", "push", "delivered_at", "", ""),
        ("push_opened", "push", "opened_at", "", ""),
    ):  # fmt: skip
        con.execute(
            f"""
            insert into part.klaviyo_events
            select '{metric}/{at}/' || message_key, profile_id, '{metric}', {at}, {named} || '{more}',
                case when '{metric}' = 'left_renamed'
                    then 'renamed_metric' when '{more}' like '%Bot Click":true%' then 'bot_click'
                    end
            from part.klaviyo_messages where channel = '{channel}' and {at} is not null {
                f"and {where}" if where else ""
            }
            """
        )
    # Who leaves without a message, or by SMS, says so too; what people text or buy lies among the events.
    con.execute(
        f"""
        insert into part.klaviyo_events
        select 'leaves/' || person_id || channel, profile_id, case when channel = 'sms' then 'sms_left'
            when changed_at < {renamed} then 'left' else 'left_renamed' end, changed_at, '"$event_id":"x"', null
        from part.tool_refusals as refusals join part.klaviyo_people as people using (person_id)
        where refusals.tool = 'klaviyo' and message_key is null and channel <> 'push';
        insert into part.klaviyo_events
        select 'texts/' || person_id, profile_id, 'texted', changed_at - interval 1 second, '"Text":"STOP"', null
        from part.tool_refusals join part.klaviyo_people using (person_id) where channel = 'sms';
        insert into part.klaviyo_events
        select 'order/' || order_key, profile_id, 'order', ordered_at,
            '"$value":' || money(total_cents) || ',"OrderId":"' || order_key || '"', null
        from life.orders join part.klaviyo_people using (person_id) where channel = 'web';
        insert into part.klaviyo_events
        select 'merged/' || person_id, profile_id, 'merged', merged_at, '"$event_id":"x"', 'merged_customer'
        from part.klaviyo_people where merged_at is not null;
        insert into part.klaviyo_events
        select 'looks/' || person_id, profile_id, 'looked', arrived_at + interval 1 hour, '"Collection":"Tea"', null
        from part.klaviyo_people where person_id % 7 = 0;
        """
    )
    ids = "case metric " + " ".join(f"when '{name}' then '{metric_id(name)}'" for name in METRICS) + " end"
    titles = "case metric " + " ".join(f"when '{name}' then '{title}'" for name, title in METRICS.items()) + " end"
    delivery.deliver(
        "events",
        f"""
        select
            substr(md5('event/' || about), 1, 11) as id,
            'event' as type,
            utc(happened_at) as datetime,
            '{{"timestamp":' || epoch(happened_at)::bigint || ',"datetime":"' || strftime(happened_at,
                '%Y-%m-%dT%H:%M:%S') || '+00:00","uuid":"'
                || md5(about)::uuid || '","event_properties":{{' || properties || '}}}}' as attributes,
            '{{"profile":{{"data":{{"type":"profile","id":"' || profile_id
                || '"}}}},"metric":{{"data":{{"type":"metric","id":"' || {ids}
                || '"' || case when chance('detailed', about) < 0.2 then ',"name":"' || {titles} || '"' else '' end
                || '}}}}}}' as relationships,
            load_after(happened_at) as _load_at,
            oddity as _oddity
        from part.klaviyo_events where happened_at < (select cut_at from life.settings)
        """,
        key=("id",),
        spoils=(
            Spoil("datetime"), Spoil("attributes", "left(attributes, -2)"), Spoil("relationships", "'{}'"), Spoil("id"),
        ),
        trap="_oddity",
    )  # fmt: skip


def profiles(delivery: Delivery) -> None:
    """A version for every night after which the profile had moved."""
    trap = delivery.settings.trap
    delivery.con.execute(
        f"""
        create table part.klaviyo_states as
        with told as (
            select events.person_id, events.channel, events.state, events.changed_at,
                events.state = 'unsubscribed' and chance('suppression', events.person_id || events.channel)
                    < {trap("suppression")} as is_suppression
            from life.consent_events as events
            join part.klaviyo_people using (person_id)
            left join part.tool_refusals as refusals using (person_id, channel, changed_at)
            where coalesce(refusals.tool, 'klaviyo') = 'klaviyo'
                -- Push has no event of its own, so that its profile always moves.
                and (events.state = 'subscribed' or channel = 'push' or chance('unmoved', events.person_id
                    || events.channel)
                    >= {trap("unmoved_profile")})
        )
        from told where changed_at < (select cut_at from life.settings);

        create table part.klaviyo_versions as
        with moves as (
            select person_id, arrived_at as moved_at from part.klaviyo_people
            union all select person_id, changed_at from part.klaviyo_states
        )
        select person_id, load_after(moved_at) as load_at, max(moved_at) as updated_at from moves group by all;
        """
    )

    def said(channel: str) -> str:
        return f"""
            '{{"marketing":{{"consent":"' || case
                when {channel}.state is null then 'NEVER_SUBSCRIBED'
                when {channel}.state = 'subscribed' or {channel}.is_suppression then 'SUBSCRIBED'
                    else 'UNSUBSCRIBED' end
            || '","consent_timestamp":' || coalesce('"' || strftime(case when {channel}.is_suppression
                then {channel}.since_at else {channel}.changed_at end, '%Y-%m-%dT%H:%M:%S') || '+00:00"', 'null')
            || ',"method":"PREFERENCE_PAGE","suppressions":[' || case when {channel}.is_suppression then
                '{{"reason":"USER_SUPPRESSED","timestamp":"' || strftime({channel}.changed_at, '%Y-%m-%dT%H:%M:%S')
                || '+00:00"}}' else '' end || ']}}}}'"""

    latest = "\n".join(
        f"""
        left join lateral (
            select max_by(state, changed_at) as state, max(changed_at) as changed_at,
                coalesce(max_by(is_suppression, changed_at), false) as is_suppression,
                max(changed_at) filter (where state = 'subscribed') as since_at
            from part.klaviyo_states as states
            where states.person_id = versions.person_id and states.channel = '{channel}'
                and states.changed_at <= versions.updated_at
        ) as {channel} on true"""
        for channel in ("email", "sms", "push")
    )
    delivery.deliver(
        "profiles",
        f"""
        select
            profile_id as id,
            'profile' as type,
            '{{"email":' || quoted(people.email) || ',"phone_number":' || quoted(people.phone) || ',"external_id":'
                || coalesce('"' || customer_number || '"', 'null') || ',"created":"' || strftime(arrived_at,
                    '%Y-%m-%dT%H:%M:%S')
                || '+00:00","updated":"' || strftime(updated_at, '%Y-%m-%dT%H:%M:%S') || '+00:00","properties":{{}},'
                || '"subscriptions":{{"email":' || {said("email")}
                || ',"sms":' || case when people.phone is null then 'null' else {said("sms")} end
                || ',"mobile_push":' || {said("push")} || '}}}}' as attributes,
            utc(updated_at) as updated,
            load_at as _load_at
        from part.klaviyo_versions as versions
        join part.klaviyo_people as people using (person_id)
        {latest}
        """,
        key=("id",),
        changed_at="updated",
        spoils=(Spoil("attributes", "'[1, 2'"), Spoil("id")),
    )


def names(delivery: Delivery) -> None:
    """What metrics, campaigns and flows are called; delivered once."""
    rows = ", ".join(f"('{metric_id(name)}', '{title}')" for name, title in METRICS.items())
    load = "load_after((select first_load_at - interval 1 day from life.settings)) as _load_at"
    named = """'{"name":' || quoted(name) || """
    delivery.deliver(
        "metrics",
        f"""select id, 'metric' as type, {named} ',"integration":{{"name":"Klaviyo"}}}}' as attributes, {load}
            from (values {rows}) as metrics (id, name)""",
        key=("id",),
    )
    delivery.deliver(
        "campaigns",
        f"""select 'c' || campaign_id as id, 'campaign' as type, {named} ',"status":"Sent","channel":"' || channel
            || '"}}'
                as attributes, load_after(sent_at) as _load_at
            from life.campaigns""",
        key=("id",),
    )
    delivery.deliver(
        "flows",
        f"""select distinct 'f-' || replace(flow, ' ', '-') as id, 'flow' as type,
                {named} ',"status":"live"}}' as attributes, {load}
            from (select unnest(['welcome', 'order confirmation', 'shipping notice', 'points expire soon',
                'we miss you'])
                as flow), lateral (select flow as name) as called""",
        key=("id",),
    )
