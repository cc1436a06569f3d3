"""How two warehouses of the same raw data differ: people by their records, orders, and measures of people.

Two ids are the same person if their records are the same ones; an id that was only renamed is no change.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import duckdb


class Measure(NamedTuple):
    """Something that a table says of people.

    `kind` amount: `value` is a whole or decimal number, added up per person. `kind` consent or membership: `value` is a
    condition, and people come into it or go out of it. `absent` is what the report says where there is no such table.
    """

    name: str
    table: str
    key: str
    value: str
    kind: str
    absent: str = "not in this warehouse"


MEASURES = (
    Measure("simple value", "marts.customer_lifetime_value", "customer_id", "simple_value", "amount"),
    Measure("value so far", "marts.customer_lifetime_value", "customer_id", "historic_value", "amount"),
    Measure("email consent", "marts.customers", "customer_id", "email_consent = 'subscribed'", "consent"),
    Measure("sms consent", "marts.customers", "customer_id", "sms_consent = 'subscribed'", "consent"),
    Measure("push consent", "marts.customers", "customer_id", "push_consent = 'subscribed'", "consent"),
    Measure("email refusal", "marts.customers", "customer_id", "email_consent = 'unsubscribed'", "membership"),
    Measure("sms refusal", "marts.customers", "customer_id", "sms_consent = 'unsubscribed'", "membership"),
    Measure("push refusal", "marts.customers", "customer_id", "push_consent = 'unsubscribed'", "membership"),
    Measure("vip", "marts.customers", "customer_id", "is_vip", "membership"),
)
WORDS = {"consent": ("granted", "withdrawn"), "membership": ("enter", "leave")}
EXAMPLES = (
    {"what": "merged", "one": "after_id", "many": "before_ids", "valid": "is_valid", "revenue": "after_revenue"},
    {"what": "split", "one": "before_id", "many": "after_ids", "valid": "was_valid", "revenue": "before_revenue"},
)
NEEDED = (
    "staging.point_in_time",
    "staging.raw_row_counts",
    "marts.customer_records",
    "marts.customers",
    "marts.orders",
)

# `link` is one person before and after who have records in common; null on the side where there is nobody.
PREPARE = """
create temp table record as
select
    before.customer_id as before_id,
    after.customer_id as after_id
from before.marts.customer_records as before
full join after.marts.customer_records as after using (source_name, source_record_type, source_record_id);

create temp table shared as
select
    before_id,
    after_id,
    count(*) as records,
    count(*) over (partition by before_id) as parts,
    count(*) over (partition by after_id) as sources
from record
where before_id is not null and after_id is not null
group by before_id, after_id;

create temp table renamed as
select after_id as new_id, before_id as id
from shared
where parts = 1 and sources = 1 and before_id <> after_id
    and before_id not in (select customer_id from after.marts.customer_records);

update record set after_id = renamed.id from renamed where after_id = renamed.new_id;
update shared set after_id = renamed.id from renamed where after_id = renamed.new_id;

create temp table link as
select before_id, after_id from shared
union all
select distinct before_id, null from record
where before_id is not null and before_id not in (select before_id from shared)
union all
select distinct null, after_id from record
where after_id is not null and after_id not in (select after_id from shared);

create temp table merged as
select after_id, list(before_id order by before_id) as before_ids, sum(records)::bigint as records
from shared
where parts = 1
group by after_id
having count(*) > 1;

create temp table split as
select before_id, list(after_id order by after_id) as after_ids, sum(records)::bigint as records
from shared
where parts > 1
group by before_id;

create temp table sold as
select
    order_id,
    before.customer_id as before_id,
    coalesce(renamed.id, after.customer_id) as after_id,
    coalesce(before.is_valid, false) as was_valid,
    coalesce(after.is_valid, false) as is_valid,
    coalesce(before.net_revenue_reporting, 0) as before_revenue,
    coalesce(after.net_revenue_reporting, 0) as after_revenue
