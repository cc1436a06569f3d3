"""Messages, consent and reviews of a simulated shop of 2,000 people, against what really happened."""

from pathlib import Path

import pytest
from conftest import Warehouse, build

from simulator import shop
from simulator.settings import Settings

TOOLS = ("braze", "klaviyo", "yotpo", "barilliance")
TIMES = ("sent", "delivered", "opened", "machine_opened", "clicked", "bounced", "failed", "unsubscribed", "complained")


@pytest.fixture(scope="module")
def raw(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("simulated_messages")
    shop.simulate(Settings(customers=2_000, systems=("shopify", "pos", *TOOLS), out=folder, workers=1))
    return folder


@pytest.fixture(scope="module")
def shop_built(raw, tmp_path_factory) -> Warehouse:
    return build(raw, tmp_path_factory.mktemp("simulated_messages_built"))


@pytest.fixture(scope="module")
def compare(raw, shop_built):
    """Run a query in which `{name}` is a table of the truth."""

    class Names(dict):
        def __missing__(self, name: str) -> str:
            return f"'{raw / 'truth' / name}.parquet'"

    return lambda query: shop_built.sql(query.format_map(Names()))


def test_every_raw_row_has_its_fate(compare):
    fates = ("staged", "duplicate", "tombstone", "quarantined")
    ours = " union all ".join(
        f"select system, table_name, '{fate}' as fate, {fate}_rows as rows from quality.row_accounting"
        for fate in fates
    )
    assert (
        compare(
            f"select * from ({ours}) as ours full join {{raw_counts}} as told using (system, table_name, fate)"
            f" where system in {TOOLS} and coalesce(ours.rows, 0) <> coalesce(told.rows, 0)"
        )
        == []
    )


def test_every_message_is_there_once_with_all_that_happened_to_it(compare):
    """Through repeated and late events, merged profiles, machines, scanners and clicks that name no message."""
    columns = ", ".join(["source_name", "channel", "message_class", "campaign", *(f"{name}_at" for name in TIMES)])
    assert compare("select count(*) > 20000 from marts.messages") == [(True,)]
    for left, right in (("{messages}", "marts.messages"), ("marts.messages", "{messages}")):
        assert compare(f"select {columns} from {left} except all select {columns} from {right} limit 5") == []
    assert (
        compare("select message_id from {messages} where message_id not in (select message_id from marts.messages)")
        == []
    )


def test_every_profile_is_somebody(compare):
    """Those that cannot be known are those without an address or a number of the shop: anonymised guests."""
    assert (
        compare(
            f"""
            select source_name, source_record_type, source_record_id, told.person_id, ours.customer_id
            from (from {{records}} where source_name in {TOOLS}) as told
            full join (from marts.customer_records where source_name in {TOOLS}) as ours
                using (source_name, source_record_type, source_record_id)
            where (ours.customer_id is not null) is distinct from told.is_identifiable
            """
        )
        == []
    )


def test_consents_are_what_people_want(compare):
    """
    But for people who share an address or a number (a refusal is everybody's) and for what was told to Yotpo under an
    address that nobody else knows.
    """
    ((people, wrong, too_lenient),) = compare(
        """
        with known as (
            select distinct told.person_id, told.source_name, ours.customer_id
            from {records} as told
            join marts.customer_records as ours using (source_name, source_record_type, source_record_id)
            where told.source_record_type in ('user', 'profile')
        ),
        states as (
            select told.*, coalesce(max(ours.state), 'unknown') as our_state
            from (from {consents} where not shares_address) as told
            join known using (person_id, source_name)
            left join marts.consents as ours
                on ours.customer_id = known.customer_id and ours.channel = told.channel
                and ours.purpose = 'marketing' and ours.valid_to is null
            group by all
        )
        select count(*), count(*) filter (where state <> our_state),
            count(*) filter (where our_state = 'subscribed' and state <> 'subscribed' and refused_at_tool <> 'yotpo')
        from states
        """
    )
    assert people > 4_000 and wrong <= people // 500 and too_lenient == 0


def test_reviews_are_what_was_written(compare):
    assert compare("select count(*) > 500 from marts.reviews") == [(True,)]
    assert (
        compare(
            """
            select * from {reviews} as told full join marts.reviews as ours using (review_id)
            where told.score is distinct from ours.score
                or told.reviewed_at is distinct from ours.reviewed_at
                or told.product_id is distinct from ours.product_id
                or told.is_published is distinct from ours.is_published
                or told.is_site_review is distinct from ours.is_site_review
                or told.is_incentivized is distinct from ours.is_incentivized
                or split_part(ours.order_id, ':', 3) is distinct from told.source_order_id::varchar
                    and told.source_order_id::varchar in (
                        select source_order_id from marts.orders where source_name = 'shopify'
                    )
            """
        )
        == []
    )
