{# A column holds each of the given values in some row. #}
{% test contains(model, column_name, values) %}
select wanted.name
from (
    {%- for value in values %}
    {{ 'union all' if not loop.first }}
    select '{{ value }}' as name
    {%- endfor %}
) as wanted
left join {{ model }} as given on wanted.name = given.{{ column_name }}
where given.{{ column_name }} is null
{% endtest %}
