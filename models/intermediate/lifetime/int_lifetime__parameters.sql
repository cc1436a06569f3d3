-- Every fit with the digits that marts show, so that whoever reads them can score as the warehouse does.
select
    fit_window,
    model,
    segment_type,
    segment,
    {%- for name in ['r', 'alpha', 'a', 'b', 'p', 'q', 'v', 'beta', 'log_likelihood'] %}
    {{ significant(name) }} as {{ name }},
    {%- endfor %}
    customer_count,
    fitted_on,
    is_reliable,
    note
from {{ fitted_parameters() }}
