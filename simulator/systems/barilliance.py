"""
Barilliance as its CSV exports: triggered e-mails by New York wall clock, addresses seen and opted out, totals by day.

Nothing has an id, exports overlap, and the kind of an e-mail is written in two ways.
"""

from simulator.loader import Delivery, Spoil
from simulator.systems import _messages
from simulator.systems.yotpo import ADDRESS

NEEDS = ("marketing", "web")
NEW_CODES = "timestamp '2024-07-01'"


def write(delivery: Delivery) -> None:
    _messages.add(delivery)
    trap = delivery.settings.trap
    con = delivery.con
    con.execute(
        """
        create table part.barilliance_sends as
        select carts.cart_key, carts.person_id, people.email, carts.created_at + interval 1 hour as sent_at,
            timezone('America/New_York', utc(carts.created_at + interval 1 hour)) as sent_local_at,
            cart_key % 3 as kind
        from life.carts as carts
        join part.tool_people as people using (person_id)
        where people.tool = 'braze' and carts.created_at + interval 1 hour < (select cut_at from life.settings)
            and (carts.completed_at is null or carts.completed_at > carts.created_at + interval 1 hour)
            and people.wants_email
            and not exists (from part.tool_refusals as refusals where refusals.person_id = carts.person_id
                and refusals.channel = 'email' and refusals.changed_at <= carts.created_at + interval 1 hour)
            and exists (from life.consent_events as consents where consents.person_id = carts.person_id
                and consents.channel = 'email' and consents.changed_at <= carts.created_at + interval 1 hour);

        -- Who left the e-mails of the shop's own tool may tell Barilliance too.
        create table part.barilliance_refusals as
        select distinct refusals.person_id, people.email, refusals.changed_at
        from part.tool_refusals as refusals
        join part.tool_people as people using (person_id)
        semi join part.barilliance_sends as sends on sends.person_id = refusals.person_id
        where refusals.channel = 'email' and refusals.tool = 'braze' and chance('opts out',
            refusals.person_id::varchar) < 0.3;
        """
    )
    con.execute(
        f"""
        create table part.barilliance_exports as
        select *, load_after(sent_at) as _load_at, null::varchar as _oddity, 0 as _copy from part.barilliance_sends
        union all
        select *, load_after(sent_at) + interval 1 day, 'overlapping_export', 1 from part.barilliance_sends
        where chance('overlap', cart_key::varchar) < {trap("overlapping_export")}
        """
    )
    delivery.deliver(
        "sent_emails",
        f"""
        select strftime(sent_local_at, '%Y-%m-%d %H:%M:%S') as time, email,
            (case when sent_at >= {NEW_CODES} then 60 else 0 end + kind * 2)::bigint as email_type, _load_at, _oddity
        from part.barilliance_exports
        """,
        key=("time", "email", "email_type"),
        spoils=(Spoil("time", "'noon'"), Spoil("email")),
        trap="_oddity",
    )
    window = """
        date_trunc('month', {0})::date as from_date, (date_trunc('month', {0}) + interval 1 month)::date - 1 as to_date,
    """
    delivery.deliver(
        "collected_emails",
        f"""
        select distinct email, {window.format("sent_at")} load_after(date_trunc('month',
            sent_at) + interval 1 month) as _load_at
        from part.barilliance_sends
        """,
        key=("email",),
        spoils=(Spoil("email"),),
    )
    delivery.deliver(
        "optout_emails",
        f"""
        select email, {window.format("changed_at")} load_after(changed_at) as _load_at
        from part.barilliance_refusals
        """,
        key=("email",),
        spoils=(Spoil("email"),),
    )
    if delivery.is_first:
        delivery.deliver(
            "triggered_emails_report",
            """
            select sent_local_at::date as sent_date, 'main' as site_id, 'rule-' || kind as rule_number,
                kind * 2 as email_type, count(*) as sent, count(*) // 2 as opened, count(*) // 10 as clicked, 0
                    as converted,
                load_after(sent_local_at::date + interval 1 day) as _load_at
            from part.barilliance_sends group by all
            """,
            key=("sent_date", "site_id", "rule_number", "email_type"),
            spoils=(Spoil("sent_date"),),
        )
    delivery.record(
        "address",
        f"""
        select {ADDRESS.format("email")}, min(person_id), true
        from part.barilliance_sends group by all
        """,
    )
    delivery.tell(
        "messages",
        """
        select 'barilliance' as source_name, null::varchar as message_id, person_id, 'email' as channel,
            'promotional' as message_class,
            case kind when 0 then 'cart abandonment' when 1 then 'browse abandonment' else 'back in stock' end
                as campaign,
            sent_at, null::timestamp as delivered_at, null::timestamp as opened_at, null::timestamp
                as machine_opened_at,
            null::timestamp as clicked_at, null::timestamp as bounced_at, null::timestamp as failed_at,
            null::timestamp as unsubscribed_at, null::timestamp as complained_at
        from part.barilliance_sends order by all
        """,
    )
