{#
    Columns that name rows of other models: {column: [ref('model'), column there]}. Null passes; a row is a column with
    values that nobody has there.
#}
{% test references_exist(model, columns) %}
{%- for column, (referred, referred_column) in columns.items() %}
{{ 'union all' if not loop.first }}
select
    '{{ column }}' as column_name,
    'is no {{ referred_column }} of {{ referred.identifier }}' as rule,
    count(*) as row_count
from {{ model }} as given
anti join {{ referred }} as referred on given.{{ column }} = referred.{{ referred_column }}
where given.{{ column }} is not null
having count(*) > 0
{%- endfor %}
{% endtest %}
