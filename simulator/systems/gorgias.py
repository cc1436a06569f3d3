"""
Gorgias: tickets with a version for every night after which they had changed, their messages, surveys and customers.

Topics are typed by hand, as tags or as a path in a ticket field, and at times not at all. Beside what people ask there
is spam, there are tickets thrown away, tickets that the shop opened itself, automatic replies and internal notes.
"""

from simulator.loader import Delivery, Spoil

NEEDS = ("service",)
TICKET_ID, MESSAGE_ID, SURVEY_ID, CUSTOMER_ID = 10_000_000_000, 200_000_000_000, 30_000_000_000, 3_000_000
FIELD, INTEGRATION = 77120, 55127
# Spellings of a topic, as tags and as the value of the field.
TAGS = {
    "order status": ("WISMO", "wismo", "Order Status", "where-is-my-order", "order_status"),
    "damaged item": ("Damaged", "damaged-item", "broken"),
    "return": ("Return", "returns", "RETURN", "refund"),
    "product question": ("product question", "Product-Question", "ingredients"),
    "subscription": ("Subscription", "cancel-subscription", "subscriptions"),
    "billing": ("Billing", "payment", "billing question"),
    "loyalty points": ("loyalty points", "Points", "rewards"),
}
FIELDS = {
    "order status": "Order::Status::Where is it", "damaged item": "Order::Damaged", "return": "Returns::Request",
    "product question": "Product::Question", "subscription": "Subscription::Change", "billing": "Billing::Other",
    "loyalty points": "Loyalty::Points",
}  # fmt: skip


def write(delivery: Delivery) -> None:
    content(delivery)
    tickets(delivery)
    messages(delivery)
    surveys(delivery)
    customers(delivery)


def content(delivery: Delivery) -> None:
    trap = delivery.settings.trap
    tags = ", ".join(f"'{topic}': [{', '.join(repr(name) for name in names)}]" for topic, names in TAGS.items())
    fields = ", ".join(f"'{topic}': '{path}'" for topic, path in FIELDS.items())
    delivery.con.execute(
        f"""
        create macro naive(instant) as strftime(instant, '%Y-%m-%dT%H:%M:%S.%f');

        -- kind: ask (what people want), spam, trashed (a second ticket about the same), outbound (the shop's own).
        create table part.gorgias_tickets as
        with kinds as (
            select ticket_key, 'ask' as kind, 0 as copy from life.tickets
            union all select ticket_key, 'spam', 1 from life.tickets
                where chance('spam_ticket', ticket_key::varchar) < {trap("spam_ticket")}
            union all select ticket_key, 'trashed', 2 from life.tickets
                where chance('trashed_ticket', ticket_key::varchar) < {trap("trashed_ticket")}
            union all select ticket_key, 'outbound', 3 from life.tickets
                where chance('outbound_ticket', ticket_key::varchar) < {trap("outbound_ticket")}
        )
        select tickets.* replace (
                case when kind = 'ask' then channel else 'email' end as channel,
                case when kind = 'spam' then 'offers@spam.example' else tickets.email end as email
            ),
            kind, {TICKET_ID} + ticket_key * 4 + copy as id,
            opened_at + to_minutes(copy * 7) as asked_at,
            case when kind = 'trashed' then opened_at + interval 1 hour end as trashed_at,
            case when kind = 'ask' then closed_at when kind = 'outbound' then opened_at + interval 1 hour end
                as shut_at,
            case when kind = 'ask' and closed_at is not null and chance('reopened', ticket_key::varchar)
                < {trap("reopened")}
                then closed_at - interval 2 hour end as shut_early_at,
            people.shopify_customer_id, people.given_name || ' ' || people.family_name as full_name,
            {CUSTOMER_ID} + tickets.person_id * 4 + list_position(['email', 'chat', 'sms', 'phone'],
                tickets.channel) - 1
                as customer_id,
            map {{{tags}}}[topic] as spellings, map {{{fields}}}[topic] as path,
            chance('labelled', ticket_key::varchar) as labelled
        from kinds join life.tickets as tickets using (ticket_key)
        join life.people as people on people.person_id = tickets.person_id
        where opened_at + to_minutes(copy * 7) < (select cut_at from life.settings)
        order by id;
        """
    )


