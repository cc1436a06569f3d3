"""Tiers: random members under every policy against plain Python, the simulated shop's against what happened."""

import random
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from ledger import LedgerModels
from loyalty_worlds import booking
from tiers_reference import MOMENT, Rule, qualifying, state, stays, steps

# Random members

ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC", None)
REPORTING = "Europe/Berlin"
CUT = datetime(2025, 12, 31, 23)  # New Year in the reporting zone
AMOUNTS = tuple(map(Decimal, ("0", "0.01", "49.99", "50", "50.01", "99.99", "100", "150")))
AT_LEAST = {"orders": ("0", "1", "3", "5"), "else": ("0", "100", "150", "250")}
DAY = timedelta(days=1)
MODELS = (
    "int_loyalty__rules", "int_loyalty__members", "int_loyalty__booked", "int_loyalty__tiers",
    "int_loyalty__qualifying", "int_loyalty__tier_steps", "int_loyalty__tier_state", "loyalty_tier_history",
)  # fmt: skip


def midnight(day: date, zone: str | None) -> datetime:
    local = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone or REPORTING))
    return local.astimezone(UTC).replace(tzinfo=None)


def programme(name: str, chance: random.Random) -> tuple[list[dict], list[dict]]:
    """Rows of loyalty_programmes and loyalty_tiers: one to three rules, of which later ones change much or little."""
    days = sorted(chance.sample((date(2023, 6, 1), date(2024, 1, 1), date(2024, 7, 1), date(2025, 1, 1)), 2))
    first = {
        "programme": name,
        "valid_from": date(2020, 1, 1),
        "time_zone": chance.choice(ZONES),
        "expiry_policy": "none",
        "expires_at_midnight": False,
        "reversal_grace_days": 0,
        "clawback_rule": "lot_then_debt",
        "tier_metric": chance.choice(("spend", "net_spend", "points", "orders")),
        "tier_window": chance.choice(("rolling", "rolling", "calendar", "lifetime")),
        "tier_window_days": chance.choice((30, 90, 365)),
        "tier_term_days": chance.choice((30, 90, 365)),
        "tier_grace_days": chance.choice((0, 0, 10, 19)),  # always shorter than a term
        "downgrade_policy": chance.choice(("to_earned", "one_down")),
        "refunds_downgrade": chance.random() < 0.5,
    }
    rules = [first]
    for day in days[: chance.choice((0, 0, 1, 2))]:
        changed = {
            "tier_window": chance.choice(("rolling", "calendar", "lifetime")),
            "tier_window_days": chance.choice((30, 90, 365)),
            "tier_term_days": chance.choice((20, 45, 365)),
            "tier_grace_days": chance.choice((0, 10)),
            "downgrade_policy": chance.choice(("to_earned", "one_down")),
            "refunds_downgrade": chance.random() < 0.5,
            "tier_metric": chance.choice(("spend", "net_spend", "points", "orders")),
        }
        some = chance.sample(sorted(changed), chance.randrange(1, len(changed)))
        rules.append(rules[-1] | {"valid_from": day} | {setting: changed[setting] for setting in some})
    at_least = AT_LEAST["orders" if first["tier_metric"] == "orders" else "else"]
    ranks = chance.choice((2, 3, 4))
    tiers = [
        {"programme": name, "valid_from": valid_from, "tier": f"tier {rank}", "rank": rank, "points_factor": 1,
         "at_least": Decimal(at_least[rank]) * factor}
        for valid_from, factor in ((date(2020, 1, 1), 1), (date(2024, 7, 1), 2))[: chance.choice((1, 1, 2))]
        for rank in range(ranks)
    ]  # fmt: skip
    return rules, tiers


def rules_of(rows: list[dict], tiers: list[dict]) -> list[Rule]:
    """The rules as the reference takes them: a row for every time in which neither rules nor thresholds change."""
    found = []
    tables = sorted({each["valid_from"] for each in tiers})
    for number, row in enumerate(rows):
        ends_on = rows[number + 1]["valid_from"] if number + 1 < len(rows) else date.max
        for table, next_table in zip(tables, [*tables[1:], date.max], strict=True):
            starts_on = max(row["valid_from"], table)
            if starts_on < min(ends_on, next_table):
                found.append(
                    Rule(
                        midnight(starts_on, row["time_zone"]),
                        row["time_zone"] or REPORTING,
                        row["tier_metric"],
                        row["tier_window"],
                        row["tier_window_days"],
                        row["tier_term_days"],
                        row["tier_grace_days"],
                        row["downgrade_policy"] == "one_down",
                        row["refunds_downgrade"],
                        tuple(each["at_least"] for each in tiers if each["valid_from"] == table),
                    )
                )
    return found


