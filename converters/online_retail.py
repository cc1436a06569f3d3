"""
Online Retail: the invoices of a British gift wholesaler, 2010-12-01 to 2011-12-09 (UCI Machine Learning Repository).

541,909 rows, of which 5,268 repeat another one exactly and are dropped. One sale per invoice number, one line per
remaining row; prices in pounds, times on London's clock. Cancellations (invoice numbers that start with C) and stock
corrections have negative quantities only and so are returns; the data does not say of which sale.
"""

from pathlib import Path

from converters import contract

SOURCE = contract.ROOT / "tests" / "fixtures" / "online_retail.parquet"

# The names of the data and their ISO 3166 codes. There is no code for the Channel Islands as a whole (Jersey is JE,
# Guernsey is GG), and the European Community and Unspecified are no countries: null.
COUNTRIES = {
    "Australia": "AU",
    "Austria": "AT",
    "Bahrain": "BH",
    "Belgium": "BE",
    "Brazil": "BR",
    "Canada": "CA",
    "Channel Islands": None,
    "Cyprus": "CY",
    "Czech Republic": "CZ",
    "Denmark": "DK",
    "EIRE": "IE",
    "European Community": None,
    "Finland": "FI",
    "France": "FR",
    "Germany": "DE",
    "Greece": "GR",
    "Hong Kong": "HK",
    "Iceland": "IS",
    "Israel": "IL",
    "Italy": "IT",
    "Japan": "JP",
    "Lebanon": "LB",
    "Lithuania": "LT",
    "Malta": "MT",
    "Netherlands": "NL",
    "Norway": "NO",
    "Poland": "PL",
    "Portugal": "PT",
    "RSA": "ZA",
    "Saudi Arabia": "SA",
    "Singapore": "SG",
    "Spain": "ES",
    "Sweden": "SE",
    "Switzerland": "CH",
    "USA": "US",
    "United Arab Emirates": "AE",
    "United Kingdom": "GB",
    "Unspecified": None,
}

# 43 invoices have two times a minute apart; each has one country and at most one customer.
SALES = """
    select
        InvoiceNo as sale_id,
        'ONLINE' as store_id,
        min(InvoiceDate)::timestamp as sold_at,
        'Europe/London' as store_timezone,
        max(CustomerID)::bigint::varchar as loyalty_id,
        'GBP' as currency,
        max(code) as country_code
    from invoice_rows left join countries using (Country)
    group by InvoiceNo
"""
LINES = """
    select
        InvoiceNo as sale_id,
        'ONLINE' as store_id,
        row_number() over (
            partition by InvoiceNo order by StockCode, Description, Quantity, UnitPrice, InvoiceDate
        ) as line_no,
        StockCode as sku,
        Description as description,
        Quantity as quantity,
        UnitPrice as unit_price
    from invoice_rows
"""


def convert(out: Path, positive_only: bool = False, source: Path = SOURCE) -> contract.Written:
    """
    Write the invoices in `source` (Parquet, columns as published) as sales below `out`.

    All rows stay: cancellations, stock corrections at price 0, the three bad-debt adjustments (two with a negative
    price) and the quarter of the rows without a customer. With `positive_only`, only the rows that purchase models
    of the literature use: with a customer, a quantity above 0 and a price above 0, which are 392,692 rows.

    Raises ConversionError if `source` does not exist.
    """
    if not Path(source).is_file():
        raise contract.ConversionError(f"{source} is missing: restore it with git checkout.")
    wanted = "CustomerID is not null and Quantity > 0 and UnitPrice > 0" if positive_only else "true"
    with contract.connect() as connection:
        connection.execute(
            "create temp table countries as select unnest($names) as Country, unnest($codes)::varchar as code",
            {"names": list(COUNTRIES), "codes": list(COUNTRIES.values())},
        )
        connection.execute(
            f"""
            create temp table invoice_rows as
            select distinct * from read_parquet({contract.file(source)}) where {wanted}
            """
        )
        return contract.write(connection, out, SALES, LINES)
