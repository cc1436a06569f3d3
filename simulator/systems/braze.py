"""
Braze Currents: one table per kind of event, UNIX seconds, at least once, apps late. The American shop's tool.

What is older than two years has lost its e-mail address. Merged profiles go on under the surviving id. States of
subscription fire although nothing changed, and new profiles are subscribed by default.
"""

from simulator.loader import Delivery, Spoil
from simulator.systems import _messages

NEEDS = ("marketing",)
SMS_GROUP = "simulated-marketing-sms"
SPOILS = (Spoil("time", "time * 1000"), Spoil("time"), Spoil("id"), Spoil("user_id"))


def write(delivery: Delivery) -> None:
    _messages.add(delivery)
    users(delivery)
    messages(delivery)
    states(delivery)
    replies(delivery)
    campaigns(delivery)
    profiles(delivery)
    tell(delivery)


def users(delivery: Delivery) -> None:
    trap = delivery.settings.trap
    delivery.con.execute(
        f"""
        create table part.braze_people as
        select *, substr(md5('braze/' || person_id), 1, 24) as user_id,
            case when second_number is not null then substr(md5('braze second/' || person_id), 1, 24) end
                as second_user_id,
            (select last_load_at from life.settings) - interval 2 years as anonymous_before
        from part.tool_people where tool = 'braze';

        -- A message to somebody whose second profile still lives may go to that one.
        create table part.braze_messages as
        with addressed as (
            select messages.*, people.user_id, people.second_user_id, people.anonymous_before,
                second_user_id is not null and sent_at < coalesce(messages.merged_at, timestamp '9999-01-01')
                    and chance('second profile', message_key::varchar) < 0.5 as is_to_second
            from part.tool_messages as messages
            join (select person_id, user_id, second_user_id, anonymous_before from part.braze_people) as people
                using (person_id)
            where tool = 'braze'
        )
        select *, case when is_to_second then second_user_id else user_id end as sent_to,
            channel = 'email' and unsubscribed_at is not null and chance('complains', message_key::varchar) < 0.1
                as is_complaint,
            channel = 'email' and delivered_at is not null and chance('soft bounce', message_key::varchar)
                < {trap("soft_bounce")} as bounces_softly,
            channel = 'email' and delivered_at is not null and chance('bot click', message_key::varchar)
                < {trap("bot_click")} as is_scanned
        from addressed;
        """
    )