from before.marts.orders as before
full join after.marts.orders as after using (order_id)
left join renamed on after.customer_id = renamed.new_id;
"""

RUN = """
select
    after.as_of,
    after.reporting_currency as currency,
    before.newest_load_at is distinct from after.newest_load_at
    or exists (from before.staging.raw_row_counts except from after.staging.raw_row_counts)
    or exists (from after.staging.raw_row_counts except from before.staging.raw_row_counts) as is_raw_data_newer
from before.staging.point_in_time as before cross join after.staging.point_in_time as after
"""

# One row each: what the report tells of everybody.
FIGURES = {
    "people": """
        select
            (select count(distinct before_id) from record) as before,
            (select count(distinct after_id) from record) as after,
            (select coalesce(sum(len(before_ids)), 0)::bigint from merged) as merged,
            (select count(*) from merged) as merged_into,
            (select count(*) from split) as split,
            (select count(distinct after_id) from shared where parts > 1) as split_into,
            (select count(*) from renamed) as renamed
    """,
    "records": """
        select
            count(*) filter (where before_id <> after_id) as moved,
            count(*) filter (where before_id is null) as gained_a_person,
            count(*) filter (where after_id is null) as lost_their_person
        from record
    """,
    "valid_orders": """
        select
            count(*) filter (where was_valid) as before,
            count(*) filter (where is_valid) as after,
            count(*) filter (where is_valid and not was_valid) as begin,
            count(*) filter (where was_valid and not is_valid) as cease,
            count(*) filter (where was_valid and is_valid and before_id is distinct from after_id) as change_hands
        from sold
    """,
    "net_revenue": """
        select
            coalesce(sum(before_revenue) filter (where was_valid), 0) as before,
            coalesce(sum(after_revenue) filter (where is_valid), 0) as after,
            coalesce(sum(after_revenue) filter (
                where was_valid and is_valid and before_id is distinct from after_id
            ), 0) as changes_hands
        from sold
    """,
    "repeat_purchase_rate": """
        select
            (select count(*) filter (where order_count >= 2) / nullif(count(*) filter (where order_count >= 1), 0)
            from before.marts.customers) as before,
            (select count(*) filter (where order_count >= 2) / nullif(count(*) filter (where order_count >= 1), 0)
            from after.marts.customers) as after
    """,
}
AMOUNT = """
with
before_values as (
    select {key} as id, sum({value}) as value from before.{table} group by id
),
after_values as (
    select coalesce(renamed.id, measured.{key}) as id, sum({value}) as value
    from after.{table} as measured left join renamed on measured.{key} = renamed.new_id group by 1
)
select
    count(*) filter (where coalesce(a.value, 0) <> coalesce(b.value, 0)) as people,
    coalesce(sum(abs(coalesce(a.value, 0) - coalesce(b.value, 0))), 0) as moved,
    coalesce(sum(b.value), 0) as before,
    coalesce(sum(a.value), 0) as after
from before_values as b full join after_values as a using (id)
"""
# {entered} and {left} count people as they were before, and new ones.
STATE = """
with
before_people as (
    select distinct {key} as id from before.{table} where {value}
),
after_people as (
    select distinct coalesce(renamed.id, measured.id) as id
    from (select {key} as id from after.{table} where {value}) as measured
    left join renamed on measured.id = renamed.new_id
)
select
    count(distinct coalesce(before_id, after_id)) filter (where b.id is null and a.id is not null) as {entered},
    count(distinct coalesce(before_id, after_id)) filter (where b.id is not null and a.id is null) as {left},
    (select count(*) from before_people) as before,
    (select count(*) from after_people) as after
from link left join before_people as b on before_id = b.id left join after_people as a on after_id = a.id
"""
# The largest first; orders and money are those of the merged person after, of the split person before.
EXAMPLE = """
select {what}.{one} as customer_id, {many}, records,
    count(order_id) as orders, coalesce(sum({revenue}), 0) as net_revenue
