{#
    What the rows of a seed must agree in: each list of columns is a key (keys), a column names rows of other seeds
    (references: {column: [ref('seed'), column there]}), a condition is true for every row (rules: {sentence: condition};
    null is not true), and rows that code knows by name are there (required: {column: [names]}). The result has one row per broken rule: the sentence, and which rows break it. macro report_run
    says them at the end of the run. No sentence has an apostrophe.
#}
{% test settings_hold(model, keys, rules={}, references={}, required={}) %}
{%- set name = "concat_ws(' ', " ~ keys[0] | join(', ') ~ ')' %}
with broken as (
    {%- for columns in keys %}
    {{ 'union all' if not loop.first }}
    select distinct
        'No two rows have the same {{ columns | join(", ") }}, and none is blank' as sentence,
        row_name
    from (
        select
            coalesce({{ name }}, '') as row_name,
            count(*) over (partition by {{ columns | join(', ') }}) as row_count,
            {{ columns | join(' is null or ') }} is null as has_blank
        from {{ model }}
    ) as keyed
    where row_count > 1 or has_blank
    {%- endfor %}
    {%- for column, (referred, referred_column) in references.items() %}
    union all
    select
        'Every {{ column }} is one of seeds/{{ referred.identifier }}.csv' as sentence,
        coalesce({{ name }}, '') as row_name
    from {{ model }}
    where {{ column }} is not null and {{ column }} not in (select {{ referred_column }} from {{ referred }})
    {%- endfor %}
    {%- for column, names in required.items() %}
    {%- for name in names %}
    union all
    select
        'A row is missing, without which its rule is not kept: put it back' as sentence,
        '{{ name }}' as row_name
    from (select 1 as one) as row_wanted
    where '{{ name }}' not in (select {{ column }} from {{ model }} where {{ column }} is not null)
    {%- endfor %}
    {%- endfor %}
    {%- for sentence, condition in rules.items() %}
    union all
    select
        '{{ sentence }}' as sentence,
        coalesce({{ name }}, '') as row_name
    from {{ model }}
    where not coalesce({{ condition }}, false)
    {%- endfor %}
)

select
    sentence,
    {{ join_texts('row_name', ', ', 'row_name') }} as broken_by
from broken
group by sentence
{% endtest %}