def messages(delivery: Delivery) -> None:
    late = delivery.settings.trap("late_event")
    mail, sms, push = "email_address", "to_phone_number", None
    click = "chance('names campaign', message_key::varchar) < 0.5"
    sources: dict[str, list[str]] = {}
    for table, channel, at, address, more, where in (
        ("email_send", "email", "sent_at", mail, "", ""),
        ("email_delivery", "email", "delivered_at", mail, "", ""),
        ("email_open", "email", "opened_at", mail, "null::varchar as machine_open,", ""),
        ("email_open", "email", "machine_opened_at", mail, "'true' as machine_open,", ""),
        ("email_click", "email", "clicked_at", mail, "false as is_suspected_bot_click,", ""),
        ("email_click", "email", "delivered_at + interval 3 second", mail, "true as is_suspected_bot_click,",
            "is_scanned"),
        ("email_bounce", "email", "bounced_at", mail, "", ""),
        ("email_softbounce", "email", "sent_at + interval 1 second", mail, "", "bounces_softly"),
        ("email_unsubscribe", "email", "unsubscribed_at", mail, "", "not is_complaint"),
        ("email_markasspam", "email", "unsubscribed_at", mail, "", "is_complaint"),
        ("sms_send", "sms", "sent_at", sms, "", ""),
        ("sms_carriersend", "sms", "sent_at + interval 1 second", sms, "", ""),
        ("sms_delivery", "sms", "delivered_at", sms, "", ""),
        ("sms_deliveryfailure", "sms", "bounced_at", sms, "", "message_key % 3 <> 0"),
        ("sms_rejection", "sms", "bounced_at", sms, "", "message_key % 3 = 0"),
        ("sms_shortlinkclick", "sms", "clicked_at", "user_phone_number", "false as is_suspected_bot_click,", ""),
        ("pushnotification_send", "push", "sent_at", push, "", ""),
        ("pushnotification_send", "push", "sent_at + interval 1 second", push, "", "message_key % 4 = 0"),
        ("pushnotification_open", "push", "opened_at", push, "", ""),
    ):  # fmt: skip
        is_click = table == "sms_shortlinkclick"
        named = click if is_click else "true"
        sources.setdefault(table, []).append(f"""
            select
                md5('{table}/{at}/' || message_key)::uuid::varchar as id,
                case when is_to_second and {at} >= merged_at then user_id else sent_to end as user_id,
                case when is_to_second and {
            at
        } < coalesce(merged_at, timestamp '9999-01-01') then second_number when has_account then customer_number end
                    as external_user_id,
                epoch({at})::bigint as time,
                time_zone as timezone,
                case when {named} then campaign_id end as campaign_id,
                case when {named} then campaign_name end as campaign_name,
                case when {named} then flow_id end as canvas_id,
                case when {named} then flow end as canvas_name,
                case when {named} and flow is not null then '{_messages.FLOW_STEP}' end as canvas_step_name,
                {"" if is_click else "dispatch_id,"}
                'perennial-live' as app_group_id,
                {
            f"case when {at} >= anonymous_before then {'email' if address == mail else 'phone'} end as {address},"
            if address
            else ""
        }
                {more}
                least(load_after({at}) + to_days(case when chance('late_event/{table}', message_key::varchar) < {late}
                    then 1 + (chance('late days/{table}', message_key::varchar) * 5)::int else 0 end::int),
                    (select last_load_at from life.settings)) as _load_at,
                case when chance('late_event/{table}', message_key::varchar) < {late} then 'late_event' end as _oddity
            from part.braze_messages
            where channel = '{channel}' and {at} < (select cut_at from life.settings) {f"and {where}" if where else ""}
        """)
    tries = delivery.settings.trap("test_workspace")
    sources["email_send"].append(f"""
        select * replace (
            md5('try/' || id)::uuid::varchar as id, substr(md5('tester/' || user_id), 1, 24) as user_id,
            null as external_user_id, 'tester@example.com' as email_address, 'perennial-test' as app_group_id,
            'test_workspace' as _oddity
        )
        from ({sources["email_send"][0]}) where chance('test_workspace', id) < {tries}
    """)
    for table, queries in sources.items():
        give(delivery, f"users_messages_{table}", " union all by name ".join(queries), trap="_oddity")


def give(delivery: Delivery, table: str, query: str, trap: str = "null", spoils=SPOILS) -> None:
    delivery.deliver(table, query, key=("id",), loader="ours", spoils=spoils, trap=trap)


def states(delivery: Delivery) -> None:
    """States of subscription as Braze knows them: not what was said to Yotpo."""
    again = delivery.settings.trap("restated_state")
    default = delivery.settings.trap("default_subscribed")
    delivery.con.execute(
        f"""
        create table part.braze_states as
        with changes as (
            select events.person_id, events.channel, changed_at,
                case when state = 'unsubscribed' then 'Unsubscribed' when events.channel = 'sms' then 'Subscribed'
                    when events.person_id % 3 = 0 then 'opted_in' else 'Opted-In' end as status, events.method
            from life.consent_events as events
            join part.braze_people using (person_id)
            left join part.tool_refusals as refusals using (person_id, channel, changed_at)
            where coalesce(refusals.tool, 'braze') = 'braze'
        ),
        defaults as (
            select person_id, 'email' as channel, min(sent_at) - interval 1 minute as changed_at,
                'Subscribed' as status, 'profile' as method
            from part.braze_messages as messages
            where not wants_email and channel = 'email' and chance('default', person_id::varchar) < {default}
            group by person_id
        ),
        said as (
            select *, lead(changed_at) over (partition by person_id, channel order by changed_at) as next_at,
                null::varchar as oddity
            from (from changes union all from defaults)
        ),
        repeated as (
            select * replace (
                changed_at + to_seconds(86400 * (1 + 200 * chance('again at', person_id || channel || status)))
                    as changed_at,
                'restated_state' as oddity
            )
            from said where chance('again', person_id || channel || status) < {again}
        )
        select *, row_number() over (order by person_id, channel, changed_at, status) as number
        from (from said union all from repeated where next_at is null or changed_at < next_at)
        where changed_at < (select cut_at from life.settings);
        """
    )
    head = """
        md5('state/' || person_id || channel || changed_at || status)::uuid::varchar as id, user_id,
        case when has_account then customer_number end as external_user_id, epoch(changed_at)::bigint as time,
        time_zone as timezone, 'perennial-live' as app_group_id, status as subscription_status, channel,
        case when method = 'profile' then 'api' when method = 'STOP' then 'sms_keyword' else 'preference_center' end
            as state_change_source,
    """
    tail = """
        load_after(changed_at) as _load_at, oddity as _oddity
        from part.braze_states join part.braze_people using (person_id)
    """
    address = "case when changed_at >= anonymous_before then email end as email_address"
    spoils = (*SPOILS, Spoil("subscription_status"))
    give(
        delivery, "users_behaviors_subscription_globalstatechange",
        f"select {head} {address}, {tail} where channel <> 'sms'", "_oddity", spoils,
    )  # fmt: skip
    give(
        delivery, "users_behaviors_subscriptiongroup_statechange",
        f"""select {head} null::varchar as email_address, '{SMS_GROUP}' as subscription_group_id,
            case when changed_at >= anonymous_before then phone end as phone_number, {tail} where channel = 'sms'""",
        "_oddity", spoils,
    )  # fmt: skip


