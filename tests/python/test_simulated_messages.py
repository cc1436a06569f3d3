"""Messages, profiles, consents and reviews of the simulated shop, against what really happened."""

TOOLS = ("braze", "klaviyo", "yotpo", "barilliance")
TIMES = ("delivered", "opened", "machine_opened", "clicked", "bounced", "failed", "unsubscribed", "complained")


def test_every_message_is_there_once_with_all_that_happened_to_it(simulated):
    """Through repeated and late events, merged profiles, machines, scanners and clicks that name no message.

    Barilliance writes what the clock in New York showed, and no more: so its times are compared as that clock's, on
    which the hour before winter time comes twice.
    """
    sent_at = (
        "case when source_name = 'barilliance' then timezone('America/New_York', timezone('UTC', sent_at))"
        " else sent_at end"
    )
    columns = ", ".join(["source_name", "channel", "message_class", "campaign", sent_at, *(f"{at}_at" for at in TIMES)])
    simulated.same(f"select {columns} from marts.messages", f"select {columns} from truth.messages", 300_000)
    assert (
        simulated.sql(
            "select message_id from truth.messages where message_id not in (select message_id from marts.messages)"
        )
        == []
    )


def test_every_profile_is_somebody(simulated):
    """Those that cannot be known are those without an address or a number of the shop: anonymised guests."""
    columns = "source_name, source_record_type, source_record_id"
    simulated.same(
        f"select {columns} from marts.customer_records where source_name in {TOOLS}",
        f"select {columns} from truth.records where source_name in {TOOLS} and is_identifiable",
        30_000,
    )


# The states that the warehouse knows of a person, who is several customers as long as their accounts have not merged.
KNOWN = """
    with customers as (
        select distinct told.person_id, told.source_name, ours.customer_id
        from truth.records as told
        join marts.customer_records as ours using (source_name, source_record_type, source_record_id)
        where told.source_record_type in ('user', 'profile')
    ),
    known as (
        select customers.person_id, customers.source_name, consents.channel,
            list_sort(list_distinct(list(consents.state))) as states
        from customers
        join marts.consents as consents using (customer_id)
        where consents.purpose = 'marketing' and consents.valid_to is null and consents.state <> 'unknown'
        group by all
    ),
    people as (
        select told.*, coalesce(known.states, []) as states, people.erasure_at is not null as is_erased,
            coalesce(told.refused_at_tool = 'yotpo' and not exists (
                from customers
                join intermediate.int_identity__records as identified using (customer_id)
                join intermediate.int_customer_records__unioned as records
                    on records.source_name = identified.source_name
                    and records.source_record_type = identified.source_record_type
                    and records.source_record_id = identified.source_record_id
                where customers.person_id = told.person_id and customers.source_name = told.source_name
                    and lower(records.email) = lower(told.reviews_address)
            ), false) as is_told_by_stranger
        from truth.consents as told
        join truth.people as people using (person_id)
        left join known using (person_id, source_name, channel)
        semi join customers using (person_id, source_name)
    )
"""


def test_consents_are_what_people_want(simulated):
    """
    Who shares an address or a number is tested below, as is who was erased. A refusal that only Yotpo was told, under
    an address that no record of the person has, cannot be known as theirs.
    """
    ((people,),) = simulated.sql(f"{KNOWN} select count(*) from people where not shares_address")
    assert people > 45_000
    assert (
        simulated.sql(
            f"""
            {KNOWN}
            select source_name, person_id, channel, state, states, refused_at_tool from people
            where not (shares_address or is_erased or is_told_by_stranger)
                and states <> case when state = 'unknown' then [] else [state] end
            """
        )
        == []
    )
    ((strangers,),) = simulated.sql(f"{KNOWN} select count(*) from people where is_told_by_stranger")
    assert 0 < strangers < people / 500


def test_nobody_who_refused_is_taken_for_a_subscriber(simulated):
    """Nor one who shares an address: a refusal is everybody's. Of who was erased nothing may be known, which is no."""
    ((refused,),) = simulated.sql(f"{KNOWN} select count(*) from people where state = 'unsubscribed'")
    assert refused > 1_000
    assert (
        simulated.sql(
            f"""
            {KNOWN}
            select source_name, person_id, channel, states, refused_at_tool from people
            where state = 'unsubscribed' and 'subscribed' in states and not is_told_by_stranger
            """
        )
        == []
    )


def test_reviews_are_what_was_written(simulated):
    """A review names the order that it was asked for, where that is known."""
    simulated.same(
        """
        select review_id, score, reviewed_at, product_id, is_published, is_site_review, is_incentivized,
            split_part(order_id, ':', 3)
        from marts.reviews
        """,
        """
        select review_id, score, reviewed_at, product_id, is_published, is_site_review, is_incentivized,
            orders.source_order_id
        from truth.reviews as told
        left join marts.orders as orders
            on orders.source_name = 'shopify' and orders.source_order_id = told.source_order_id::varchar
        """,
        5_000,
    )
