"""The simulated shop: a function of its arguments, a history that grows, traps at their rates, truth that adds up."""

import re
import time
from datetime import date
from functools import cache
from pathlib import Path

import duckdb
import numpy as np
import pytest
from scipy.special import hyp2f1

from simulator import people, scenes, shop
from simulator.__main__ import main, parser, read
from simulator.loader import macros
from simulator.settings import BLOCK, TRAPS, Mistake, Settings
from simulator.systems import SYSTEMS
from simulator.tables import Life

SALES = ("shopify", "pos")


def simulated(folder: Path, **arguments) -> Path:
    shop.simulate(Settings(**{"customers": 2_000, "systems": SALES, "out": folder, "workers": 1} | arguments))
    return folder


@pytest.fixture(scope="module")
def raw(tmp_path_factory) -> Path:
    return simulated(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def many_traps(tmp_path_factory) -> Path:
    return simulated(tmp_path_factory.mktemp("traps"), seed=3, trap_rate=5.0)


@cache
def lives(**arguments) -> Life:
    life = shop.live(Settings(**{"customers": 4_000} | arguments), 0)
    shop.need(life, ("service", "marketing", "web"))
    return life


def rows(folder: Path, query: str, **tables: str) -> list[tuple]:
    """A query in which `{orders}` and the like stand for files below a folder."""
    places = {name: f"'{folder / path}.parquet'" for name, path in tables.items()}
    with duckdb.connect() as connection:
        return connection.execute(query.format(**places)).fetchall()


def one(folder: Path, query: str, **tables: str):
    ((value,),) = rows(folder, query, **tables)
    return value


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.parquet"))}


def test_the_same_arguments_give_the_same_bytes(raw, tmp_path):
    again = files(simulated(tmp_path / "again"))
    assert {name for name, content in files(raw).items() if again.get(name) != content} == set()
    assert files(raw).keys() == again.keys()


def test_another_seed_is_another_shop(raw, tmp_path):
    other = simulated(tmp_path / "other", customers=300, seed=8)
    assert files(other)["truth/orders.parquet"] != files(raw)["truth/orders.parquet"]


HAPPENED = {  # when a row came to be, and what it is known by
    "people": ("arrived_at", "person_id"),
    "orders": ("ordered_at", "order_key"),
    "refunds": ("refunded_at", "refund_key"),
    "subscription_events": ("event_at", "subscription_key, event, event_at"),
    "loyalty_entries": ("occurred_at", "entry_key"),
    "loyalty_tiers": ("changed_at", "person_id, changed_at"),
    "parcels": ("shipped_at", "parcel_key"),
    "checkpoints": ("checkpoint_at", "parcel_key, number"),
    "reviews": ("reviewed_at", "review_key"),
    "tickets": ("opened_at", "ticket_key"),
    "ticket_messages": ("sent_at", "ticket_key, number"),
    "consent_events": ("changed_at", "person_id, channel, changed_at"),
    "messages": ("sent_at", "message_key"),
    "visits": ("started_at", "visit_key"),
    "carts": ("created_at", "cart_key"),
}
# States as of the day, and facts that became known later.
CURRENT = {"order_key", "csat", "revised_on", "attempts", "next_phone"}


@pytest.mark.parametrize("table", HAPPENED)
def test_a_later_day_is_the_same_shop_with_more_days(table):
    earlier, later = lives(as_of=date(2025, 8, 20)), lives()
    happened_at, _ = HAPPENED[table]
    described = earlier.con.execute(f"describe life.{table}").fetchall()
    kept = [
        f"case when {name} < timestamp '2025-08-21' then {name} end as {name}" if name.endswith("_at") else name
        for name, *_ in described
        if name not in CURRENT or name in HAPPENED[table][1]
    ]
    query = f"select {', '.join(kept)} from life.{table} where {happened_at} < timestamp '2025-08-21' order by all"
    before, after = earlier.con.execute(query).fetchall(), later.con.execute(query).fetchall()
    assert before == after
    assert len(before) == earlier.con.execute(f"select count(*) from life.{table}").fetchone()[0] > 0
    assert later.con.execute(f"select count(*) from life.{table}").fetchone()[0] > len(before)


def test_what_was_loaded_stays_loaded(raw, tmp_path):
    earlier = simulated(tmp_path / "earlier", as_of=date(2025, 10, 3))
    for table in ("shopify/orders", "shopify/customers", "shopify/transactions", "shopify/fulfillments"):
        old, new = f"'{earlier / table}.parquet'", f"'{raw / table}.parquet'"
        assert one(raw, f"select count(*) from (from {old} except all from {new})") == 0
        assert one(raw, f"select count(*) from {new}") > one(raw, f"select count(*) from {old}")


def test_the_newest_load_is_the_morning_after_as_of(raw):
    loaded = "select max(_airbyte_extracted_at)::varchar from {orders}"
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'America/Los_Angeles'")
        assert (
            connection.execute(loaded.format(orders=f"'{raw}/shopify/orders.parquet'")).fetchone()[0][:10]
            == "2026-01-01"
        )


def test_everybody_named_is_there(raw):
    found = rows(raw, "select scene, count(*) from {scenes} group by scene", scenes="truth/scenes")
    assert dict(found) == dict.fromkeys(scenes.NAMES, 1)


def scene(query: str):
    return lives().con.execute(query).fetchall()


def test_naomi_complains_and_gets_a_promotion():
    ((score, reviewed_on),) = scene(
        "select score, reviewed_at::date from life.reviews join life.people using (person_id) where scene = 'naomi'"
    )
    assert (score, reviewed_on) == (1, date(2025, 12, 26))
    ((sends,),) = scene(
        "select count(*) from life.messages join life.people using (person_id)"
        " where scene = 'naomi' and message_class = 'promotional' and sent_at::date = date '2025-12-27'"
    )
    assert sends == 1


def test_chrissy_has_500_points_that_expire_and_a_tier_that_ends():
    ((available, tier, tier_until),) = scene(
        "select points_available, tier, tier_until_at::date from life.loyalty_members"
        " join life.people using (person_id) where scene = 'chrissy'"
    )
    assert (available, tier, tier_until) == (500, "Gold", date(2026, 1, 1))
    expiries = scene(
        "select sum(points_available), expires_at::date from life.loyalty_lots join life.people using (person_id)"
        " where scene = 'chrissy' group by all"
    )
    assert expiries == [(500, date(2026, 1, 15))]


def test_marshall_is_paused_and_mailed():
    assert scene(
        "select status from life.subscriptions join life.people using (person_id) where scene = 'marshall'"
    ) == [("paused",)]


def test_one_of_three_subscriptions_is_cancelled():
    found = scene(
        "select status, count(*) from life.subscriptions join life.people using (person_id)"
        " where scene = 'one_of_three' group by status order by status"
    )
    assert found == [("active", 2), ("ended", 1)]


@pytest.mark.parametrize(("name", "orders"), [("late_first_timer", 1), ("vip_two_day", 12)])
def test_the_late_parcel_is_late_and_nobody_has_written(name, orders):
    found = scene(
        "select service, promised_on < date '2025-12-31', delivered_at is null from life.parcels"
        f" join life.people using (person_id) where scene = '{name}' order by shipped_at"
    )
    assert len(found) == orders
    assert found[-1] == ("express" if name == "vip_two_day" else "standard", True, True)
    assert scene(f"select * from life.tickets join life.people using (person_id) where scene = '{name}'") == []


def test_the_unlock_rule_needs_more_than_100_points():
    spent = scene(
        "select scene, max(points_spent), min(merchandise_cents) from life.orders join life.people using (person_id)"
        " where scene in ('unlock_100', 'unlock_101') group by scene order by scene"
    )
    assert spent == [("unlock_100", 0, 1000), ("unlock_101", 100, 500)]


def test_less_sugar_is_in_the_options_and_still_too_sweet():
    options = scene(
        "select distinct option_value from life.order_lines join life.orders using (order_key)"
        " join life.people using (person_id) where scene = 'less_sugar'"
    )
    assert options == [("Less sugar",)]


def test_identities_are_shared_and_passed_on():
    people = {row[0]: row[1:] for row in scene(
        "select scene, email, phone, birth_on, household_id, person_id, coalesce(next_phone, phone) from life.people"
        " where scene is not null"
    )}  # fmt: skip
    assert people["twin_a"][1:4] == people["twin_b"][1:4]
    assert people["twin_a"][0] != people["twin_b"][0]
    assert people["inbox_a"][0] == people["inbox_b"][0]
    assert people["number_before"][1] == people["number_after"][1]
    assert people["number_before"][5] != people["number_after"][5]
    counter = (
        "select count(distinct person_id) from life.orders join life.people using (person_id)"
        " where shows = 'placeholder' and store_id = 'NYC-1' and scene like 'counter%'"
    )
    assert scene(counter) == [(3,)]


def test_addresses_and_numbers_belong_to_nobody(raw):
    identifiers = {"identifiers": "truth/identifiers"}
    reserved = (
        "select count(*) from {identifiers} where identifier_type = 'email' and not regexp_matches(identifier_value,"
        r" '@(mail\.)?example\.(com|org|net)$|@canary\.example$')"
        # A Gmail account has 30 characters at most.
        " and not (identifier_value like '%@gmail.com' and"
        "  length(replace(split_part(split_part(identifier_value, '@', 1), '+', 1), '.', '')) > 30)"
    )
    assert one(raw, reserved, **identifiers) == 0
    canaries = "select count(*) from {identifiers} where identifier_value like '%canary.example'"
    assert one(raw, canaries, **identifiers) > 0
    # America has no area code 555; the others are kept free by the French and German regulators.
    free = (
        r"^(\+1555[0-9]{7}|\+33(63998|19900|26191|35301|46571|53649)[0-9]{4}"
        r"|\+49(3023125|6990009|4066969|2214710|8999998)[0-9]{3})$"
    )
    with duckdb.connect() as connection:
        phones = "select identifier_value from read_parquet(?) where identifier_type = 'phone'"
        numbers = connection.execute(phones, [str(raw / "truth" / "identifiers.parquet")]).fetchall()
    assert numbers
    assert [number for (number,) in numbers if not re.match(free, number)] == []


@pytest.mark.parametrize(
    ("trap", "population"),
    [
        ("test_order", "origin = 'purchase' and system = 'shopify'"),
        ("cancelled", "origin = 'purchase' and system = 'shopify'"),
        ("voided", "origin = 'purchase' and system = 'shopify'"),
        ("draft_order", "origin = 'purchase' and system = 'shopify'"),
        ("tombstone", "origin = 'purchase' and system = 'shopify'"),
        ("json_gap", "system = 'shopify'"),
    ],
)
def test_traps_come_at_their_rate(many_traps, trap, population):
    among = one(many_traps, f"select count(*) from {{orders}} where {population}", orders="truth/orders")
    planted = one(many_traps, f"select count(*) from {{traps}} where trap = '{trap}'", traps="truth/traps")
    expected = among * min(1.0, 5 * TRAPS[trap].rate)
    # Some of the population cannot be trapped (the pop-up store, marketplace buyers): a quarter at most.
    assert 0.75 * expected - 3 * expected**0.5 < planted < expected + 3 * expected**0.5


def test_rows_come_twice_late_and_corrupt_at_their_rate(many_traps):
    counts = {"counts": "truth/raw_counts", "rows": "truth/raw_rows"}
    delivered = one(many_traps, "select sum(rows) from {counts}", **counts)
    twice = one(many_traps, "select count(*) from {rows} where trap = 'duplicate'", **counts)
    corrupt = one(many_traps, "select count(*) from {rows} where trap = 'corrupt'", **counts)
    assert twice == pytest.approx(delivered * 0.05, rel=0.15)
    assert corrupt == pytest.approx(delivered * 0.005, rel=0.5)
    late = one(many_traps, "select count(*) from {rows} where trap = 'late_row' and table_name = 'sales'", **counts)
    sales = one(many_traps, "select sum(rows) from {counts} where table_name = 'sales'", **counts)
    assert late == pytest.approx(sales * 0.15, rel=0.25)


def test_without_traps_there_are_none(tmp_path):
    clean = simulated(tmp_path / "clean", trap_rate=0.0)
    assert rows(clean, "select distinct trap from {rows} where trap is not null", rows="truth/raw_rows") == []
    assert rows(clean, "select distinct fate from {counts} order by all", counts="truth/raw_counts") == [
        ("duplicate",),  # older versions
        ("staged",),
    ]
    planted = "select count(*) from {traps} anti join {scenes} using (person_id)"
    assert one(clean, planted, traps="truth/traps", scenes="truth/scenes") == 0
    # One trap alone can be asked for.
    one_trap = simulated(tmp_path / "one", customers=500, trap_rate=0.0, trap_rates={"tombstone": 0.2})
    found = rows(one_trap, "select distinct trap from {rows} where trap is not null", rows="truth/raw_rows")
    assert found == [("tombstone",)]


def test_every_record_is_one_persons(raw, many_traps):
    for folder in (raw, many_traps):
        twice = (
            "select count(*) from (select 1 from {records} group by source_name, source_record_type, source_record_id"
            " having count(*) > 1)"
        )
        assert one(folder, twice, records="truth/records") == 0
        assert one(folder, "select count(*) from {r} where person_id is null", r="truth/records") == 0


def test_orders_and_refunds_add_up(many_traps):
    tables = {"orders": "truth/orders", "refunds": "truth/refunds"}
    assert one(many_traps, "select count(*) from {orders} where net <> gross - discount - refunded", **tables) == 0
    assert one(many_traps, "select count(*) = count(distinct order_id) from {orders}", **tables)
    apart = (
        "select count(*) from {orders} as orders left join (select order_id, sum(merchandise) as back from {refunds}"
        " group by order_id) as refunds using (order_id) where refunded <> coalesce(back, 0)"
    )
    assert one(many_traps, apart, **tables) == 0


def test_lines_add_up_to_their_order():
    off = (
        lives()
        .con.execute(
            """
        select count(*) from life.orders as orders
        join (
            select order_key, sum(net_cents) as net, sum(tax_cents) as tax, sum(off_cents) as off,
                count(*) filter (where off_cents <> by_code_cents + by_rule_cents + by_reward_cents) as uneven
            from life.order_lines group by order_key
        ) as lines using (order_key)
        where lines.net <> orders.net_cents or lines.tax <> orders.tax_cents or lines.off <> orders.discount_cents
            or uneven > 0 or total_cents <> net_cents + case when taxes_included then 0 else tax_cents end
                + shipping_cents - shipping_off_cents + tip_cents
        """
        )
        .fetchone()[0]
    )
    assert off == 0


def test_points_are_all_accounted_for():
    con = lives().con
    uneven = con.execute(
        "select count(*) from life.loyalty_lots where points_issued <> points_pending + points_available + points_spent"
        " + points_expired + points_clawed_back + points_repaid"
        " or least(points_pending, points_available, points_spent, points_expired, points_clawed_back) < 0"
    ).fetchone()[0]
    assert uneven == 0
    apart = con.execute(
        "select count(*) from (select person_id, sum(points) as points from life.loyalty_entries group by person_id)"
        " join life.loyalty_members using (person_id) where points <> points_available + points_pending - points_debt"
    ).fetchone()[0]
    assert apart == 0


def test_what_comes_back_too_late_expires_when_it_comes():
    """Of a lot that ended between order and return; until then the points are spent, and no balance is below zero."""
    con = shop.live(Settings(customers=100_000), 5).con
    late = con.execute(
        """
        select count(*), count(returned.person_id)
        from life.loyalty_entries as gone
        join life.loyalty_lots as lots using (person_id, lot_no)
        left join life.loyalty_entries as returned
            on gone.person_id = returned.person_id and gone.occurred_at = returned.occurred_at
            and returned.entry_type = 'spend_reversal'
        where gone.entry_type = 'expire' and gone.occurred_at <> lots.expires_at
        """
    ).fetchone()
    assert late[0] == late[1] > 0
    below_zero = con.execute(
        """
        select count(*)
        from (
            select *, sum(points) over told as balance, count(*) filter (entry_type = 'clawback') over told as clawbacks
            from life.loyalty_entries
            window told as (partition by person_id order by occurred_at)
        )
        where balance < 0 and clawbacks = 0
        """
    ).fetchone()[0]
    assert below_zero == 0


def test_receipts_of_a_large_shop_have_numbers_of_their_own():
    """Keys of orders have nine digits from the 24,415th person on."""
    with duckdb.connect() as connection:
        connection.execute(macros(Settings(customers=10)))
        numbers = "list(sale_number(key, store) order by key)"
        keys = "range(99999995, 100000005) as keys (key), (values ('NYC-1'), ('LDN-1')) as stores (store)"
        for (found,) in connection.execute(f"select {numbers} from {keys} group by store").fetchall():
            assert len(set(found)) == 10
        ((short, long),) = connection.execute(
            "select sale_number(7, 'NYC-1'), sale_number(1234567890, 'NYC-1')"
        ).fetchall()
    assert (short, long) == ("00000007", "1234567890")


def test_plain_lives_are_what_bg_nbd_assumes():
    life = shop.live(Settings(customers=BLOCK, plain_lives=True, trap_rate=0.0), 0)
    found = life.con.execute(
        "select count(*) - 1 as repeats, (timestamp '2026-01-01' - min(ordered_at))::interval as age"
        " from life.orders join life.people using (person_id) where scene is null and origin = 'purchase'"
        " group by person_id"
    ).fetchnumpy()
    age = found["age"] / np.timedelta64(1, "D")
    r, alpha = people.RATE_SHAPE, people.RATE_SCALE_DAYS
    a, b = people.DROPOUT_A, people.DROPOUT_B
    z = age / (alpha + age)
    expected = (a + b - 1) / (a - 1) * (1 - (alpha / (alpha + age)) ** r * hyp2f1(r, b, a + b - 1, z))
    error = found["repeats"].std() / len(age) ** 0.5
    assert found["repeats"].mean() == pytest.approx(expected.mean(), abs=4 * error)
    never = (alpha / (alpha + age)) ** r
    assert (found["repeats"] == 0).mean() == pytest.approx(never.mean(), abs=0.015)


def test_bad_experiences_drive_people_away():
    share = (
        "select avg((later.person_id is not null)::int) from life.orders as first left join (select distinct person_id"
        " from life.orders where number = 1) as later using (person_id) where number = 0 and channel = 'web'"
        " and state = 'normal' and first.ordered_at < timestamp '2025-06-01' and is_late = {}"
    )
    calm = lives(reactions=False, customers=BLOCK).con
    touchy = lives(customers=BLOCK).con
    late, fine = (touchy.execute(share.format(flag)).fetchone()[0] for flag in ("true", "false"))
    assert late < fine - 0.08
    late, fine = (calm.execute(share.format(flag)).fetchone()[0] for flag in ("true", "false"))
    assert late == pytest.approx(fine, abs=0.05)


def test_a_small_shop_takes_seconds(tmp_path):
    best = min(_seconds(tmp_path / str(attempt)) for attempt in range(2))
    assert best < 6


def _seconds(folder: Path) -> float:
    started = time.process_time()
    simulated(folder)
    return time.process_time() - started


def test_blocks_of_people_are_parts_of_the_same_tables(tmp_path, monkeypatch):
    monkeypatch.setattr(people, "BLOCK", 800)
    monkeypatch.setattr(scenes, "BLOCK", 800)
    monkeypatch.setattr(shop, "BLOCK", 800)
    folder = simulated(tmp_path / "parts")
    assert len(list((folder / "shopify" / "orders").glob("*.parquet"))) == 3
    assert len(list((folder / "shopify" / "products").glob("*.parquet"))) == 1
    people_files = f"'{folder}/truth/people/*.parquet'"
    assert one(folder, f"select count(distinct person_id) = count(*) from {people_files}")
    assert one(folder, f"select count(*) from {people_files}") == 2_000


def test_fivetran_lands_the_same_orders(raw, tmp_path):
    folder = simulated(tmp_path / "fivetran", shopify_loader="fivetran")
    tables = {"orders": "shopify/order", "lines": "shopify/order_line", "truth": "truth/orders"}
    gross = (
        "select count(*) from {truth} as truth"
        " join (select order_id, sum(price * quantity) as gross from {lines} as lines"
        " where not gift_card and title <> 'Tip' group by order_id) as lines"
        " on truth.order_id = 'shopify:perennial-demo:' || lines.order_id"
        " where truth.raw_state = 'complete' and round(lines.gross, 2) <> truth.gross"
    )
    assert one(folder, gross, **tables) == 0
    assert one(folder, "select count(*) filter (where _fivetran_deleted) > 0 from {orders}", **tables)
    same = "select count(*) from ({mine} except all {theirs})"
    of = "select order_id, person_id, ordered_at, net from '{}/truth/orders.parquet'"
    assert one(folder, same.format(mine=of.format(folder), theirs=of.format(raw))) == 0


def test_only_own_folders_are_removed(tmp_path):
    precious = tmp_path / "pos" / "sales.parquet"
    precious.parent.mkdir()
    precious.write_text("receipts of somebody")
    with pytest.raises(Mistake, match="no simulator wrote"):
        simulated(tmp_path, customers=200)
    assert precious.exists()
    simulated(tmp_path, customers=200, systems=("shopify",))
    simulated(tmp_path, customers=200, systems=("shopify",))
    assert precious.exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--customers", "5"], "--customers must be 100 or more"),
        (["--systems", "shopify,shopfy"], "shopfy is not one"),
        (["--as-of", "2022-01-01"], "--as-of must lie after --start"),
        (["--trap", "tombstone=2"], "between 0 and 1"),
        (["--trap", "tombstone"], "name=rate"),
        (["--trap-rate", "-1"], "--trap-rate must be 0 or more"),
    ],
)
def test_a_wrong_argument_gets_one_clear_sentence(arguments, sentence, tmp_path, capsys):
    assert main([*arguments, "--out", str(tmp_path / "out")]) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_command_writes_all_systems_unless_told():
    assert read(parser().parse_args([])).systems == SYSTEMS


def test_the_command_writes_and_counts(tmp_path, capsys):
    assert main(["--customers", "200", "--systems", "pos", "--out", str(tmp_path / "out")]) == 0
    assert "200 people until 2025-12-31" in capsys.readouterr().out
    assert (tmp_path / "out" / "pos" / "sales.parquet").exists()
