-- One line of those returns.
with

lines as (
    {{ union_subject('return_lines', ['aftership']) | indent(4) }}
)

select lines.*
from lines
semi join {{ ref('int_returns__unioned') }} as returns on lines.return_id = returns.return_id
