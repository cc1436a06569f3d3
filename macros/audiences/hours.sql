{# Hours of the day in columns <prefix>0 to <prefix>23; midnight lies between 23 and 0. #}

{# What the columns hold of an hour and of so many hours before and after it. #}
{% macro around_hour(prefix, hour, reach) -%}
    {%- for step in range(-reach, reach + 1) -%}
        {{ prefix }}{{ (hour + step) % 24 }}{{ ' + ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{# The hour whose column holds most, the earliest of several; null where no column holds anything. #}
{% macro best_hour(prefix) -%}
    {%- set columns = [] -%}
    {%- for hour in range(24) -%} {%- do columns.append(prefix ~ hour) -%} {%- endfor -%}
    case nullif(greatest({{ columns | join(', ') }}), 0)
            {%- for hour in range(24) %}
            when {{ prefix }}{{ hour }} then {{ hour }}
            {%- endfor %}
        end
{%- endmacro %}
