{#
    BG/NBD and MBG/NBD in SQL; times are days in columns, weeks in parameters. first_exit is 0 for BG/NBD, 1 for MBG/NBD,
    whose customers may leave after the first purchase, too: it is added to b and to the purchases that may be the last.
#}

{% macro first_exit() -%}
    case when model = 'mbg_nbd' then 1 else 0 end
{%- endmacro %}


{# How probable it is that a customer (frequency, recency_days, age_days) still buys, by a fit (r, alpha, a, b, first_exit). #}
{% macro probability_alive(customer, fit) -%}
    {%- set exits = '(' ~ customer ~ '.frequency + ' ~ fit ~ '.first_exit)' -%}
    case
        when {{ exits }} = 0 then cast(1 as double)
        else 1 / (
            1 + {{ fit }}.a / ({{ fit }}.b + {{ exits }} - 1) * exp(
                ({{ fit }}.r + {{ customer }}.frequency)
                * ln((7 * {{ fit }}.alpha + {{ customer }}.age_days) / (7 * {{ fit }}.alpha + {{ customer }}.recency_days))
            )
        )
    end
{%- endmacro %}


{# Gamma-Gamma's mean spend of a purchase day, given the sum of so many repeat days; by a fit (p, q, v). #}
{% macro expected_order_value(repeat_revenue, spend_days, fit) -%}
    {{ fit }}.p * ({{ fit }}.v + cast({{ repeat_revenue }} as double)) / ({{ fit }}.p * {{ spend_days }} + {{ fit }}.q - 1)
{%- endmacro %}


{#
    Purchase days to expect of somebody who still buys: a query with one row a fit, frequency, age and horizon. Its
    arguments are relations without equal rows: fits (fit_id, r, alpha, a, b, first_exit), groups (fit_id, frequency,
    age_days) and horizons (horizon_days). When the last purchase was does not matter here: few rows stand for many people.

    Fader, Hardie and Lee (2005) have, with c = a + b + x - 1 and z = t / (alpha + T + t),
        c / (a - 1) * (1 - (1 - z)^(r + x) * F(r + x, b + x; c; z)),
    and Euler's transformation of F gives the same with a - 1 for r + x and F(a + b - 1 - r, a - 1; c; z). Each converges
    fast where the other does not. The first term of F is 1; a - 1, which can be 0, is taken out of the others.
#}
{% macro expected_orders(fits, groups, horizons) -%}
    {%- set most_terms = 1000 -%}
    {%- set log_precision = -32 -%}
    with

    frequencies as (
        select distinct
            fit_id,
            frequency
        from {{ groups }}
    ),

    shapes as (
        select
            fits.fit_id,
            frequencies.frequency,
            fits.alpha,
            fits.a - 1 as a_less_1,
            fits.a + fits.b + fits.first_exit + frequencies.frequency - 1 as c,
            fits.a > fits.r + frequencies.frequency + 1 as is_plain,
            fits.r + frequencies.frequency as plain_left,
            fits.b + fits.first_exit + frequencies.frequency as plain_right,
            fits.a + fits.b + fits.first_exit - 1 - fits.r as euler_left
        from frequencies
        inner join {{ fits }} as fits on frequencies.fit_id = fits.fit_id
    ),

    series_shapes as (
        select
            *,
            case when is_plain then plain_left else euler_left end as f_left,
            case when is_plain then plain_right else a_less_1 end as f_right,
            case when is_plain then plain_left * plain_right / a_less_1 else euler_left end as first_term,
            case when is_plain then plain_left else a_less_1 end as exponent
        from shapes
    ),

    term_numbers as (
        select {{ explode(integers(1, most_terms)) }} as term
    ),

    factors as (
        select
            series_shapes.fit_id,
            series_shapes.frequency,
            term_numbers.term,
            case
                when term_numbers.term = 1 then series_shapes.first_term
                else
                    (series_shapes.f_left + term_numbers.term - 1) * (series_shapes.f_right + term_numbers.term - 1)
                    / (series_shapes.c + term_numbers.term - 1) / term_numbers.term
            end as factor
        from series_shapes
        cross join term_numbers
    ),

    coefficients as (
        select
            fit_id,
            frequency,
            term,
            sum(ln(greatest(abs(factor), cast(1e-300 as double)))) over (
                partition by fit_id, frequency order by term
            ) as log_size,
            case
                when
                    sum(case when factor < 0 then 1 else 0 end) over (partition by fit_id, frequency order by term) % 2 = 1
                    then -1
                else 1
            end as sign
        from factors
    ),

    largest as (
        select
            fit_id,
            frequency,
            greatest(max(log_size), 0) as log_size
        from coefficients
        group by fit_id, frequency
    ),

    points as (
        select
            groups.fit_id,
            groups.frequency,
            groups.age_days,
            horizons.horizon_days,
            series_shapes.a_less_1,
            series_shapes.c,
            series_shapes.exponent,
            largest.log_size as largest_log_size,
            ln(horizons.horizon_days / (7 * series_shapes.alpha + groups.age_days + horizons.horizon_days)) as log_z,
            ln(1 - horizons.horizon_days / (7 * series_shapes.alpha + groups.age_days + horizons.horizon_days)) as log_rest
        from {{ groups }} as groups
        inner join series_shapes
            on groups.fit_id = series_shapes.fit_id and groups.frequency = series_shapes.frequency
        inner join largest on groups.fit_id = largest.fit_id and groups.frequency = largest.frequency
        cross join {{ horizons }} as horizons
    ),

    series as (
        select
            points.fit_id,
            points.frequency,
            points.age_days,
            points.horizon_days,
            sum(
                coefficients.sign * exp(
                    coefficients.log_size + coefficients.term * points.log_z + points.exponent * points.log_rest
                )
            ) as total
        from points
        inner join coefficients
            on
                points.fit_id = coefficients.fit_id
                and points.frequency = coefficients.frequency
                and coefficients.term < 1 + ({{ log_precision }} - points.largest_log_size) / points.log_z
        where coefficients.log_size > {{ log_precision }}
        group by points.fit_id, points.frequency, points.age_days, points.horizon_days
    )

    select
        points.fit_id,
        points.frequency,
        points.age_days,
        points.horizon_days,
        points.c * case
            when abs(points.a_less_1) < 1e-4 then -points.log_rest * (
                1 + points.a_less_1 * points.log_rest / 2 * (1 + points.a_less_1 * points.log_rest / 3)
            )
            else (1 - exp(points.exponent * points.log_rest)) / points.a_less_1
        end - coalesce(series.total, 0) as expected_if_alive
    from points
    left join series
        on
            points.fit_id = series.fit_id
            and points.frequency = series.frequency
            and points.age_days = series.age_days
            and points.horizon_days = series.horizon_days
{%- endmacro %}
