"""
What the data looks like: raw tables at the door, and the distributions of the marts (Great Expectations).

Keys, accepted values and sums are dbt tests. Here are the questions whose answer is a matter of degree: did as much
arrive as in other weeks, do as many receipts name a customer, is an order worth what it used to be? A suite is one
query and sentences about its columns. Queries return counts and shares, never a person's row, so that the pages may be
shown to anybody.

`raw_pos`, `raw_shopify` and `marts` declare the suites, `suite` says what one is, `run` validates them and writes the
pages: `python -m tests.expectations --out data_docs`.
"""

import os

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")  # before anything imports Great Expectations: it sends nothing
