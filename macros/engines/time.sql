{# All instants are UTC timestamps without a zone (DuckDB TIMESTAMP; Spark TIMESTAMP in a session whose zone is UTC). #}

{# An instant in any form a loader lands it (with zone, text with offset, already UTC) as UTC; null if it cannot be read. #}
{% macro to_utc(column) -%}
    {{ return(adapter.dispatch('to_utc', 'perennial')(column)) }}
{%- endmacro %}

{% macro default__to_utc(column) -%} try_cast({{ column }} as timestamp) {%- endmacro %}

{% macro duckdb__to_utc(column) -%}
    timezone('UTC', try_cast({{ column }} as timestamp with time zone))
{%- endmacro %}


{# Wall-clock time in a zone as UTC. An hour that occurs twice is read as the earlier one. #}
{% macro local_to_utc(local_time, zone) -%}
    {{ return(adapter.dispatch('local_to_utc', 'perennial')(local_time, zone)) }}
{%- endmacro %}

{% macro default__local_to_utc(local_time, zone) -%}
    to_utc_timestamp({{ local_time }}, {{ zone }})
{%- endmacro %}

{# DuckDB takes the later of the two, hence the look one hour back. #}
{% macro duckdb__local_to_utc(local_time, zone) -%}
    case
        when timezone({{ zone }}, timezone({{ zone }}, {{ local_time }}) - interval 1 hour) = {{ local_time }}
            then timezone('UTC', timezone({{ zone }}, {{ local_time }}) - interval 1 hour)
        else timezone('UTC', timezone({{ zone }}, {{ local_time }}))
    end
{%- endmacro %}


{% macro utc_to_local(utc_time, zone) -%}
    {{ return(adapter.dispatch('utc_to_local', 'perennial')(utc_time, zone)) }}
{%- endmacro %}

{% macro default__utc_to_local(utc_time, zone) -%}
    from_utc_timestamp({{ utc_time }}, {{ zone }})
{%- endmacro %}

{% macro duckdb__utc_to_local(utc_time, zone) -%}
    timezone({{ zone }}, timezone('UTC', {{ utc_time }}))
{%- endmacro %}


{% macro days_between(start_date, end_date) -%}
    {{ return(adapter.dispatch('days_between', 'perennial')(start_date, end_date)) }}
{%- endmacro %}

{% macro default__days_between(start_date, end_date) -%}
    datediff({{ end_date }}, {{ start_date }})
{%- endmacro %}

{% macro duckdb__days_between(start_date, end_date) -%}
    date_diff('day', {{ start_date }}, {{ end_date }})
{%- endmacro %}


{% macro add_days(date, days) -%}
    {{ return(adapter.dispatch('add_days', 'perennial')(date, days)) }}
{%- endmacro %}

{% macro default__add_days(date, days) -%}
    date_add({{ date }}, cast({{ days }} as int))
{%- endmacro %}

{% macro duckdb__add_days(date, days) -%}
    ({{ date }} + cast({{ days }} as int))
{%- endmacro %}


{% macro add_months(date, months) -%}
    {{ return(adapter.dispatch('add_months', 'perennial')(date, months)) }}
{%- endmacro %}

{% macro default__add_months(date, months) -%}
    add_months({{ date }}, {{ months }})
{%- endmacro %}

{% macro duckdb__add_months(date, months) -%}
    cast({{ date }} + to_months(cast({{ months }} as int)) as date)
{%- endmacro %}


{% macro month_of(date) -%}
    cast(date_trunc('month', {{ date }}) as date)
{%- endmacro %}


{# Whole calendar months from one month's first day to another's. #}
{% macro months_between(start_month, end_month) -%}
    cast(
        (year({{ end_month }}) - year({{ start_month }})) * 12
        + month({{ end_month }}) - month({{ start_month }}) as int
    )
{%- endmacro %}


{% macro last_day_of_month(date) -%} last_day({{ date }}) {%- endmacro %}
