"""
CDNOW: the CD purchases, until mid-1998, of the people who first bought in the first quarter of 1997 (Fader and Hardie).

Each row of the text files is one purchase: a customer, a day, a number of CDs and dollars. All rows are kept, also
those of one customer on one day (2,068 in the master) and those of 0 dollars (80). Read from the package lifetimes.
"""

from pathlib import Path

from converters import contract, packages

# The customer's position in a row. The sample's rows begin with the customer's number in the master; the published
# models number its 2,357 customers by the second column.
CUSTOMER = {"sample": 2, "master": 1}

# Rows that are the same in all columns are separate purchases: the number makes their ids differ.
PURCHASES = """
    create temp table purchases as
    select
        columns[{customer}] as customer,
        columns[{customer} + 1] as day,
        columns[{customer} + 2]::int as units,
        columns[{customer} + 3]::decimal(18, 2) as dollars,
        customer || '-' || day || '-' || row_number() over (partition by customer, day order by units, dollars)
            as sale_id
    from (
        select regexp_split_to_array(trim(line), '\\s+') as columns
        from read_csv(
            {file}, columns = {{'line': 'varchar'}}, auto_detect = false, header = false, delim = '|', quote = ''
        )
    )
    where columns[1] <> 'customer_id'  -- the master's header
"""
SALES = """
    select
        sale_id,
        'CDNOW' as store_id,
        strptime(day, '%Y%m%d') as sold_at,
        customer as loyalty_id,
        'USD' as currency
    from purchases
"""
LINES = """
    select
        sale_id,
        'CDNOW' as store_id,
        1 as line_no,
        'units: ' || units as description,
        1 as quantity,
        dollars as unit_price
    from purchases
"""


def convert(which: str, out: Path, cache: Path = packages.CACHE) -> contract.Written:
    """
    Write the `sample` (6,919 purchases of 2,357 customers) or the `master` (69,659 of 23,570) as sales below `out`.

    Each sale has one line of quantity 1 at the purchase's dollars, because dollars / CDs is rarely a whole number of
    cents; the description has the number of CDs. The hour is not known: sales are at midnight. Nor is the country.

    Raises ConversionError if the package cannot be had.
    """
    path = packages.data_file(packages.LIFETIMES, f"lifetimes/datasets/CDNOW_{which}.txt", cache)
    with contract.connect() as connection:
        connection.execute(PURCHASES.format(customer=CUSTOMER[which], file=contract.file(path)))
        return contract.write(connection, out, SALES, LINES)
