"""A ledger carried on from day to day is the one worked out from nothing, and only who moved is worked out anew."""

import shutil
from datetime import datetime

import duckdb
import loyalty_worlds
import pytest
from compiled import fill
from conftest import Warehouse, run_dbt
from ledger import BOOKING_TYPES, CORE, RULE_TYPES, LedgerModels
from test_loyalty_ledger import DEFAULT, FAR, MOVES

DAYS = (datetime(2024, 3, 18), datetime(2024, 3, 19), FAR)
GONE = "m7"  # a member whose bookings are withdrawn in the end


@pytest.fixture(scope="module")
def crowd() -> tuple[list[dict], list[dict]]:
    bookings, rules = loyalty_worlds.members(43, 1_500)
    return bookings, [*rules, DEFAULT]


def known_on(day: datetime, bookings: list[dict]) -> list[dict]:
    return [row for row in bookings if row["booked_at"] < day and (day < FAR or row["member_id"] != GONE)]


@pytest.fixture(scope="module")
def carried_on(sample, sample_raw, crowd, tmp_path_factory) -> tuple[Warehouse, list[tuple]]:
    """Three builds into one database. Before the last, a wrong move is planted with who moves no more, and with
    somebody who does; the two members.
    """
    folder = tmp_path_factory.mktemp("days")
    database = shutil.copy(sample.database, folder / "warehouse.duckdb")
    bookings, rules = crowd
    planted = []
    for day in DAYS:
        with duckdb.connect(database) as connection:
            fill(connection, "intermediate.int_loyalty_bookings__unioned", BOOKING_TYPES, known_on(day, bookings))
            fill(connection, "settings.loyalty_programmes", RULE_TYPES, rules)
            if day == FAR:
                later = {(row["programme"], row["member_id"]) for row in bookings if row["booked_at"] >= DAYS[1]}
                members = connection.execute(
                    "select programme, member_id, member_no from intermediate.int_loyalty__members"
                    " semi join intermediate.int_loyalty__moves using (member_no) order by all"
                ).fetchall()
                for moves_on in (False, True):
                    planted.append(next(row for row in members if ((row[:2] in later) == moves_on) and row[1] != GONE))
                    for table in ("plain_moves", "sequential_moves"):
                        connection.execute(
                            f"update intermediate.int_loyalty__{table} set points = points + 777 where member_no = ?",
                            planted[-1][2:],
                        )
        result = run_dbt("run", "-s", *CORE, raw=sample_raw.folder, folder=folder)
        assert result.returncode == 0, result.stdout
    return Warehouse(database, folder / "target", ""), planted


def test_day_by_day_is_from_nothing(carried_on, sample, crowd):
    warehouse, ((*still, _), (*moved, _)) = carried_on
    bookings, rules = crowd
    zone = warehouse.one("select reporting_timezone from staging.point_in_time")
    fresh = LedgerModels(sample).give(known_on(FAR, bookings), rules, FAR, reporting_timezone=zone).run(*CORE)
    lots = "select * exclude (inputs_hash) from intermediate.int_loyalty__lots order by all"
    moves = f"{MOVES} order by all"
    assert warehouse.sql(lots) == fresh.connection.execute(lots).fetchall()
    ours, truth = warehouse.sql(moves), fresh.connection.execute(moves).fetchall()
    assert ours != truth
    assert [row for row in ours if list(row[:2]) != still] == [row for row in truth if list(row[:2]) != still]
    assert any(list(row[:2]) == moved for row in truth)
    planted, right = ([row[6] for row in rows if list(row[:2]) == still] for rows in (ours, truth))
    assert sorted(planted) == sorted(points + 777 for points in right) != []


def test_who_is_gone_is_gone(carried_on):
    warehouse, _ = carried_on
    for table in ("members", "lots"):
        assert warehouse.one(f"select count(*) from intermediate.int_loyalty__{table} where member_id = '{GONE}'") == 0
    assert warehouse.sql(
        "select distinct member_no from intermediate.int_loyalty__moves"
        " anti join intermediate.int_loyalty__members using (member_no)"
    ) == []  # fmt: skip
