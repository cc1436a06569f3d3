{#
    Moves of members whose lots expire in the order in which they became usable, and from whom nothing but the oldest points
    ever goes. All points of a member are one line, lot after lot in burn order; whatever goes, goes from its front. At a draw
    the front moves on by its points, and when lot k expires it jumps to the end of k, if it is not there yet:
    front = drawn so far + max(0, max over lots k expired so far of (points through k - drawn before k expired)), one running
    maximum and no recursion. A draw takes from the lots that its stretch of the line lies in.

    `lots` has member_no, lot_no, active_at, expires_at, points, points_through; `draws` has member_no, event_no (rising with
    time), happened_at, points. Nothing here holds for a member of whom some draw reaches beyond what was usable.
#}
{% macro fronts(lots, draws) -%}
    {%- set in_time = 'partition by member_no order by happened_at, is_draw, position rows between unbounded preceding and' -%}
    select
        *,
        greatest(coalesce(max(reached) over ({{ in_time }} 1 preceding), 0), 0) + drawn
        - case when is_draw = 1 then points else 0 end as front_before,
        greatest(coalesce(max(reached) over ({{ in_time }} current row), 0), 0) + drawn as front
    from (
        select
            *,
            case when is_draw = 0 then points_through - drawn end as reached
        from (
            select
                *,
                cast(sum(case when is_draw = 1 then points else 0 end) over ({{ in_time }} current row) as bigint) as drawn
            from (
                select
                    member_no,
                    0 as is_draw,
                    lot_no as position,
                    expires_at as happened_at,
                    points,
                    points_through
                from {{ lots }}
                where expires_at is not null
                union all
                select
                    member_no,
                    1 as is_draw,
                    event_no as position,
                    happened_at,
                    points,
                    cast(null as bigint) as points_through
                from {{ draws }}
            ) as happenings
        ) as summed
    ) as measured
{%- endmacro %}


{# What a move is: by date if no event made it, below 0 if it paid debt, else what was booked. #}
{% macro move_kind(event_no, entry_type) -%}
    case
        when {{ event_no }} is null then 'expire'
        when {{ event_no }} < 0 then 'repay'
        when {{ entry_type }} in ('spend', 'spend_reversal', 'clawback', 'expire') then {{ entry_type }}
        else 'adjust'
    end
{%- endmacro %}
