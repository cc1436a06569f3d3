"""Published cases of loyalty ledgers, from the bookings as the platforms land them to the marts."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from conftest import Raw, Warehouse, build
from ledger import LedgerModels

AS_OF = date(2025, 12, 31)
LOADED_AT = "2026-01-01T06:00:00Z"


def booking(member: str, created: str, points: int, name: str, **more) -> dict:
    """A row of Talon.One's ledger export; negative points are a subtraction."""
    return {
        "transactionuuid": f"{member}-{created}-{name}",
        "created": created,
        "programid": 37,
        "subledgerid": "",
        "type": "addition" if points >= 0 else "subtraction",
        "amount": f"{abs(points)}.00",
        "name": name,
        "startdate": "immediate",
        "expirydate": "unlimited",
        "customerprofileid": member,
        "customersessionid": None,
        "_airbyte_extracted_at": LOADED_AT,
    } | more


def item(created: str, points: int, action: str, orders: tuple = (), status: str = "Approved") -> dict:
    ids = ", ".join(f'"{order}"' for order in orders)
    return (
        f'{{"created_at": "{created}T10:00:00.000Z", "action": "{action}", "points": {points}, "status": "{status}",'
        f' "order_ids": [{ids}]}}'
    )


TALON = [
    # First in, first out (AlpineIQ).
    booking("fifo", "2025-01-10 12:00:00", 100, "Points for an order", customersessionid="f1"),
    booking("fifo", "2025-03-10 12:00:00", 150, "Points for an order", customersessionid="f2"),
    booking("fifo", "2025-04-10 12:00:00", -120, "Reward", customersessionid="f3"),
    # $100 earned 100 points, $75 refunded (NOBULL, Yotpo).
    booking("partial", "2025-02-01 12:00:00", 100, "Points for an order", customersessionid="p1"),
    booking("partial", "2025-02-20 12:00:00", -75, "Rollback of added points", customersessionid="p1"),
    # All points spent, then the order that earned them comes back (Yotpo): 50 are owed, and the next earning pays them.
    booking("debtor", "2025-02-01 12:00:00", 50, "Points for an order", customersessionid="d1"),
    booking("debtor", "2025-02-10 12:00:00", -50, "Reward", customersessionid="d2"),
    booking("debtor", "2025-02-20 12:00:00", -50, "Rollback of added points", customersessionid="d1"),
    booking("payer", "2025-02-01 12:00:00", 50, "Points for an order", customersessionid="y1"),
    booking("payer", "2025-02-10 12:00:00", -50, "Reward", customersessionid="y2"),
    booking("payer", "2025-02-20 12:00:00", -50, "Rollback of added points", customersessionid="y1"),
    booking("payer", "2025-03-20 12:00:00", 80, "Points for an order", customersessionid="y3"),
    # Points of a reward come back with its order to the lot that they came from, and end when it ends.
    booking("returner", "2025-01-10 12:00:00", 100, "Welcome", expirydate="2025-12-31T05:00:00Z"),
    booking("returner", "2025-06-01 12:00:00", 50, "Welcome again", expirydate="2026-06-01T04:00:00Z"),
    booking("returner", "2025-07-01 12:00:00", -120, "Reward", customersessionid="r1"),
    booking("returner", "2025-08-01 12:00:00", 120, "Rollback of deducted points", customersessionid="r1"),
    # What platforms say, and may be wrong about.
    booking("corrected", "2025-05-01 12:00:00", 100, "Welcome"),
    booking("corrected", "2025-05-02 12:00:00", -30, "Correction by hand"),
    booking("forgiven", "2025-05-01 12:00:00", 100, "Welcome", expirydate="2025-11-01T04:00:00Z"),
    booking("late", "2025-05-01 12:00:00", 100, "Welcome"),
    booking("late", "2025-12-31 20:00:00", -40, "Reward", customersessionid="l1"),
    booking("odd", "2025-05-01 12:00:00", 100, "Welcome"),
    booking("overdrawn", "2025-05-01 12:00:00", 30, "Welcome"),
    booking("overdrawn", "2025-06-01 12:00:00", -50, "Reward", customersessionid="o1"),
]
BALANCES = {
    "fifo": 130, "partial": 25, "debtor": -50, "payer": 30, "returner": 50, "corrected": 100, "forgiven": 100,
    "late": 100, "odd": 97, "overdrawn": -20, "nobody": 5,
}  # fmt: skip
# Earned on the first of January, usable on the fifteenth, for 365 days: there on day 365, gone on day 366.
YOTPO = {
    "last.day@example.com": item("2024-12-18", 40, "Bestellung", ("1",)),
    "day.after@example.com": item("2024-12-17", 40, "Bestellung", ("2",)),
    "waiting@example.com": item("2025-12-20", 40, "Bestellung", ("3",), "Pending"),
}