def tickets(delivery: Delivery) -> None:
    trap = delivery.settings.trap
    untagged, by_field, unknown = trap("untagged"), 0.25, trap("unknown_tag")
    delivery.deliver(
        "tickets",
        f"""
        with events as (
            select id, unnest([asked_at, trashed_at, shut_early_at, shut_at,
                case when kind = 'ask' then first_reply_at end]) as happened_at
            from part.gorgias_tickets
            union all
            select {TICKET_ID} + ticket_key * 4, sent_at from life.ticket_messages
        ),
        versions as (
            select id, load_after(happened_at) as load_at, max(happened_at) as updated_at
            from events where happened_at < (select cut_at from life.settings) group by id, load_at
        )
        select
            tickets.id,
            naive(asked_at) as created_datetime,
            naive(updated_at) as updated_datetime,
            naive(asked_at) as opened_datetime,
            case when shown_shut_at <= updated_at then naive(shown_shut_at) end as closed_datetime,
            case when trashed_at <= updated_at then naive(trashed_at) end as trashed_datetime,
            case when shown_shut_at <= updated_at then 'closed' else 'open' end as status,
            'normal' as priority,
            channel,
            channel as via,
            kind = 'spam' as spam,
            kind = 'outbound' as from_agent,
            case kind when 'spam' then 'You have won' when 'outbound' then 'About your order'
                else 'A question' end as subject,
            case kind when 'spam' then 'Click here' else 'Hello, I need help with my order.' end as excerpt,
            case
                when kind = 'spam' then '{{"id":1,"email":"offers@spam.example"}}'
                else '{{"id":' || customer_id || ',"email":' || quoted(email) || ',"name":' || quoted(full_name)
                    || case when shopify_customer_id is not null and chance('integration', id::varchar) < 0.3
                        then ',"integrations":{{"{INTEGRATION}":{{"__integration_type__":"shopify","customer":{{"id":'
                            || shopify_customer_id || '}}}}}}' else '' end || '}}'
            end as customer,
            case
                when kind <> 'ask' or labelled < {untagged + by_field} then
                    case when labelled < {untagged} and chance('vip', id::varchar) < 0.3
                        then '[{{"id":9,"name":"VIP"}}]'
                        else '[]' end
                when labelled > {1 - unknown} then '[{{"id":8,"name":"escalated to Kim"}}]'
                else '[{{"id":' || length(topic) || ',"name":"' || spellings[1 + (id // 4 % len(spellings))::int]
                    || '"}}'
                    || case when labelled > 0.9 then ',{{"id":7,"name":"VIP"}}' else '' end || ']'
            end as tags,
            case
                when kind = 'ask' and labelled between {untagged} and {untagged + by_field}
                    then '{{"{FIELD}":{{"id":{FIELD},"value":"' || path || '","prediction":null}}}}'
                when id % 7 = 0 then null
                else '{{}}'
            end as custom_fields,
            null::varchar as satisfaction_survey,
            1 as messages_count,
            load_at as _load_at,
            case kind when 'spam' then 'spam_ticket' when 'trashed' then 'trashed_ticket'
                when 'outbound' then 'outbound_ticket' end as _kind
        from versions join part.gorgias_tickets as tickets using (id),
        -- Closed too early, open again with the next message, closed in the end.
        lateral (select case when shut_at <= updated_at then shut_at when shut_early_at <= updated_at then shut_early_at
            end as shown_shut_at) as states
        """,
        key=("id",),
        changed_at="updated_datetime::timestamp",
        spoils=(
            Spoil("created_datetime", "'yesterday'"), Spoil("tags", "'[{\"id\":'"), Spoil("customer", "'\"somebody\"'"),
            Spoil("id"),
        ),
        trap="_kind",
    )  # fmt: skip
    delivery.record(
        "ticket", "select id, person_id, true from part.gorgias_tickets where kind <> 'spam'", landed="tickets"
    )
    delivery.tell(
        "tickets",
        f"""
        select 'gorgias:' || id as ticket_id, person_id, kind, asked_at as opened_at, channel, topic, shut_at
            as closed_at,
            case when kind = 'ask' then first_reply_at end as first_reply_at,
            case when kind = 'ask' then csat end as csat,
            labelled >= {untagged} and labelled <= {1 - unknown} as is_labelled, coalesce(is_staged, false) as is_staged
        from part.gorgias_tickets as tickets
        left join part.gorgias__tickets as landed on landed.record_key = tickets.id::varchar
        """,
    )


