{#
    What columns hold: a value always (not_null), one of a list (one_of), a number between bounds that belong to it and
    may be null where it is open (within). Null passes the last two. The model is read once, whatever the number of
    rules; a row is a rule that some of its rows break.
#}
{% test columns_hold(model, not_null=[], one_of={}, within={}) %}
{%- set rules = [] -%}
{%- for column in not_null -%}
    {%- do rules.append({'column': column, 'rule': 'is null', 'broken': column ~ ' is null'}) -%}
{%- endfor -%}
{%- for column, values in one_of.items() -%}
    {%- set listed = "'" ~ values | join("', '") ~ "'" -%}
    {%- do rules.append({
        'column': column,
        'rule': 'is not one of ' ~ values | join(', '),
        'broken': column ~ ' not in (' ~ listed ~ ')',
    }) -%}
{%- endfor -%}
{%- for column, (at_least, at_most) in within.items() -%}
    {%- if at_least is not none -%}
        {%- do rules.append({
            'column': column, 'rule': 'is below ' ~ at_least, 'broken': column ~ ' < ' ~ at_least,
        }) -%}
    {%- endif -%}
    {%- if at_most is not none -%}
        {%- do rules.append({
            'column': column, 'rule': 'is above ' ~ at_most, 'broken': column ~ ' > ' ~ at_most,
        }) -%}
    {%- endif -%}
{%- endfor %}
with counted as (
    select
        {%- for rule in rules %}
        count(case when {{ rule.broken }} then 1 end) as broken_{{ loop.index }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ model }}
),

rules as (
    {%- for rule in rules %}
    {{ 'union all' if not loop.first }}
    select {{ loop.index }} as position, '{{ rule.column }}' as column_name, '{{ rule.rule }}' as rule
    {%- endfor %}
),

{#- One row meets all rules here, since an engine may read the model again for every select from it. #}
broken as (
    select
        rules.column_name,
        rules.rule,
        case rules.position
            {%- for rule in rules %}
            when {{ loop.index }} then counted.broken_{{ loop.index }}
            {%- endfor %}
        end as row_count
    from counted
    cross join rules
)

select
    column_name,
    rule,
    row_count
from broken
where row_count > 0
{% endtest %}
