"""Subscriptions, parcels, returns and tickets of the simulated shop, against what really happened."""

TOPICS = {
    "order status": ("order_status",), "damaged item": ("damaged",), "return": ("return", "refund"),
    "product question": ("product",), "subscription": ("subscription",), "billing": ("payment",),
    "loyalty points": ("loyalty",),
}  # fmt: skip


def test_subscriptions_are_in_their_state(simulated):
    """Whatever the loader overwrote, the log left out or dunning did not say."""
    simulated.same(
        "select subscription_id, status_at_as_of, end_reason, ended_at, started_at from marts.subscriptions",
        """
        select subscription_id, status, end_reason, case when reactivated_at is null then ended_at end, started_at
        from truth.recharge_subscriptions where is_staged
        """,
        1_500,
    )


def test_everything_that_happened_to_them_happened_once(simulated):
    simulated.same(
        """
        select subscription_id, event_type from marts.subscription_events
        where event_type not in ('charged', 'charge_failed')
        """,
        """
        select subscription_id, case event when 'payment_failed' then 'cancelled' else event end
        from truth.subscription_events as events
        join truth.recharge_subscriptions as rows
            on rows.subscription_id = 'recharge:' || 600000000 + events.subscription_key
        where rows.is_staged
        """,
        3_000,
    )


def test_orders_of_subscriptions_are_known_by_their_charges(simulated):
    simulated.same(
        "select order_id, sales_channel from marts.orders",
        "select order_id, channel from truth.orders semi join marts.orders using (order_id)",
        60_000,
    )
    assert simulated.sql("select distinct channel from truth.orders order by all") == [
        ("online",),
        ("pos",),
        ("subscription",),
    ]


def test_parcels_are_late_if_they_were(simulated):
    """A number that once belonged to another parcel is another parcel, of which nothing more is told."""
    simulated.same(
        "select shipment_id from marts.shipments where is_tracked and shipment_id not in"
        " (select shipment_id from truth.parcels)",
        "select distinct 'aftership:' || record_key from truth.raw_rows"
        " where trap = 'recycled_number' and fate <> 'quarantined'",
    )
    simulated.same(
        "select shipment_id, is_late, promised_on, first_attempted_on, delivered_on from marts.shipments"
        " where is_tracked and shipment_id in (select shipment_id from truth.parcels)",
        "select shipment_id, is_late, promised_on, attempted_on, delivered_on from truth.parcels where is_staged",
        50_000,
    )
    assert simulated.sql("select count(*) > 4000 from marts.shipments where is_late") == [(True,)]


def test_parcels_find_their_orders(simulated):
    """By id, name, label or number; names that both shops use and orders that never arrived name nothing."""
    ((known, wrong, missed),) = simulated.sql(
        """
        select count(ours.order_id),
            count(*) filter (where split_part(ours.order_id, ':', 3) <> told.source_order_id::text),
            count(*) filter (where ours.order_id is null and orders.order_id is not null)
        from truth.parcels as told join marts.shipments as ours using (shipment_id)
        left join marts.orders as orders on orders.source_order_id = told.source_order_id::text
        """
    )
    assert known > 50_000
    assert (wrong, missed) == (0, 0)


def test_what_came_of_returns(simulated):
    """As soon as something came of them."""
    simulated.same(
        """
        select return_id, requested_at, filed_by, resolved_at,
            case when resolved_at is not null then struct_pack(outcome, reason,
                cents := case when outcome = 'refund' then (refunded_amount * 100)::bigint end) end
        from marts.returns
        """,
        """
        select return_id, filed_at, filed_by, resolved_at,
            case when resolved_at is not null then struct_pack(outcome, reason,
                cents := case when outcome = 'refund' then money_cents end) end
        from truth.returns where is_staged
        """,
        2_500,
    )


def test_tickets_and_their_answers(simulated):
    """Spam, trash and what the shop opened is not there; rules, notes and closing too early change nothing."""
    simulated.same(
        "select ticket_id, first_responded_at, closed_at, csat_score from marts.tickets",
        "select ticket_id, first_reply_at, closed_at, csat from truth.tickets where is_staged and kind = 'ask'",
        3_500,
    )


def test_topics_of_tickets(simulated):
    found = simulated.sql(
        "select told.topic, ours.topic, ours.is_order_status from truth.tickets as told"
        " join marts.tickets as ours using (ticket_id) where told.is_labelled"
    )
    assert len(found) > 3_000
    assert [row for row in found if row[1] not in TOPICS[row[0]] or row[2] != (row[0] == "order status")] == []


def test_the_named_people(simulated):
    """Marshall's pause is no end, one of three subscriptions ended, a first parcel is late without a complaint."""
    assert simulated.sql(
        """
        select scene, count(*) filter (where is_active), count(*) filter (where not is_active), min(status_at_as_of)
        from truth.scenes join truth.recharge_subscriptions as told using (person_id)
        join marts.subscriptions as ours using (subscription_id)
        where scene in ('marshall', 'one_of_three') group by scene order by scene
        """
    ) == [("marshall", 1, 0, "paused"), ("one_of_three", 2, 1, "active")]
    assert simulated.sql(
        """
        select scene, ours.is_late, ours.delivered_on is null, ours.service, count(tickets.ticket_id)
        from truth.scenes join truth.parcels as told using (person_id)
        join marts.shipments as ours using (shipment_id)
        left join marts.tickets as tickets on tickets.customer_id = ours.customer_id
        where scene in ('late_first_timer', 'vip_two_day') and ours.is_late group by all order by scene
        """
    ) == [("late_first_timer", True, True, "standard", 0), ("vip_two_day", True, True, "express", 0)]
