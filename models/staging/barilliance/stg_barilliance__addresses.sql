select
    raw_table,
    email,
    first_window_ends_on,
    first_loaded_at
from {{ ref('base_barilliance__addresses') }}
where row_status = 'staged'