def messages(delivery: Delivery) -> None:
    trap = delivery.settings.trap
    delivery.deliver(
        "messages",
        f"""
        with said as (
            select {TICKET_ID} + ticket_key * 4 as ticket_id, {MESSAGE_ID} + ticket_key * 64 + number * 4 as id,
                sent_at,
                is_agent, null::bigint as rule_id, true as public, 'said' as kind
            from life.ticket_messages
            union all
            select id, {MESSAGE_ID} + ticket_key * 64 + 1, asked_at + interval 20 second, true, 4, true, 'auto_reply'
            from part.gorgias_tickets
            where kind = 'ask' and chance('auto_reply', id::varchar) < {trap("auto_reply")}
            union all
            select id, {MESSAGE_ID} + ticket_key * 64 + 2, asked_at + interval 9 minute, true, null, false,
                'internal_note'
            from part.gorgias_tickets
            where kind = 'ask' and chance('internal_note', id::varchar) < {trap("internal_note")}
            union all
            select id, {MESSAGE_ID} + ticket_key * 64 + 3 + 4 * list_position(['spam', 'trashed', 'outbound'], kind),
                asked_at, kind = 'outbound', null, true, 'said'
            from part.gorgias_tickets where kind <> 'ask'
        )
        select
            said.id,
            ticket_id,
            naive(sent_at) as created_datetime,
            case when is_agent then naive(sent_at) end as sent_datetime,
            null::varchar as failed_datetime,
            is_agent as from_agent,
            public,
            rule_id,
            case when public then 'email' else 'internal-note' end as channel,
            load_after(sent_at) as _load_at,
            case when kind <> 'said' then kind end as _kind
        from said where sent_at < (select cut_at from life.settings)
        """,
        key=("id",),
        spoils=(Spoil("created_datetime", "'then'"), Spoil("ticket_id"), Spoil("id")),
        trap="_kind",
    )


def surveys(delivery: Delivery) -> None:
    delivery.deliver(
        "satisfaction_surveys",
        f"""
        with sent as (
            select {SURVEY_ID} + ticket_key as id, id as ticket_id, customer_id, closed_at + interval 1 hour as sent_at,
                csat, csat_at
            from part.gorgias_tickets where kind = 'ask' and closed_at + interval 1 hour
                < (select cut_at from life.settings)
        ),
        versions as (
            select *, sent_at as updated_at, null::bigint as score from sent
            union all
            select *, csat_at as updated_at, csat from sent where csat is not null
        )
        select
            id,
            ticket_id,
            customer_id,
            score::bigint as score,
            naive(sent_at - interval 30 minute) as created_datetime,
            naive(sent_at) as sent_datetime,
            case when score is not null then naive(csat_at) end as scored_datetime,
            null::varchar as body_text,
            load_after(updated_at) as _load_at,
            updated_at as _updated_at
        from versions
        """,
        key=("id",),
        changed_at="_updated_at",
        spoils=(Spoil("ticket_id"), Spoil("score", "9"), Spoil("id")),
    )


def customers(delivery: Delivery) -> None:
    delivery.con.execute(
        """
        create table part.gorgias_customers as
        select customer_id as id, any_value(person_id) as person_id, any_value(email) as email,
            any_value(full_name) as full_name, min(asked_at) as created_at
        from part.gorgias_tickets where kind <> 'spam' group by customer_id order by id
        """
    )
    delivery.deliver(
        "customers",
        """
        select id, email, null::varchar as external_id, full_name as name, naive(created_at) as created_datetime,
            naive(created_at) as updated_datetime, load_after(created_at) as _load_at
        from part.gorgias_customers
        """,
        key=("id",),
        spoils=(Spoil("id"),),
    )
    delivery.record("customer", "select id, person_id, true from part.gorgias_customers", landed="customers")
