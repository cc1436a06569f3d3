{#
    What columns hold, one test for each model: together they are a key (keys: lists of columns, of which none is null;
    where one may be, {columns, may_be_null}), a value always (not_null), one of a list (one_of), a number between
    bounds that belong to it and may be null where it is open (within), a row of another model (references:
    {column: [ref('model'), column there]}); null passes these three. Each of some values is in some row (contains),
    and conditions are true of every row (conditions: {name: condition}; null is not true). A row of the result is a
    rule that is broken, with the number of rows that break it; a condition's is its name, of no column. The model is
    read once, however many such rules there are, and once for each key and each reference.
#}
{% test columns_hold(model, keys=[], not_null=[], one_of={}, within={}, contains={}, conditions={}, references={}) %}
{%- set all_keys = [] -%}
{%- set never_null = [] -%}
{%- for key in keys -%}
    {%- set key = key if key is mapping else {'columns': key} -%}
    {%- do all_keys.append(key.columns) -%}
    {%- do never_null.extend(key.columns | reject('in', key.may_be_null or [])) -%}
{%- endfor -%}
{%- set rules = [] -%}
{%- for column in (never_null + not_null) | unique -%}
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
{%- endfor -%}
{%- for name, condition in conditions.items() -%}
    {%- do rules.append({'column': '', 'rule': name, 'broken': 'not coalesce(' ~ condition ~ ', false)'}) -%}
{%- endfor -%}
{%- for column, values in contains.items() -%}
    {%- for value in values -%}
        {%- do rules.append({
            'column': column, 'rule': 'has no ' ~ value, 'missing': column ~ " = '" ~ value ~ "'",
        }) -%}
    {%- endfor -%}
{%- endfor -%}
{%- if rules %}
with counted as (
    select
        {%- for rule in rules %}
        {% if rule.missing -%}
        case when count(case when {{ rule.missing }} then 1 end) = 0 then 1 else 0 end
        {%- else -%}
        count(case when {{ rule.broken }} then 1 end)
        {%- endif %} as broken_{{ loop.index }}{{ ',' if not loop.last }}
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
{%- endif %}
{%- for columns in all_keys %}
{{ 'union all' if rules or not loop.first }}
select
    '{{ columns | join(", ") }}' as column_name,
    'is no key' as rule,
    sum(row_count) as row_count
from (
    select count(*) as row_count
    from {{ model }}
    group by {{ columns | join(', ') }}
    having count(*) > 1
) as repeated
having count(*) > 0
{%- endfor %}
{%- for column, (referred, referred_column) in references.items() %}
{{ 'union all' if rules or all_keys or not loop.first }}
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
