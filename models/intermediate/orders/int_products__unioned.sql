-- One variant of any system's catalogue.
{{ union_subject('products', ['pos', 'shopify']) }}
