"""The simulated shop's audiences: the people whose stories are known, and nobody against what really happened."""

import json

import pytest

# People of whom the warehouse has one customer who is nobody else.
KNOWN = """
    create temp view known as
    select person_id, min(customer_id) as customer_id
    from (
        select distinct records.person_id, ours.customer_id
        from truth.records as records
        inner join marts.customer_records as ours using (source_name, source_record_type, source_record_id)
    )
    group by person_id
    having count(*) = 1
    qualify count(*) over (partition by min(customer_id)) = 1
"""
DECISIONS = """
    select decisions.audience, decisions.outcome, decisions.outcome_reason, decisions.counts_as, decisions.offer,
        decisions.reason_detail, decisions.all_reasons
    from truth.scenes as scenes
    inner join truth.records as records using (person_id)
    inner join marts.customer_records as ours using (source_name, source_record_type, source_record_id)
    inner join audiences.audience_decisions as decisions using (customer_id)
    where scenes.scene = '{scene}'
    group by all
"""
# A tool whose own newsletter knows nothing of reviews leaves out whom this names.
NAOMI_AT_KLAVIYO = """
    select distinct suppressions.channel, suppressions.reason
    from truth.scenes as scenes
    inner join known using (person_id)
    inner join audiences.export_suppressions as suppressions using (customer_id)
    where scenes.scene = 'naomi' and suppressions.destination = 'klaviyo' and suppressions.channel = 'email'
"""


@pytest.fixture(scope="module")
def shop(simulated):
    simulated.connection.execute(KNOWN)
    return simulated


@pytest.fixture(scope="module", params=["simulated", "unseen"])
def any_shop(request):
    """What must hold of every shop; a failure names the seed."""
    chosen = request.getfixturevalue(request.param)
    chosen.connection.execute(KNOWN.replace("create temp view", "create or replace temp view"))
    return chosen


def decided(shop, scene: str) -> dict[str, tuple]:
    """Of a named person: audience -> (outcome, reason, what it counts as, offer, detail, all reasons)."""
    return {
        audience: (outcome, reason, counts_as, offer, json.loads(detail), every)
        for audience, outcome, reason, counts_as, offer, detail, every in shop.sql(DECISIONS.format(scene=scene))
    }


def promotions(decisions: dict[str, tuple]) -> list[str]:
    return [name for name, found in decisions.items() if found[0] == "exported" and found[2] == "promotional"]


def test_naomi_is_asked_what_went_wrong_and_sold_nothing(shop):
    decisions = decided(shop, "naomi")
    outcome, _, _, offer, detail, _ = decisions["service_recovery"]
    assert (outcome, offer, detail["kind"], detail["was_first_order"]) == ("exported", None, "low_review", True)
    assert promotions(decisions) == []
    assert shop.sql(NAOMI_AT_KLAVIYO) == [("email", "experience_hold")]


def test_chrissy_is_told_of_her_points_in_time(shop):
    """500 points expire on 15 January; the 15 days' notice is due on the last day of the year."""
    outcome, _, counts_as, _, detail, _ = decided(shop, "chrissy")["loyalty_expiring_15d"]
    assert (outcome, counts_as, detail["points"], detail["expires_on"]) == ("exported", "service", 500, "2026-01-15")


def test_marshall_hears_nothing_of_what_he_subscribes_to(shop):
    """His subscription is paused, which counts; whatever speaks of its family is stopped for that."""
    families = {
        family
        for (family,) in shop.sql(
            """
            select subscriptions.product_family from truth.scenes as scenes
            inner join known using (person_id)
            inner join marts.subscriptions as subscriptions using (customer_id)
            where scenes.scene = 'marshall' and subscriptions.is_active
            """
        )
    }
    assert len(families) == 1
    for audience, (outcome, *_, detail, every) in decided(shop, "marshall").items():
        if detail.get("product_family") in families:
            assert (audience, outcome, "already_subscribed" in (every or "")) == (audience, "suppressed", True)


def test_the_first_parcel_that_is_late_is_apologised_for(shop):
    """Nobody complained; the coupon goes with it since promotions were agreed to."""
    outcome, _, counts_as, offer, detail, _ = decided(shop, "late_first_timer")["delayed_shipment_apology"]
    assert (outcome, counts_as, offer) == ("exported", "promotional", "late_parcel_apology")
    assert (detail["is_first_order"], detail["delay_days"]) == (True, 3)
    assert promotions(decided(shop, "late_first_timer")) == ["delayed_shipment_apology"]


def test_the_vip_who_paid_for_speed_is_called(shop):
    decisions = decided(shop, "vip_two_day")
    assert decisions["vip_expedited_late"][0] == "exported"
    assert promotions(decisions) in (["delayed_shipment_apology"], [])


def test_a_hundred_points_that_open_nothing_are_stranded(shop):
    assert decided(shop, "unlock_100")["stranded_points"][4]["points"] == 100