@pytest.fixture(scope="module")
def club(tmp_path_factory) -> Warehouse:
    folder = tmp_path_factory.mktemp("club")
    raw = Raw(folder / "raw")
    raw.write("talon_one.loyalty_transactions", TALON)
    raw.write("talon_one.loyalty_balances", [
        {
            "loyaltyProgramID": 37, "loyaltySubledger": "", "profileIntegrationID": member,
            "currentBalance": points, "snapshot_at": f"{AS_OF} 23:59:59", "_airbyte_extracted_at": LOADED_AT,
        }
        for member, points in BALANCES.items()
    ])  # fmt: skip
    raw.write("yotpo_loyalty.customers", [
        {
            "email": email, "points_balance": 0, "last_seen_at": f"{AS_OF}T22:00:00Z",
            "history_items": f"[{items}]", "_airbyte_extracted_at": LOADED_AT,
        }
        for email, items in YOTPO.items()
    ])  # fmt: skip
    settings = {
        "systems": ["talon_one", "yotpo_loyalty"], "as_of": str(AS_OF), "reporting_currency": "USD",
        "reporting_timezone": "America/New_York",
    }  # fmt: skip
    return build(raw, folder, settings)


def lots(club: Warehouse, member: str) -> list[tuple]:
    """Issued and available points of a member's lots, in the order in which they were earned."""
    return [
        (int(issued), int(available))
        for issued, available in club.sql(
            f"select points_issued, points_available from marts.loyalty_lots where member_id = '{member}'"
            " order by earned_at"
        )
    ]


def balance(club: Warehouse, member: str) -> dict:
    (row,) = club.rows(f"from marts.loyalty_balances where member_id = '{member}'")
    return row


def test_the_oldest_points_are_spent_first(club):
    assert lots(club, "fifo") == [(100, 0), (150, 130)]


def test_a_refund_in_part_leaves_a_part(club):
    assert lots(club, "partial") == [(100, 25)]


def test_points_that_were_spent_are_owed(club):
    debtor = balance(club, "debtor")
    assert (debtor["points_available"], debtor["points_debt"]) == (0, 50)
    assert club.sql(
        "select points_clawed_back, points_spent from marts.loyalty_lots where member_id = 'debtor'"
    ) == [(0, 50)]  # fmt: skip


def test_the_next_earning_pays_what_is_owed(club):
    payer = balance(club, "payer")
    assert (payer["points_available"], payer["points_debt"]) == (30, 0)
    assert lots(club, "payer") == [(50, 0), (80, 30)]
    assert club.one("select max(points_repaid) from marts.loyalty_lots where member_id = 'payer'") == 50


def test_points_come_back_to_their_lots(club):
    """The first lot's 100 expired on the last day, at midnight of the programme's zone; the other's 50 are there."""
    assert lots(club, "returner") == [(100, 0), (50, 50)]
    assert club.sql(
        "select expires_on, points_expired from marts.loyalty_lots where member_id = 'returner' order by earned_at"
    ) == [(date(2025, 12, 31), 100), (date(2026, 6, 1), 0)]
    reversal = club.rows("from marts.loyalty_entries where member_id = 'returner' and entry_type = 'spend_reversal'")
    spend = club.one("select entry_id from marts.loyalty_entries where member_id = 'returner' and entry_type = 'spend'")
    assert [(row["points"], row["reverses_entry_id"]) for row in reversal] == [(120, spend)]


def test_a_year_of_points_is_there_on_day_365_and_gone_on_day_366(club):
    """Usable for 365 days from fourteen days after the booking: one lot ends on the last day, one a day later."""
    found = club.sql(
        "select earned_at, expires_on, points_available, points_expired, points_pending from marts.loyalty_lots"
        " where programme = 'yotpo_loyalty' order by earned_at"
    )
    assert found == [
        (datetime(2024, 12, 17, 10), date(2025, 12, 31), 0, 40, 0),
        (datetime(2024, 12, 18, 10), date(2026, 1, 1), 40, 0, 0),
        (datetime(2025, 12, 20, 10), date(2027, 1, 3), 0, 0, 40),
    ]


