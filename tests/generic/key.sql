{# Columns that are a key together: no two rows agree in all of them, and none is null but those that may be. #}
{% test key(model, column_name=none, columns=none, may_be_null=[]) %}
{%- set columns = columns or [column_name] %}
select
    {{ columns | join(',\n    ') }},
    count(*) as row_count
from {{ model }}
group by {{ columns | join(', ') }}
having
    count(*) > 1
    {%- for column in columns if column not in may_be_null %}
    or {{ column }} is null
    {%- endfor %}
{% endtest %}
