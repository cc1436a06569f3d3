"""
Which tool sent what, shared by the writers of messaging tools.

Requests for reviews go out through Yotpo, all else through the shop's own tool: Braze in America, Klaviyo in Europe.
Whoever leaves a channel does so where the last message came from: only that tool knows.

    tool_messages   life.messages with its tool, its campaign as that tool names it, and the recipient
    tool_people     one person as the shop's tool knows them
    tool_refusals   one channel left: when, from which message (null: none), and which tool knows
"""

from simulator.loader import Delivery

FLOW_STEP = "Step 1"


def add(delivery: Delivery) -> None:
    """The tables of this module for one block; the first writer makes them."""
    delivery.con.execute(
        f"""
        create table if not exists part.tool_people as
        select person_id, case when shop_id = 1 then 'klaviyo' else 'braze' end as tool, messages_email as email, phone,
            time_zone, arrived_at, has_account, shopify_customer_id::varchar as customer_number,
            case when person_id in (select person_id from life.orders where is_second_account and state = 'normal')
                then merged_shopify_customer_id::varchar end as second_number,
            merged_at, erasure_at, wants_email, reviews_email,
            count(*) over (partition by lower(email)) > 1 or count(phone) over (partition by phone) > 1
                as shares_address
        from life.people
        where not is_marketplace;

        create view if not exists part.tool_messages as
        select messages.* exclude (campaign_id), people.* exclude (person_id, tool),
            case when flow = 'review request' then 'yotpo' else people.tool end as tool,
            case when messages.campaign_id is not null then 'c' || messages.campaign_id end as campaign_id,
            case when flow is not null then 'f-' || replace(flow, ' ', '-') end as flow_id,
            coalesce(campaigns.name, flow || ' / {FLOW_STEP}') as campaign,
            campaigns.name as campaign_name,
            -- A scheduled send has one dispatch for everybody, a triggered one its own.
            substr(md5('dispatch/' || coalesce('c' || messages.campaign_id, message_key::varchar)), 1, 24)
                as dispatch_id
        from life.messages as messages
        join part.tool_people as people using (person_id)
        left join life.campaigns as campaigns using (campaign_id);

        create table if not exists part.tool_refusals as
        with refusals as (
            select person_id, channel, changed_at from life.consent_events where state = 'unsubscribed'
        ),
        causes as (
            select person_id, channel, unsubscribed_at as changed_at, max_by(message_key, sent_at) as message_key,
                max_by(tool, sent_at) as tool
            from part.tool_messages where unsubscribed_at is not null and channel = 'email'
            group by person_id, channel, unsubscribed_at
        )
        select refusals.*, causes.message_key, coalesce(causes.tool, people.tool) as tool
        from refusals
        join part.tool_people as people using (person_id)
        left join causes using (person_id, channel, changed_at);
        """
    )


def tell_consents(delivery: Delivery, tool: str) -> None:
    """What the people of a shop really want at as_of; whoever was erased wants nothing."""
    delivery.tell(
        "consents",
        f"""
        with decided as (
            select person_id, channel, max_by(state, changed_at) as state, max(changed_at) as changed_at
            from life.consent_events group by person_id, channel
        )
        select '{tool}' as source_name, people.person_id, channels.channel,
            case when erasure_at is not null then 'unsubscribed' else coalesce(decided.state, 'unknown') end as state,
            coalesce(erasure_at, decided.changed_at) as changed_at, people.shares_address,
            refusals.tool as refused_at_tool, reviews_email as reviews_address
        from part.tool_people as people
        cross join (values ('email'), ('sms'), ('push')) as channels (channel)
        left join decided on decided.person_id = people.person_id and decided.channel = channels.channel
        left join part.tool_refusals as refusals
            on refusals.person_id = people.person_id and refusals.channel = channels.channel
        where people.tool = '{tool}'
        order by all
        """,
    )
