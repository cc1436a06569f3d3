"""
Receipts from elsewhere, as the raw contract of the point of sale.

Each module holds one data set and one function, `convert`, which writes `<out>/pos/sales.parquet` and
`<out>/pos/sale_lines.parquet` and returns what it wrote (`contract.Written`). Converting the same input twice gives
the same rows in the same order. On the command line: `python -m converters --help`.
"""
