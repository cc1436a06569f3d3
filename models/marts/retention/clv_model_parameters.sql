-- Grain: model and segment. Times are in weeks, amounts in the reporting currency, alpha and beta of the shifted
-- beta-geometric in months. A fit that is not reliable has no
-- parameters; note says why.
select
    model,
    segment_type,
    segment,
    r,
    alpha,
    a,
    b,
    p,
    q,
    v,
    beta,
    log_likelihood,
    cast(customer_count as bigint) as customer_count,
    fitted_on,
    is_reliable,
    note
from {{ ref('int_lifetime__parameters') }}
where fit_window = 'to_date'