def replies(delivery: Delivery) -> None:
    delivery.con.execute(
        """
        create table part.braze_answers as
        select person_id, changed_at, 'STOP' as kind, chance('reply', person_id::varchar) as luck
        from part.braze_states where status = 'Unsubscribed' and channel = 'sms' and oddity is null
        union all
        select person_id, sent_at + interval 20 minute, 'thanks', 0.9
        from part.braze_messages where channel = 'sms' and chance('chat', message_key::varchar) < 0.02
            and sent_at + interval 20 minute < (select cut_at from life.settings)
        """
    )
    give(
        delivery,
        "users_messages_sms_inboundreceive",
        """
        select md5('reply/' || person_id || changed_at)::uuid::varchar as id,
            -- A number that several profiles have is nobody's.
            case when luck > 0.15 then user_id end as user_id,
            case when luck > 0.15 and has_account then customer_number end as external_user_id,
            epoch(changed_at)::bigint as time, time_zone as timezone, 'perennial-live' as app_group_id,
            phone as user_phone_number,
            case when kind = 'STOP' and luck > 0.6 then 'Unsubscribed' else 'None' end as action,
            case when kind = 'thanks' then 'Thanks, when do you stop the sale?'
                when luck > 0.6 then 'Stop.' when luck > 0.3 then ' STOP ' else 'stop' end as message_body,
            load_after(changed_at) as _load_at
        from part.braze_answers join part.braze_people using (person_id)
        where phone is not null
        """,
        spoils=(Spoil("time", "time * 1000"), Spoil("id")),
    )


def campaigns(delivery: Delivery) -> None:
    """What Braze counts as success, who is kept out, who enters a journey."""
    give(
        delivery,
        "users_campaigns_conversion",
        """
        select md5('conversion/' || message_key)::uuid::varchar as id, sent_to as user_id,
            case when has_account then customer_number end as external_user_id,
            epoch(clicked_at + interval 1 hour)::bigint as time, time_zone as timezone, 'perennial-live'
                as app_group_id,
            campaign_id, campaign_name, dispatch_id, '{"type":"Makes Any Purchase"}' as conversion_behavior,
            load_after(clicked_at + interval 1 hour) as _load_at
        from part.braze_messages
        where campaign_id is not null and chance('converts', message_key::varchar) < 0.2
            and clicked_at + interval 1 hour < (select cut_at from life.settings)
        """,
    )
    delivery.con.execute(
        """
        create table part.braze_controls as
        select people.person_id, campaigns.campaign_id, campaigns.name as campaign_name, campaigns.sent_at
        from part.braze_people as people
        join life.campaigns as campaigns
            on campaigns.campaign_id % 10 = 0 and arrived_at < campaigns.sent_at
            and chance('control', person_id || '/' || campaigns.campaign_id) < 0.02
        anti join part.braze_messages as messages
            on messages.person_id = people.person_id and messages.campaign_id = 'c' || campaigns.campaign_id
        """
    )
    give(
        delivery,
        "users_campaigns_enrollincontrol",
        """
        select md5('control/' || person_id || '/' || campaign_id)::uuid::varchar as id, user_id,
            case when has_account then customer_number end as external_user_id, epoch(sent_at)::bigint as time,
            time_zone as timezone, 'perennial-live' as app_group_id, 'c' || campaign_id as campaign_id, campaign_name,
            load_after(sent_at) as _load_at
        from part.braze_controls join part.braze_people using (person_id)
        """,
    )
    give(
        delivery,
        "users_canvas_entry",
        """
        select md5('entry/' || message_key)::uuid::varchar as id, sent_to as user_id,
            case when has_account then customer_number end as external_user_id,
            epoch(sent_at - interval 1 second)::bigint as time, time_zone as timezone, 'perennial-live' as app_group_id,
            flow_id as canvas_id, flow as canvas_name, false as in_control_group, load_after(sent_at) as _load_at
        from part.braze_messages where flow_id is not null
        """,
    )


