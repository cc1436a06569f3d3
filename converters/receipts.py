"""
Anybody's list of receipts: a CSV file (UTF-8, with a header; comma, semicolon, tab or | between the columns) with one
row per receipt or per line of a receipt.

Values are never dropped or repaired. Where a date or a number cannot be read, its whole column is written as text,
that value as it came, because a Parquet column has one type: the warehouse then puts that row, with its reason, into
quarantine, and reads the others as usual.
"""

import csv
import re
from pathlib import Path

import duckdb

from converters import contract

# Which columns are looked for, under which names; case, blanks and punctuation do not matter. Best name first.
NAMES = {
    "date": (
        "date sold_at ordered_at order_date invoice_date purchase_date transaction_date receipt_date created_at "
        "datetime timestamp"
    ),
    "amount": "amount total revenue total_amount total_price line_total sales",
    "customer": "email customer_email customer customer_id loyalty_id client client_id member_id",
    "receipt": (
        "receipt receipt_id receipt_no receipt_number order order_id order_no order_number sale_id "
        "invoice invoice_id invoice_no invoice_number transaction_id"
    ),
    "quantity": "quantity qty units",
    "unit_price": "unit_price price",
    "sku": "sku product_id product_code item_id stock_code",
    "description": "description product product_name item item_name",
    "discount": "discount discount_amount",
    "store": "store store_id shop shop_id",
    "register": "register register_id",
    "phone": "phone customer_phone phone_number",
    "currency": "currency currency_code",
    "country": "country_code",
    "original": "original_sale_id original_order_id original_receipt original_invoice",
}

# Columns that the lines of a receipt share take the first value there is.
SALES = """
    select
        sale_id,
        store as store_id,
        arg_min(register, row) as register_id,
        coalesce(min(try_cast(date as timestamp))::varchar, arg_min(date, row)) as sold_at,
        {timezone} as store_timezone,
        arg_min(list_filter(customers, lambda value: contains(value, '@'))[1], row) as customer_email,
        arg_min(phone, row) as customer_phone,
        arg_min(list_filter(customers, lambda value: not contains(value, '@'))[1], row) as loyalty_id,
        coalesce(arg_min(currency, row), {currency}) as currency,
        arg_min(country, row) as country_code,
        arg_min(original, row) as original_sale_id
    from receipt_rows
    group by sale_id, store, if(sale_id is null, row, null)
"""
LINES = """
    select
        sale_id,
        store as store_id,
        row_number() over (partition by sale_id, store order by row) as line_no,
        sku,
        {description} as description,
        {quantity} as quantity,
        {unit_price} as unit_price,
        {discount} as discount
    from receipt_rows
"""
ITEMISED = {
    "description": "description",
    "quantity": "quantity",
    "unit_price": "unit_price",
    "discount": "discount",
}
AMOUNTS = {
    "description": "nullif(concat_ws(' ', description, '(units: ' || quantity || ')'), '')",
    "quantity": "if(try_cast(amount as decimal(38, 18)) < 0, -1, 1)",
    "unit_price": "if(try_cast(amount as decimal(38, 18)) < 0, ltrim(amount, '-'), amount)",
    "discount": "null",
}


