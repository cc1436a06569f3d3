"""
What a loader had delivered by the newest load: when rows came, twice, unreadable or not at all.

A load runs every morning and brings what had happened until midnight UTC (`load_after`, `seen_until` in SQL), the first
one the whole history; so what a load brought does not depend on how long the shop went on.

A writer hands over a query of raw rows, each with `_load_at`,
    the load that would bring it. `Delivery.deliver` drops what
was not loaded yet, delivers some rows twice, spoils some, adds the loader's columns, writes the Parquet file and keeps
what became of every row: its fate (staged, duplicate, tombstone, quarantined) and the trap behind it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from simulator.catalogue import ZONES
from simulator.settings import LOAD_HOUR, Settings
from simulator.tables import Life


def macros(settings: Settings) -> str:
    """What many writers say in SQL; the seed and the first load are literals, which every query then folds."""
    clocks = " ".join(f"when '{zone}' then timezone('{zone}', timezone('UTC', instant))" for zone in ZONES)
    return f"""
create macro load_after(happened_at) as case when happened_at is not null then greatest(
    date_trunc('day', happened_at) + interval {24 + LOAD_HOUR} hour, timestamp '{_sql_time(settings.first_load)}'
) end;
create macro seen_until(load_at) as load_at - interval {LOAD_HOUR} hour;
-- The upper half of the hash as a number; DuckDB takes longer for md5_number_lower, which is the same.
create macro chance(what, key) as
    (md5_number(what || '/{settings.seed}/' || key) >> 64)::double / 18446744073709551616.0;