def profiles(delivery: Delivery) -> None:
    """Profiles that merged, and those that were deleted."""
    give(
        delivery,
        "users_userorphan",
        """
        select md5('orphan/' || person_id)::uuid::varchar as id, second_user_id as user_id,
            second_number as external_user_id, epoch(merged_at)::bigint as time, time_zone as timezone,
            'perennial-live' as app_group_id, user_id as orphaned_by_id, load_after(merged_at) as _load_at
        from part.braze_people where second_user_id is not null and merged_at is not null
        """,
        "'merged_customer'",
    )
    give(
        delivery,
        "users_userdeleterequest",
        """
        select md5('deletion/' || person_id)::uuid::varchar as id, user_id,
            case when has_account then customer_number end as external_user_id, epoch(erasure_at)::bigint as time,
            time_zone as timezone, 'perennial-live' as app_group_id, load_after(erasure_at) as _load_at
        from part.braze_people where erasure_at is not null
        """,
        "'erased'",
    )


def tell(delivery: Delivery) -> None:
    delivery.con.execute(
        """
        create table part.braze_seen as
        -- Who appears, and when an address or number of theirs was last written down.
        with seen as (
            select sent_to as user_id, person_id,
                case when channel in ('email', 'sms') then sent_at end as addressed_at, has_account as has_number
            from part.braze_messages
            union all select user_id, person_id, null, has_account from part.braze_messages
                where is_to_second and merged_at is not null
            union all select user_id, person_id, case when channel in ('email', 'sms') then changed_at end, has_account
            from part.braze_states join part.braze_people using (person_id)
            union all select user_id, person_id, null, has_account
                from part.braze_controls join part.braze_people using (person_id)
            union all select unnest([user_id, second_user_id]), person_id, null, false from part.braze_people
                where second_user_id is not null and merged_at is not null
            union all select user_id, person_id, null, has_account from part.braze_people where erasure_at is not null
            -- What people answer keeps their number.
            union all select user_id, person_id, 'infinity'::timestamp, false
                from part.braze_answers join part.braze_people using (person_id)
                where phone is not null and luck > 0.15
        )
        select user_id, person_id, max(addressed_at) as addressed_at, bool_or(has_number) as has_number from seen
        group by all;
        """
    )
    delivery.record(
        "user",
        """
        select seen.user_id, seen.person_id, has_number or coalesce(addressed_at >= anonymous_before, false)
        from part.braze_seen as seen join part.braze_people as people using (person_id)
        """,
    )
    delivery.tell(
        "messages",
        """
        select 'braze' as source_name, 'braze:' || channel || ':' || sent_to || ':' || dispatch_id as message_id,
            person_id, channel, message_class, campaign, sent_at,
            case when channel <> 'push' then delivered_at end as delivered_at,
            case when channel <> 'sms' then opened_at end as opened_at,
            case when channel = 'email' then machine_opened_at end as machine_opened_at,
            case when channel <> 'push' then clicked_at end as clicked_at,
            case when channel = 'email' then bounced_at end as bounced_at,
            case when channel = 'sms' then bounced_at when bounces_softly then sent_at + interval 1 second end
                as failed_at,
            case when channel = 'email' and not is_complaint then unsubscribed_at end as unsubscribed_at,
            case when is_complaint then unsubscribed_at end as complained_at
        from part.braze_messages
        """,
    )
    _messages.tell_consents(delivery, "braze")