def convert(
    path: Path,
    out: Path,
    columns: dict[str, str] | None = None,
    timezone: str | None = None,
    currency: str | None = None,
    date_format: str | None = None,
) -> contract.Written:
    """
    Write the CSV file `path` as sales below `out`.

    columns: the file's column for a key of NAMES, where its name is none of those: {'date': 'Kaufdatum'}.
    timezone: IANA name of the zone that the store's clock shows. Dates with a UTC offset are converted to it.
    currency: ISO 4217 code, for rows that do not have one of their own.
    date_format: how dates are written, if not year first: '%d/%m/%Y', with the codes of strptime.

    - A file with a quantity and a unit price, and no amount asked for, has lines: they are taken as they are.
      Otherwise each row is an amount paid: quantity 1 at that price, or -1, which makes a return, if it is negative;
      a quantity beside it goes into the description.
    - Without a receipt column each row is a sale of its own, named after the file and the row's number. Rows with an
      empty receipt are sales of their own without an id.
    - A receipt of several rows is at their earliest readable date. Receipt numbers are per store if there are stores.
    - A customer with an @ is an email address, any other a loyalty id. Several customer columns may fill both.
    - Rows that are blank throughout are skipped.

    Raises ConversionError if the file is missing or not such a CSV, if a column is missing (with the names that are
    there), if the zone does not exist or if dates have offsets and no zone is given.
    """
    path = Path(path)
    header, delimiter = _header(path)
    found = _find(path, header, columns or {})
    itemised = "amount" not in (columns or {}) and {"quantity", "unit_price"} <= found.keys()
    if not itemised and "unit_price" in found:
        found.setdefault("amount", found["unit_price"])
    for role in ["date"] if itemised else ["date", "amount"]:
        if role not in found:
            raise contract.ConversionError(
                f"{path} has no column that looks like the {role}: "
                f"name it with --{role}-column (its columns are {', '.join(header)})."
            )

    def first(role: str) -> str:
        return found[role][0] if role in found else "null::varchar"

    receipt = first("receipt") if "receipt" in found else f"{contract.literal(path.stem)} || '-' || row"
    date = first("date")
    parsed = f"try_strptime({date}, {contract.literal(date_format)})::varchar" if date_format else "null"
    cells = [f"c{n}" for n in range(len(header))]
    # What is cleaned here is only the blanks around a value, so that equal receipts are equal.
    rows = f"""
        create temp table receipt_rows as
        select
            row,
            {receipt} as sale_id,
            coalesce({parsed}, {date}) as date,
            [{", ".join(found.get("customer", ["null::varchar"]))}] as customers,
            {", ".join(f"{first(role)} as {role}" for role in NAMES if role not in ("date", "customer", "receipt"))}
        from (
            select row_number() over () as row, {", ".join(f"nullif(trim({cell}), '') as {cell}" for cell in cells)}
            from read_csv(
                {contract.file(path)}, columns = {dict.fromkeys(cells, "varchar")},
                auto_detect = false, header = true, delim = {contract.literal(delimiter)}, quote = '"', escape = '"',
                null_padding = true, parallel = false
            )
        )
        where coalesce({", ".join(cells)}) is not null
    """
    with contract.connect() as connection:
        try:
            connection.execute(rows)
        except duckdb.Error as error:
            raise contract.ConversionError(_csv_sentence(path, str(error))) from error
        _localise(connection, path, timezone)
        return contract.write(
            connection,
            out,
            SALES.format(
                timezone=contract.literal(timezone) if timezone else "null",
                currency=contract.literal(currency) if currency else "null",
            ),
            LINES.format(**(ITEMISED if itemised else AMOUNTS)),
        )


def _header(path: Path) -> tuple[list[str], str]:
    """The names of the columns, and the sign between them: the one that splits the first line most."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            first_line = lines.readline()
            delimiter = max(",;\t|", key=first_line.count)
            lines.seek(0)
            header = next(csv.reader(lines, delimiter=delimiter), [])
    except FileNotFoundError:
        raise contract.ConversionError(f"There is no file {path}: check its name.") from None
    except UnicodeDecodeError:
        raise contract.ConversionError(f"{path} is not UTF-8 text: save it as CSV UTF-8.") from None
    except (OSError, csv.Error) as error:
        raise contract.ConversionError(f"{path} cannot be read as CSV ({error}): check the file.") from None
    if not any(name.strip() for name in header):
        raise contract.ConversionError(f"{path} has no header: its first row must name the columns.")
    return [name.strip() for name in header], delimiter


def _find(path: Path, header: list[str], chosen: dict[str, str]) -> dict[str, list[str]]:
    """For each key of NAMES that the file has: its columns in read_csv, c0, c1 ..., best first."""

    def plain(name: str) -> str:
        return re.sub(r"\W|_", "", name.lower())

    found = {}
    for role, names in NAMES.items():
        if role in chosen:
            if chosen[role] not in header:
                raise contract.ConversionError(
                    f"{path} has no column {chosen[role]!r} for --{role.replace('_', '-')}-column: "
                    f"name one of its columns, which are {', '.join(header)}."
                )
            found[role] = [f"c{header.index(chosen[role])}"]
        else:
            found[role] = [
                f"c{n}" for name in names.split() for n, seen in enumerate(header) if plain(seen) == plain(name)
            ]
    return {role: places for role, places in found.items() if places}


def _csv_sentence(path: Path, message: str) -> str:
    line = re.search(r"Line: (\d+)", message)
    reasons = [text for text in message.splitlines()[1:] if text and not text.startswith("Original Line")]
    where = f"line {line[1]}: {reasons[0]}" if line and reasons else message.splitlines()[0]
    return f"{path} cannot be read as CSV ({where.rstrip('.')}): correct it and run again."


def _localise(connection, path: Path, timezone: str | None) -> None:
    """Turn dates with a UTC offset into the wall clock of the zone; without a zone nobody knows that clock."""
    offset = r"regexp_matches(date, ':\d\d(\.\d+)?\s*(Z|UTC|[+-]\d\d(:?\d\d)?)$')"
    instant = "try_cast(date as timestamptz)"
    if timezone is None:
        example = connection.execute(f"select min(date) from receipt_rows where {offset}").fetchone()[0]
        if example:
            raise contract.ConversionError(
                f"{path} has dates with a UTC offset, such as {example}: name the store's zone with --timezone."
            )
    elif not connection.execute("select count(*) from pg_timezone_names() where name = $1", [timezone]).fetchone()[0]:
        raise contract.ConversionError(f"There is no time zone {timezone}: use an IANA name such as Europe/London.")
    else:
        connection.execute(
            f"update receipt_rows set date = ({instant} at time zone {contract.literal(timezone)})::varchar "
            f"where {offset} and {instant} is not null"
        )