from {what} left join sold on {what}.{one} = sold.{one} and sold.{valid}
group by all
order by records desc, orders desc, customer_id
limit 10
"""
TABLES = """
select table_name as name from duckdb_tables()
where database_name = '{side}' and schema_name = '{schema}' order by table_name
"""


def compare(live: Path, changed: Path) -> dict:
    """The figures of the difference between two warehouses, as JSON holds them.

    Money is in the reporting currency; rates are between 0 and 1, or None without customers. `differs` is whether
    anything but the settings does. Raises duckdb.Error.
    """
    with duckdb.connect() as connection:

        def rows(query: str) -> list[dict]:
            result = connection.execute(query)
            names = [column[0] for column in result.description]
            return [dict(zip(names, map(plain, row), strict=True)) for row in result.fetchall()]

        for name, path in (("before", live), ("after", changed)):
            quoted = str(path).replace("'", "''")
            connection.execute(f"attach '{quoted}' as {name} (read_only)")
        connection.execute(PREPARE)
        found = rows(RUN)[0] | {"settings": settings(rows)}
        found |= {name: rows(query)[0] for name, query in FIGURES.items()}
        measures = (*MEASURES, *programmes(rows), *audiences(rows))
        found["measures"] = {each.name: measured(rows, each) for each in measures}
        found["examples"] = {each["what"]: rows(EXAMPLE.format(**each)) for each in EXAMPLES}
    return found | {"differs": any(what_moves(found))}


def plain(value: object) -> object:
    """A value of DuckDB as JSON holds it."""
    if isinstance(value, Decimal):
        return float(value)
    return str(value) if isinstance(value, date) else value


def settings(rows: Callable) -> dict[str, dict]:
    """Of each seed that differs the rows that are new and those that are gone; a changed row is both."""
    found = {}
    for table in rows(TABLES.format(side="after", schema="settings")):
        before, after = (f"(from {side}.settings.{table['name']})" for side in ("before", "after"))
        try:
            (each,) = rows(f"""
                select (select count(*) from ({after} except all {before})) as added,
                    (select count(*) from ({before} except all {after})) as removed
            """)
        except (duckdb.CatalogException, duckdb.BinderException):  # a new seed, or one of other columns
            (each,) = rows(f"select count(*) as added, 0 as removed from {after}")
        if any(each.values()):
            found[table["name"]] = each
    return found


def programmes(rows: Callable) -> list[Measure]:
    """The points of every loyalty programme, of either warehouse: one's point is not worth another's."""
    found = set()
    for side in ("before", "after"):
        with suppress(duckdb.CatalogException):
            found |= {row["programme"] for row in rows(f"select distinct programme from {side}.marts.loyalty_balances")}
    quoted = {name: name.replace("'", "''") for name in sorted(found)}
    points = Measure("points", "marts.loyalty_balances", "customer_id", "points_available", "amount")
    return [
        points._replace(
            name=f"points of {name}", value=f"case when programme = '{text}' then points_available else 0 end"
        )
        for name, text in quoted.items()
    ] or [points]


def audiences(rows: Callable) -> list[Measure]:
    """Every table of the schema audiences, of either warehouse, as a membership."""
    found = {row["name"] for side in ("before", "after") for row in rows(TABLES.format(side=side, schema="audiences"))}
    return [
        Measure(f"audience {name}", f"audiences.{name}", "customer_id", "true", "membership") for name in sorted(found)
    ]


def measured(rows: Callable, measure: Measure) -> dict:
    """The figures of one measure, or why there are none."""
    entered, left = WORDS.get(measure.kind, ("", ""))
    query = AMOUNT if measure.kind == "amount" else STATE
    try:
        return {"kind": measure.kind} | rows(query.format(**measure._asdict(), entered=entered, left=left))[0]
    except (duckdb.CatalogException, duckdb.BinderException):
        return {"kind": measure.kind, "absent": measure.absent}


def what_moves(figures: dict) -> list[float]:
    """Every figure that is 0 if nothing moves."""
    people, orders, money = figures["people"], figures["valid_orders"], figures["net_revenue"]
    moves = [people["merged"], people["split"], people["renamed"], *figures["records"].values()]
    moves += [orders["begin"], orders["cease"], orders["change_hands"]]
    moves += [money["before"] - money["after"]]
    counts = ("people", *WORDS["consent"], *WORDS["membership"])
    return moves + [measure.get(count, 0) for measure in figures["measures"].values() for count in counts]