def instants(rows: list[dict], chance: random.Random) -> list[datetime]:
    """Times of bookings that meet windows, terms, grace and New Year to the moment."""
    rule = rows[0]
    at = datetime(2022, 6, 1) + DAY * chance.randrange(900) + timedelta(hours=chance.choice((0, 9, 23)))
    found = []
    for _ in range(chance.choice((1, 2, 4, 8, 12))):
        found.append(at)
        new_year = midnight(date(at.year + 1, 1, 1), rule["time_zone"])
        step = chance.choice((
            timedelta(0), MOMENT, DAY * rule["tier_window_days"], DAY * rule["tier_term_days"],
            DAY * (rule["tier_term_days"] + rule["tier_grace_days"]), DAY * chance.randrange(1, 20),
            DAY * chance.randrange(1, 200), new_year - at,
        ))  # fmt: skip
        at += step + chance.choice((timedelta(0), timedelta(0), MOMENT, -MOMENT)) if step > DAY else step
    return [at for at in found if at < CUT]


def member(name: str, rows: list[dict], chance: random.Random) -> tuple[list[dict], dict, list[tuple]]:
    """Bookings, the amount of each order that is known, refunds as (order, instant, amount)."""
    bookings, orders, refunds = [], {}, []
    for number, at in enumerate(instants(rows, chance)):
        order = chance.choice((f"{name}-{number}", f"{name}-{number}", f"{name}-{number}", f"{name}-0", None))
        kind = chance.choice(("earn",) * 8 + ("clawback", "import", "spend", "adjust"))
        points = chance.choice(AMOUNTS) * (-1 if kind in ("clawback", "spend") else 1)
        bookings.append(
            booking(f"{name}-{number}", rows[0]["programme"], rows[0]["programme"], name, booked_at=at,
                    entry_type=kind, points=points, order_reference=order, source_record_type="profile",
                    source_record_id=name)
        )  # fmt: skip
        if order and chance.random() < 0.95:
            orders.setdefault(order, chance.choice(AMOUNTS))
        if order in orders and chance.random() < 0.25:
            later = at + chance.choice((timedelta(0), DAY, DAY * 30, DAY * rows[0]["tier_term_days"]))
            if later < CUT:
                refunds.append((order, later, chance.choice((orders[order], min(orders[order], Decimal("0.01"))))))
    return bookings, orders, refunds


def test_random_members_are_as_plain_python_says(sample):
    """Under every metric, window and policy, with rules that change, live and in a scenario with other grace."""
    chance = random.Random(20_260)
    programmes = {f"club{number}": programme(f"club{number}", chance) for number in range(200)}
    members = {
        f"m{number}": (rows, tiers, *member(f"m{number}", rows, chance))
        for number in range(3_000)
        for rows, tiers in [chance.choice(list(programmes.values()))]
    }
    models = LedgerModels(sample).give(
        [each for *_, bookings, _, _ in members.values() for each in bookings],
        [row for rows, _ in programmes.values() for row in rows],
        CUT,
        [
            {"scenario": "patient", "programme": name, "setting": "tier_grace_days", "value": "7"}
            for name in list(programmes)[::2]
        ],
        REPORTING,
    )
    models.table(
        "settings.loyalty_tiers",
        {"programme": "varchar", "valid_from": "date", "tier": "varchar", "rank": "int", "at_least": "decimal(18, 2)",
         "points_factor": "decimal(9, 4)"},
        [tier for _, tiers in programmes.values() for tier in tiers],
    )  # fmt: skip
    orders = {order: amount for *_, orders, _ in members.values() for order, amount in orders.items()}
    models.table(
        "intermediate.int_loyalty__orders",
        {"order_reference": "varchar", "order_id": "varchar"},
        [{"order_reference": order, "order_id": f"shop:{order}"} for order in orders],
    )
    models.table(
        "intermediate.int_orders__amounts",
        {"order_id": "varchar", "gross_revenue": "decimal(18, 2)", "discount_amount": "decimal(18, 2)"},
        [
            {"order_id": f"shop:{order}", "gross_revenue": amount + 5, "discount_amount": 5}
            for order, amount in orders.items()
        ],
    )
    models.table(
        "intermediate.int_refunds__unioned",
        {"order_id": "varchar", "refunded_at": "timestamp", "kind": "varchar", "amount": "decimal(18, 2)"},
        [
            {"order_id": f"shop:{order}", "refunded_at": at, "kind": kind, "amount": amount}
            for *_, refunds in members.values()
            for order, at, amount in refunds
            for kind in ("goods", "shipping")
        ],
    )
    models.table(
        "intermediate.int_identity__records",
        dict.fromkeys(("customer_id", "source_name", "source_record_type", "source_record_id"), "varchar"),
        [],
    )
    models.run(*MODELS)

    ours, ours_at_the_cut, history = defaultdict(list), {}, defaultdict(list)
    for row in models.rows("from intermediate.int_loyalty__tier_steps order by step_no"):
        ours[row["scenario"], row["member_id"]].append(
            (row["changed_at"], row["tier_rank"], row["cause"], row["metric"], row["expires_at"])
        )
    for row in models.rows("from intermediate.int_loyalty__tier_state"):
        ours_at_the_cut[row["scenario"], row["member_id"]] = (
            row["tier_rank"], row["tier_expires_at"], row["points_to_next_tier"], row["points_required_to_remain"],
        )  # fmt: skip
    for row in models.rows("from marts.loyalty_tier_history order by valid_from"):
        history[row["member_id"]].append(
            tuple(row[name] for name in (
                "valid_from", "valid_to", "tier_rank", "change", "cause", "metric", "tier_expires_at"
            ))
        )  # fmt: skip
    seen, wrong = Counter(), []
    for name, (rows, tiers, bookings, orders, refunds) in members.items():
        if not bookings:
            continue
        live = rules_of(rows, tiers)
        scenarios = {"live": live}
        if list(programmes).index(rows[0]["programme"]) % 2 == 0:
            scenarios["patient"] = [replace(rule, grace_days=7) for rule in live]
        for scenario, rules in scenarios.items():
            counted = qualifying(bookings, orders, refunds, rules)
            log = steps(counted, rules, CUT)
            told = [(step.at, step.rank, step.cause, step.metric, step.until) for step in log]
            if (ours[scenario, name], ours_at_the_cut[scenario, name]) != (told, state(counted, rules, CUT)):
                wrong.append((scenario, name))
            seen.update(step.cause for step in log)
            seen.update(f"grace {step.cause}" for step in log if any(rule.grace_days for rule in rules))
            if scenario == "live":
                joined_at = min(each["booked_at"] for each in bookings)
                if history[name] != stays(joined_at, log):
                    wrong.append(("history", name))
                seen.update(each[3] for each in history[name])
    assert (len(wrong), wrong[:6]) == (0, [])
    assert min(seen[each] for each in (
        "spend", "refund", "term_over", "joined", "upgrade", "downgrade", "renewal", "grace term_over"
    )) > 100, seen  # fmt: skip


