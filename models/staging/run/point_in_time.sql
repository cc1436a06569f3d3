-- One row: the point in time and the units that the whole run is a function of. Nothing else reads the clock or these
-- vars. as_of: the var, else the last complete day before the newest load, else the day of the newest plausible
-- order.
with

loads as (
    select * from {{ ref('system_loads') }}
),

newest_load as (
    select max(newest_load_at) as newest_load_at
    from loads
),

-- A store that opened after as_of is none of its zones.
zones as (
    select {{ clean_text('store_timezone') }} as time_zone
    from {{ source('pos', 'sales') }}
    where
        {{ loaded_in_time('_loaded_at') }}
        and {{ to_local_time('sold_at') }} is not null
        {%- if var('as_of') %}
        and {{ to_local_time('sold_at') }} < {{ add_days("date '" ~ var('as_of') ~ "'", 1) }}
        {%- endif %}
    group by time_zone
    union all
    select {{ clean_text('iana_timezone') }} as time_zone
    from {{ source('shopify', 'shop') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
    group by time_zone
),

zone as (
    select
        {% if var('reporting_timezone') -%}
        '{{ var("reporting_timezone") }}' as reporting_timezone,
        {% else -%}
        case when count(distinct zones.time_zone) = 1 then max(zones.time_zone) else 'UTC' end as reporting_timezone,
        {% endif -%}
        count(distinct zones.time_zone) as shop_zone_count
    from zones
    inner join {{ ref('time_zones') }} as time_zones on zones.time_zone = time_zones.time_zone
),

-- Orders, not rows, so that a repeated delivery changes nothing.
raw_orders as (
    select
        cast({{ to_local_time('sold_at') }} as date) as ordered_on,
        upper({{ clean_text('currency') }}) as currency_code,
        count(distinct concat_ws('|', store_id, sale_id)) as order_count
    from {{ source('pos', 'sales') }}
    where {{ loaded_in_time('_loaded_at') }}
    group by ordered_on, currency_code
    union all
    select
        cast({{ utc_to_local(
            'coalesce(' ~ to_utc('orders.processed_at') ~ ', ' ~ to_utc('orders.created_at') ~ ')',
            'zone.reporting_timezone'
        ) }} as date) as ordered_on,
        upper({{ clean_text('orders.currency') }}) as currency_code,
        count(distinct orders.id) as order_count
    from {{ source('shopify', shopify_table('orders')) }} as orders
    cross join zone
    where {{ loaded_in_time('orders.' ~ loaded_at_of('shopify')) }}
    group by ordered_on, currency_code
),

order_days as (
    select
        ordered_on,
        sum(order_count) as order_count
    from raw_orders
    where year(ordered_on) <= {{ threshold('latest_plausible_year') }}
    group by ordered_on
),

gaps as (
    select
        ordered_on,
        {{ days_between('lag(ordered_on) over (order by ordered_on)', 'ordered_on') }} as gap_days,
        sum(order_count) over (order by ordered_on desc) as orders_from_here,
        sum(order_count) over () as orders_in_all
    from order_days
),

first_implausible as (
    select min(ordered_on) as implausible_from
    from gaps
    where
        gap_days > {{ threshold('implausible_gap_days') }}
        and orders_from_here * 2 < orders_in_all
),

newest_order as (
    select
        max(first_implausible.implausible_from) as implausible_from,
        max(order_days.ordered_on) as newest_ordered_on
    from first_implausible
    left join order_days
        on order_days.ordered_on < coalesce(first_implausible.implausible_from, date '9999-12-31')
),

chosen as (
    select
        {% if var('as_of') -%}
        date '{{ var("as_of") }}' as as_of,
        'var as_of' as as_of_basis,
        {% else -%}
        coalesce(
            {{ add_days(
                'cast(' ~ utc_to_local('newest_load.newest_load_at', 'zone.reporting_timezone') ~ ' as date)', -1
            ) }},
            newest_order.newest_ordered_on
        ) as as_of,
        case
            when newest_load.newest_load_at is not null then 'last complete day before the newest load'
            else 'day of the newest order'
        end as as_of_basis,
        {% endif -%}
        zone.reporting_timezone,
        zone.shop_zone_count,
        newest_load.newest_load_at,
        newest_order.implausible_from
    from newest_load
    cross join zone
    cross join newest_order
),

currencies as (
    select
        raw_orders.currency_code,
        sum(raw_orders.order_count) as order_count
    from raw_orders
    cross join chosen
    where raw_orders.currency_code is not null and raw_orders.ordered_on <= chosen.as_of
    group by raw_orders.currency_code
),

currency as (
    select max(currency_code) as currency_code
    from (
        select currency_code
        from currencies
        order by order_count desc, currency_code asc
        limit 1
    ) as most_used
)

select
    chosen.as_of,
    chosen.as_of_basis,
    {{ local_to_utc('cast(' ~ add_days('chosen.as_of', 1) ~ ' as timestamp)', 'chosen.reporting_timezone') }} as cut_at,
    chosen.reporting_timezone,
    chosen.shop_zone_count,
    {% if var('reporting_currency') -%}
    '{{ var("reporting_currency") }}' as reporting_currency,
    {% else -%}
    -- XXX is ISO 4217's code for no currency: a shop without orders has none.
    coalesce(currency.currency_code, 'XXX') as reporting_currency,
    {% endif -%}
    chosen.newest_load_at,
    {% if var('as_of') -%}
    -- What as_of has seen is not in its future.
    case
        when chosen.implausible_from is not null then greatest(
            chosen.implausible_from, {{ add_days('chosen.as_of', '1 + ' ~ threshold('future_tolerance_days')) }}
        )
    end as implausible_from
    {%- else -%}
    chosen.implausible_from
    {%- endif %}
from chosen
cross join currency