create macro money(cents) as (cents // 100)::varchar || '.' || lpad((cents % 100)::varchar, 2, '0');
create macro money_set(cents, currency, seen_cents, seen_currency) as
    '{{"shop_money":{{"amount":"' || money(cents) || '","currency_code":"' || currency
    || '"}},"presentment_money":{{"amount":"' || money(seen_cents) || '","currency_code":"' || seen_currency || '"}}}}';
-- timezone('UTC', instant) goes through the calendar, ten times as slowly.
create macro utc(instant) as make_timestamptz(epoch_us(instant));
-- A zone by name costs a fifth of a zone by column.
create macro local_at(instant, zone) as case zone {clocks} end;
create macro with_offset(instant, zone) as
    strftime(local_at(instant, zone), '%Y-%m-%dT%H:%M:%S')
    || case when local_at(instant, zone) < instant then '-' else '+' end
    || lpad(abs(date_diff('minute', instant, local_at(instant, zone)) // 60)::varchar, 2, '0')
    || ':' || lpad(abs(date_diff('minute', instant, local_at(instant, zone)) % 60)::varchar, 2, '0');
create macro tracking_number(carrier, order_key, number) as
    case carrier when 'UPS' then '1Z999AA1' when 'USPS' then '9400' when 'FedEx' then '6129' else 'JD01' end
    || lpad((order_key * 4 + number)::varchar, 12, '0');
-- lpad would cut off the last digits of a number that is wider.
create macro sale_number(order_key, store_id) as
    printf('%08d', case when store_id in ('NYC-1', 'CHI-1') then order_key else xor(order_key, 4096) end);
create macro order_name(order_key, person_id, shop_id) as
    '#' || (1000 + (case when shop_id = 1 then person_id // 48 * 4 + person_id % 4
        else person_id - person_id // 48 * 4 - greatest(0, least(4, person_id % 48 - 28)) end) * 4096
        + order_key % 4096)::varchar;
create macro slip(word) as word[1] || word[3] || word[2] || word[4:];
create macro quoted(words) as coalesce(to_json(words)::varchar, 'null');
"""


# The columns that a loader adds, by its name. `_hash` is a random number of the delivered row.
METADATA = {
    "airbyte": """
        cast(cast(_hash as uuid) as varchar) as _airbyte_raw_id,
        utc(_load_at) as _airbyte_extracted_at,
        '{"sync_id":' || (epoch(_load_at)::bigint // 86400 - 19000)::varchar || ',"changes":' || _changes || '}'
            as _airbyte_meta,
        1::bigint as _airbyte_generation_id
    """,
    "fivetran": "_load_at as _fivetran_synced",
    "ours": "_load_at as _loaded_at",
    "segment": "utc(_load_at) as received_at",
}


REASON = "SOURCE_SERIALIZATION_ERROR"


@dataclass(frozen=True)
class Spoil:
    """One way in which a row becomes unreadable: a column's value as SQL over the row."""

    column: str
    value: str = "null"


class Delivery:
    """Writes one system's tables for one block of people."""

    def __init__(self, settings: Settings, life: Life, system: str, folder: Path, part: str, is_first: bool):
        self.settings, self.life, self.con, self.system = settings, life, life.con, system
        self.folder, self.part, self.is_first = folder, part, is_first
        self.rows: dict[str, int] = {}

    def deliver(
        self,
        table: str,
        query: str,
        key: Iterable[str],
        changed_at: str | None = None,
        loader: str = "airbyte",
        spoils: Iterable[Spoil] = (),
        can_lose: bool = False,
        can_repeat: bool = True,
        quarantined: str = "false",
        trap: str = "null",
    ) -> None:
        """
        `query` has the raw columns and `_load_at`. Other columns whose names begin with an underscore are not written:
        `_is_tombstone` (this row says that its record is deleted), `_changes` (JSON: the fields that the loader
        nulled). `key` names the columns of a record, `changed_at` the column that tells its versions apart. `spoils`
        are ways to corrupt rows; with `can_lose` half of the corrupt records have no readable row at all. `can_repeat`
        is false for loaders that merge. `quarantined` is a condition for rows that no reader can use although they
        arrived as meant, `trap` names (as SQL) the trap of a row that is odd by design.
        """
        settings, con = self.settings, self.con
        record = "concat_ws(':', " + ", ".join(f"{column}::varchar" for column in key) + ")"
        con.execute(
            f"create temp table rows as select *, {record} as _record from ({query})"
            f" where _load_at <= timestamp '{_sql_time(settings.last_load)}'"
        )
        columns = [name for (name,) in con.execute("select column_name from (describe rows)").fetchall()]
        raw = [name for name in columns if not name.startswith("_") or name.startswith("_fivetran")]
        tombstone = "_is_tombstone" if "_is_tombstone" in columns else "false"
        label = f"{self.system}.{table}"
        spoils = list(spoils)
        ways = max(len(spoils), 1)
        corrupt = settings.trap("corrupt") if spoils else 0.0
        lost = f"chance('lost/{label}', _record) < {corrupt / 2}" if can_lose else "false"
        own = corrupt / 2 if can_lose else corrupt
        place = (
            f"row_number() over (partition by _record, _load_at order by {changed_at}, rowid)" if changed_at else "1"
        )
        version = "concat(_record, '/', _load_at, '/', _row_in_load)"
        con.execute(
            f"""
            create temp table deliveries as
            with numbered as (
                select rowid as _row, _record, _load_at, {changed_at or "null::timestamp"} as _changed_at,
                    {tombstone} as _is_tombstone,
                    ({quarantined}) as _is_refused, ({trap})::varchar as _trap,
                    {place} as _row_in_load
                from rows
            ),
            drawn as (
                select *, {version} as _version, {lost} and not _is_tombstone as _is_lost,
                    chance('duplicate/{label}', {version}) < {settings.trap("duplicate") * can_repeat} as _comes_twice,
                    chance('corrupt/{label}', {version}) < {own * can_repeat} and not _is_tombstone as _comes_corrupt
                from numbered
            ),
            delivered as (
                select *, 0 as _copy, _is_lost as _is_corrupt from drawn
                union all
                select * replace (_load_at + interval 1 day as _load_at), 1 as _copy, _is_lost as _is_corrupt
                from drawn
                where _comes_twice and _load_at + interval 1 day <= timestamp '{_sql_time(settings.last_load)}'
                union all
                select *, 2 as _copy, true as _is_corrupt from drawn where _comes_corrupt and not _is_lost
            ),
            removed as (select _record from delivered where _is_tombstone group by _record),
            -- Most records come once; only the others need sorting. A collision only sorts one more.
            several as (select hash(_record) as _hash from delivered group by _hash having count(*) > 1),
            superseded as (
                select _row, _copy from delivered semi join several on hash(_record) = _hash
                qualify row_number() over (
                    partition by _record, _is_corrupt or _is_refused, _is_tombstone
                    order by _changed_at desc nulls last, _load_at desc, _copy
                ) > 1
            )
            select delivered.*,
                case when _is_corrupt then (chance('way/{label}', delivered._record) * {ways})::int % {ways} end
                    as _way,
                case
                    when _is_corrupt or _is_refused then 'quarantined'
                    when _is_tombstone or removed._record is not null then 'tombstone'
                    when superseded._row is not null then 'duplicate'
                    else 'staged'
                end as _fate
            from delivered
            left join removed on delivered._record = removed._record
            left join superseded on delivered._row = superseded._row and delivered._copy = superseded._copy
            """
        )
        values = []
        for column in raw:
            mine = [(way, each) for way, each in enumerate(spoils) if each.column == column]
            cases = " ".join(f"when _is_corrupt and _way = {way} then {each.value}" for way, each in mine)
            values.append(f'case {cases} else "{column}" end as "{column}"' if mine else f'"{column}"')
        nulled = {way: each.column for way, each in enumerate(spoils) if each.value == "null"}
        own_changes = "_changes" in columns
        changes = "_changes" if own_changes else "'[]'"
        if nulled:
            cases = " ".join(
                f"""when _way = {way} then '[{{"field":"{column}","change":"NULLED","reason":"{REASON}"}}]'"""
                for way, column in nulled.items()
            )
            changes = f"case when not _is_corrupt then {changes} {cases} else '[]' end"
        path = self.folder / f"{table}.parquet" if not self.part else self.folder / table / f"{self.part}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        (self.rows[table],) = con.execute(
            f"""
            copy (
                select {", ".join(values)}, {METADATA[loader]}
                from (
                    select *{" exclude (_changes)" if own_changes else ""}, {changes} as _changes,
                        md5('{label}/{settings.seed}/' || _version || '/' || _copy) as _hash
                    from (
                        select rows.* exclude (_load_at), deliveries._load_at, _version, _copy, _is_corrupt, _way
                        from rows join deliveries on rows.rowid = _row
                        order by deliveries._load_at, _row, _copy
                    )
                )
            ) to '{path}' (format parquet, compression zstd, compression_level 1, row_group_size 60000)
            """
        ).fetchone()
        con.execute(
            f"""
            create temp table if not exists raw_rows (
                system varchar, table_name varchar, record_key varchar, loaded_at timestamp, fate varchar, trap varchar
            );
            create temp table if not exists raw_counts (system varchar, table_name varchar, fate varchar, rows bigint);
            insert into raw_rows
            select '{self.system}', '{table}', _record, _load_at, _fate,
                case
                    when _is_corrupt then 'corrupt'
                    when _is_tombstone then coalesce(_trap, 'tombstone')
                    when _fate = 'tombstone' then 'tombstone'
                    when _copy = 1 then 'duplicate'
                    else _trap
                end
            from deliveries
            where _fate <> 'staged' or _is_corrupt or _trap is not null or _copy = 1;
            insert into raw_counts
            select '{self.system}', '{table}', _fate, count(*) from deliveries group by _fate order by _fate;
            create table part.{self.system}__{table} as
            select _record as record_key, bool_or(_fate = 'staged') as is_staged,
                max(_load_at) filter (where _fate = 'staged') as staged_load_at
            from deliveries group by _record;
            """
        )
        con.execute("drop table rows; drop table deliveries")

    def record(self, record_type: str, query: str, landed: str | None = None) -> None:
        """
        Tell the truth about records that may name a person: (id, person_id, is_identifiable). Those without a readable
        row in the raw table `landed` are left out; without one, the query must know which have any.
        """
        readable = f"semi join (from part.{self.system}__{landed} where is_staged) as landed on landed.record_key = id"
        self.con.execute(
            f"""
            insert into told.records
            select '{self.system}', '{record_type}', id, person_id, is_identifiable
            from (select records.id::varchar as id, records.person_id, records.is_identifiable
                from ({query}) as records (id, person_id, is_identifiable)) as records
            {readable if landed else ""}
            """
        )

    def tell(self, name: str, query: str) -> None:
        """Keep a table of the truth about what a system was given, or add to it; it becomes truth/<name>.parquet."""
        self.con.execute(
            f"create table if not exists told.{name} as from ({query}) limit 0; insert into told.{name} by name {query}"
        )


def _sql_time(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M:%S")