# The simulated shop

SHOP = Rule(
    datetime.min, "UTC", "spend", "rolling", 365, 365, 0, False, False, tuple(map(Decimal, ("0", "150", "400")))
)
MEMBERS = """
    with members as (
        select programme, member_id, person_id
        from intermediate.int_loyalty_bookings__unioned
        join truth.records using (source_name, source_record_type, source_record_id)
        where programme in ('talon_one:37', 'yotpo_loyalty')
        group by all
    )
"""
# Members of whom something is missing on purpose: a booking or an order that was spoiled or deleted.
NOT_READABLE = """
    select person_id from truth.talon_one_bookings where not is_staged
    union
    select person_id from truth.loyalty_entries join truth.orders using (order_key, person_id)
    where entry_type = 'earn' and raw_state <> 'complete'
"""
OURS = """
    select programme, member_id, changed_at, tier, case cause when 'term_over' then 'year_over' else cause end as cause
    from intermediate.int_loyalty__tier_steps where scenario = 'live'
"""


def test_tiers_changed_when_they_changed(simulated):
    """To the second, of every member of the first programme whom nothing is missing of."""
    readable = f"(select member_id from members where person_id not in ({NOT_READABLE}))"
    simulated.same(
        f"{MEMBERS} from ({OURS}) where programme = 'talon_one:37' and member_id in {readable}",
        f"""
        {MEMBERS} select programme, member_id, changed_at, tier, cause
        from truth.loyalty_tiers join members using (person_id)
        where programme = 'talon_one:37' and member_id in {readable}
        """,
        2_000,
    )
    ((all_of_them, left_out),) = simulated.sql(
        f"{MEMBERS} select count(*), count(*) filter (member_id not in {readable}) from members"
    )
    assert 0 < left_out < all_of_them / 50


def test_tiers_of_a_programme_whose_shop_counts_tax(simulated):
    """The second shop counts prices with tax and the warehouse none, so that plain Python says what should be."""
    counted = defaultdict(list)
    for member_id, at, amount in simulated.sql(
        f"""
        {MEMBERS} select member_id, occurred_at, gross - discount
        from truth.loyalty_entries join members using (person_id) join truth.orders using (order_key)
        where programme = 'yotpo_loyalty' and entry_type = 'earn' and members.person_id not in ({NOT_READABLE})
        """
    ):
        counted[member_id].append((at, amount))
    expected = {
        (member_id, step.at, step.rank, step.metric)
        for member_id, amounts in counted.items()
        for step in steps(sorted(amounts), [SHOP], datetime(2026, 1, 1, 5))
    }
    ours = {
        row for row in simulated.sql(
            "select member_id, changed_at, tier_rank, metric from intermediate.int_loyalty__tier_steps"
            " where programme = 'yotpo_loyalty' and scenario = 'live'"
        ) if row[0] in counted
    }  # fmt: skip
    assert (sorted(ours - expected)[:5], sorted(expected - ours)[:5]) == ([], [])
    assert len(expected) > 100