def test_a_spend_takes_no_more_than_there_is(club):
    """What was told and what the ledger took stand side by side."""
    (spend,) = club.rows("from marts.loyalty_entries where member_id = 'overdrawn' and entry_type = 'spend'")
    assert (spend["points"], spend["points_told"]) == (-30, -50)


def test_differences_from_the_platform_are_explained(club):
    """Each told figure is another mistake; none of them changes the ledger."""
    found = {
        row["member_id"]: (row["explanation"], row["difference"])
        for row in club.rows("from quality.loyalty_reconciliation where source_name = 'talon_one'")
    }
    assert found == {
        "fifo": ("equal", 0),
        "partial": ("equal", 0),
        "debtor": ("equal", 0),
        "payer": ("equal", 0),
        "returner": ("equal", 0),
        "corrected": ("manual_adjustment", -30),
        "forgiven": ("unknown_expiry", -100),
        "late": ("timing", -40),
        "odd": ("unexplained", 3),
        "overdrawn": ("uncovered", 20),
        "nobody": ("no_ledger", -5),
    }


def test_a_till_earns_anew_on_what_is_left_of_a_sale(sample):
    """100.00 earned 100 and 75.00 came back: 25 are left. 49.95 earned 49, and all of them go with the sale."""
    models = LedgerModels(sample)
    sale = {"store_id": "S1", "loyalty_id": "card", "sold_at": datetime(2025, 3, 1, 10)}
    models.table(
        "staging.stg_pos__sales",
        {"store_id": "varchar", "sale_id": "varchar", "original_sale_id": "varchar", "loyalty_id": "varchar",
         "sold_at": "timestamp", "points_redeemed": "decimal(18, 2)"},
        [
            sale | {"sale_id": "1"},
            sale | {"sale_id": "2"},
            sale | {"sale_id": "3", "sold_at": sale["sold_at"] + timedelta(days=30), "points_redeemed": Decimal(20)},
            sale | {"sale_id": "4", "sold_at": sale["sold_at"] + timedelta(days=31), "original_sale_id": "3",
                    "points_redeemed": Decimal(-20)},
            sale | {"sale_id": "5", "loyalty_id": None},
        ],
    )  # fmt: skip
    models.table(
        "intermediate.int_orders__amounts",
        {"order_id": "varchar", "gross_revenue": "decimal(18, 2)", "discount_amount": "decimal(18, 2)"},
        [
            {"order_id": f"pos:S1:{number}", "gross_revenue": Decimal(amount), "discount_amount": Decimal("0.05")}
            for number, amount in (("1", "100.05"), ("2", "50.00"), ("3", "10.05"), ("5", "80.00"))
        ],
    )
    models.table(
        "intermediate.int_refunds__unioned",
        {"refund_id": "varchar", "order_id": "varchar", "source_name": "varchar", "refunded_at": "timestamp",
         "amount": "decimal(18, 2)"},
        [
            {"refund_id": f"R{number}", "order_id": f"pos:S1:{order}", "source_name": "pos", "amount": Decimal(amount),
             "refunded_at": datetime(2025, 3, 5 + number)}
            for number, (order, amount) in enumerate((("1", "50.50"), ("1", "24.50"), ("2", "49.95")))
        ],
    )  # fmt: skip
    rule = {"programme": "pos", "valid_from": date(2020, 1, 1), "points_per_unit": Decimal(1)}
    models.give([], [rule], datetime(2026, 1, 1)).run("int_loyalty_bookings__pos")
    bookings = models.rows("from intermediate.int_loyalty_bookings__pos order by booked_at, booking_id")
    assert [(row["entry_type"], int(row["points"]), row["order_reference"]) for row in bookings] == [
        ("earn", 100, "pos:s1:1"),
        ("earn", 49, "pos:s1:2"),
        ("clawback", -51, "pos:s1:1"),
        ("clawback", -24, "pos:s1:1"),
        ("clawback", -49, "pos:s1:2"),
        ("earn", 10, "pos:s1:3"),
        ("spend", -20, "pos:s1:3"),
        ("spend_reversal", 20, "pos:s1:3"),
    ]
    models.give([], [], datetime(2026, 1, 1)).run("int_loyalty_bookings__pos")
    assert models.rows("from intermediate.int_loyalty_bookings__pos") == []
