{# All instants are UTC timestamps without a zone (DuckDB TIMESTAMP; Spark TIMESTAMP in a session whose zone is UTC). #}

{#
    An instant in any form a loader lands it (with zone, text with offset, already UTC) as UTC; null if it cannot be read.
    Text must be written as ISO 8601: engines differ in what else they take, down to "10:00", which one reads as today.
#}
{% macro to_utc(column) -%}
    {{ return(adapter.dispatch('to_utc', 'perennial')(column)) }}
{%- endmacro %}

{% macro default__to_utc(column) -%}
    case when {{ perennial.is_time(column) }} then try_cast({{ column }} as timestamp) end
{%- endmacro %}

{% macro duckdb__to_utc(column) -%}
    case when {{ perennial.is_time(column) }} then timezone('UTC', try_cast({{ column }} as timestamp with time zone)) end
{%- endmacro %}


{# A wall-clock time as the clock showed it; an offset behind it is not looked at. #}
{% macro to_local_time(column) -%}
    {{ return(adapter.dispatch('to_local_time', 'perennial')(column)) }}
{%- endmacro %}

{% macro default__to_local_time(column) -%}
    case when {{ perennial.is_time(column) }} then cast(try_cast({{ column }} as timestamp_ntz) as timestamp) end
{%- endmacro %}

{% macro duckdb__to_local_time(column) -%}
    case when {{ perennial.is_time(column) }} then try_cast({{ column }} as timestamp) end
{%- endmacro %}

{# Engines work typeof out before they run, so a column that landed as a time costs nothing. #}
{% macro is_time(column) -%}
    {%- set offset = '( ?(Z|z|UTC)|[+-][0-9]{2}(:?[0-9]{2})?)?' -%}
    {%- set clock = '([01]?[0-9]|2[0-3]):[0-9]{1,2}(:[0-9]{1,2}([.][0-9]*)?)?' -%}
    lower(typeof({{ column }})) not in ('string', 'varchar')
    or {{ matches('cast(' ~ column ~ ' as string)', '^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([T ]' ~ clock ~ offset ~ ')?$') }}
{%- endmacro %}


{# Whether a time was written without saying its zone: a text without an offset, or a type that has none. #}
{% macro is_wall_clock(column) -%}
    {{ return(adapter.dispatch('is_wall_clock', 'perennial')(column)) }}
{%- endmacro %}

{% macro default__is_wall_clock(column) -%}
    (lower(typeof({{ column }})) in ('timestamp_ntz', 'date') or {{ perennial.has_no_offset(column) }})
{%- endmacro %}

{% macro duckdb__is_wall_clock(column) -%}
    (starts_with(typeof({{ column }}), 'TIMESTAMP') and typeof({{ column }}) not like '%ZONE'
        or typeof({{ column }}) = 'DATE' or {{ perennial.has_no_offset(column) }})
{%- endmacro %}

{% macro has_no_offset(column) -%}
    (lower(typeof({{ column }})) in ('string', 'varchar')
        and not {{ matches('cast(' ~ column ~ ' as string)', ':[0-9.]+ ?(Z|z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)$') }})
{%- endmacro %}


{# Wall-clock time in a zone as UTC. A time that occurs twice is read as the earlier one. #}
{% macro local_to_utc(local_time, zone) -%}
    {{ return(adapter.dispatch('local_to_utc', 'perennial')(local_time, zone)) }}
{%- endmacro %}

{% macro default__local_to_utc(local_time, zone) -%}
    to_utc_timestamp({{ local_time }}, {{ zone }})
{%- endmacro %}

{#
    DuckDB takes the later of the two, hence the look with the offset of the day before. Where that is the same there is nothing
    to look at: a conversion to a zone costs more than all the rest.
#}
{% macro duckdb__local_to_utc(local_time, zone) -%}
    {%- set later = "timezone('UTC', timezone(" ~ zone ~ ', ' ~ local_time ~ '))' -%}
    {%- set day_before = later ~ ' - interval 1 day' -%}
    {%- set offset_before = '(' ~ perennial.duckdb__utc_to_local(day_before, zone) ~ ' - (' ~ day_before ~ '))' -%}
    {%- set earlier = local_time ~ ' - ' ~ offset_before -%}
    case
        when {{ offset_before }} = {{ local_time }} - {{ later }} then {{ later }}
        when {{ perennial.duckdb__utc_to_local(earlier, zone) }} = {{ local_time }} then {{ earlier }}
        else {{ later }}
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


{# Whole seconds from one instant to another. #}
{% macro seconds_between(start_at, end_at) -%}
    {{ return(adapter.dispatch('seconds_between', 'perennial')(start_at, end_at)) }}
{%- endmacro %}

{% macro default__seconds_between(start_at, end_at) -%}
    (unix_timestamp({{ end_at }}) - unix_timestamp({{ start_at }}))
{%- endmacro %}

{% macro duckdb__seconds_between(start_at, end_at) -%}
    date_diff('second', {{ start_at }}, {{ end_at }})
{%- endmacro %}


{# An instant so many seconds later. #}
{% macro seconds_later(instant, seconds) -%}
    {{ return(adapter.dispatch('seconds_later', 'perennial')(instant, seconds)) }}
{%- endmacro %}

{% macro default__seconds_later(instant, seconds) -%} timestampadd(second, cast({{ seconds }} as int), {{ instant }}) {%- endmacro %}

{% macro duckdb__seconds_later(instant, seconds) -%} ({{ instant }} + to_seconds(cast({{ seconds }} as bigint))) {%- endmacro %}


{# An instant so many hours later; clocks that change do not matter. #}
{% macro hours_later(instant, hours) -%} {{ perennial.seconds_later(instant, '3600 * (' ~ hours ~ ')') }} {%- endmacro %}


{# The same for days of 24 hours. #}
{% macro days_later(instant, days) -%} {{ perennial.hours_later(instant, '24 * (' ~ days ~ ')') }} {%- endmacro %}