def test_who_finds_less_sugar_too_sweet_is_left_out_and_the_owner_is_told(shop):
    assert "less_sugar" not in decided(shop, "less_sugar")
    assert shop.sql("select count(*) from audiences.audience_decisions where audience = 'less_sugar'") > [(10,)]
    ((told,),) = shop.sql(
        """
        select count(*) from truth.scenes as scenes
        inner join known using (person_id)
        inner join marts.reviews as reviews using (customer_id)
        inner join marts.product_feedback as feedback on reviews.product_id = feedback.product_id
        where scenes.scene = 'less_sugar'
        """
    )
    assert told > 0


def test_twins_are_two_people(shop):
    ((people,),) = shop.sql(
        "select count(distinct customer_id) from truth.scenes inner join known using (person_id)"
        " where scene in ('twin_a', 'twin_b')"
    )
    assert people == 2


def test_the_proof_of_every_export_finds_nothing(any_shop):
    assert (any_shop.name, any_shop.warehouse.failures) == (any_shop.name, [])


def test_nobody_is_written_to_who_did_not_agree(any_shop):
    """By what people really said, up to the last second before the cut, STOP by text message among it."""
    members = """
        select members.*, decisions.counts_as, known.person_id, classes.consent_purpose
        from audiences.audience_members as members
        inner join audiences.audience_decisions as decisions using (audience, customer_id)
        inner join settings.audience_classes as classes using (purpose_class)
        inner join known using (customer_id)
        where members.channel in ('email', 'sms', 'push')
    """
    said = """
        select person_id, channel, max_by(state, changed_at) as state from truth.consents
        where not shares_address and changed_at < (select cut_at from staging.point_in_time) group by all
    """
    written = any_shop.sql(
        f"""
        select members.consent_purpose = 'marketing' or members.offer is not null, said.state, count(*)
        from ({members}) as members left join ({said}) as said using (person_id, channel)
        where not exists (
            from truth.consents where shares_address and person_id = members.person_id and channel = members.channel
        )
        group by all
        """
    )
    counts = {(is_marketing, state): count for is_marketing, state, count in written}
    assert counts[True, "subscribed"] > 100
    assert (any_shop.name, [key for key in counts if key[0] and key[1] != "subscribed"]) == (any_shop.name, [])
    ((texts,),) = any_shop.sql(
        f"""
        select count(*) from ({members}) as members inner join ({said}) as said using (person_id, channel)
        where members.channel = 'sms' and said.state <> 'subscribed'
        """
    )
    assert (any_shop.name, texts) == (any_shop.name, 0)


def test_who_bought_anywhere_is_not_won_back(any_shop):
    """Tills count: nobody whose last order, whatever the channel, is younger than the shortest rhythm is lapsed."""
    ((members, too_soon),) = any_shop.sql(
        """
        with last_orders as (
            select person_id, max(ordered_at) as ordered_at, max_by(channel, ordered_at) as channel from truth.orders
            where is_valid and (channel <> 'pos' or shows not in ('nothing', 'placeholder')) group by all
        )
        select
            count(*),
            count(*) filter (
                where last_orders.ordered_at > (select cut_at from staging.point_in_time) - interval 30 day
            )
        from audiences.audience_members inner join known using (customer_id) inner join last_orders using (person_id)
        where audience = 'lapsed_winback'
        """
    )
    assert members > 10
    assert (any_shop.name, too_soon) == (any_shop.name, 0)


def test_apologies_are_for_parcels_that_are_late_and_on_their_way(any_shop):
    members = """
        select known.person_id from audiences.audience_members inner join known using (customer_id)
        where audience = 'delayed_shipment_apology'
    """
    late = """
        select person_id from truth.parcels
        where is_staged and delivered_on is null and promised_on <= (select as_of from staging.point_in_time)
    """
    assert any_shop.sql(f"select count(*) from ({members})") > [(1,)]
    wrong = any_shop.sql(f"from ({members}) anti join ({late}) as late using (person_id)")
    assert (any_shop.name, wrong) == (any_shop.name, [])


def test_who_asked_to_be_forgotten_is_in_no_audience(any_shop):
    ((erased,),) = any_shop.sql("select count(*) from marts.customers where is_erased")
    assert erased > 0
    wrong = any_shop.sql(
        "select members.audience from audiences.audience_members as members"
        " inner join marts.customers as customers using (customer_id) where customers.is_erased"
    )
    assert (any_shop.name, wrong) == (any_shop.name, [])


def test_every_stage_accounts_for_everybody(any_shop):
    funnel = any_shop.sql(
        "select audience, qualified_count - exported_count, stopped_by from audiences.audience_funnel"
    )
    assert len(funnel) > 20
    wrong = [audience for audience, lost, reasons in funnel if sum(json.loads(reasons).values()) != lost]
    assert (any_shop.name, wrong) == (any_shop.name, [])
