{#
    CTEs that end in graces: points that came back to a lot after it had expired live until another instant, by the grace of
    the rule in force then; what comes back before that one lives no longer than that. member_no, lot_no, returned_at,
    expires_at; no row where there is no grace. `lots` and `moves` are CTEs with the columns of int_loyalty__lots and int_loyalty__moves.
#}
{% macro graces(lots, moves) -%}
{%- set held, now = '(' ~ last_element('state') ~ ')', '(' ~ first_element('event') ~ ')' -%}
late_returns as (
    select
        lots.member_no,
        lots.lot_no,
        lots.expires_at,
        moves.moved_at as returned_at,
        max(events.usable_until) as usable_until
    from {{ moves }} as moves
    inner join {{ lots }} as lots
        on moves.member_no = lots.member_no and moves.lot_no = lots.lot_no and moves.moved_at > lots.expires_at
    inner join {{ ref('int_loyalty__events') }} as events
        on moves.member_no = events.member_no and moves.booking_id = events.booking_id
    where moves.kind = 'spend_reversal'
    group by lots.member_no, lots.lot_no, lots.expires_at, moves.moved_at
),

returns_of_lots as (
    select
        member_no,
        lot_no,
        expires_at,
        {{ ordered_list(make_struct({'returned_at': 'returned_at', 'expires_at': 'usable_until'})) }} as returns
    from late_returns
    group by member_no, lot_no, expires_at
),

-- The state is the list of lives so far, which begins with the first.
lives_of_lots as (
    select
        member_no,
        lot_no,
        {{ fold(
            map_list('returns', 'one', list_of('one')),
            list_of(make_struct({'returned_at': 'cast(null as timestamp)', 'expires_at': 'expires_at'})),
            'case when ' ~ held ~ '.expires_at < ' ~ now ~ '.returned_at then '
                ~ join_lists('state', list_of(make_struct({
                    'returned_at': now ~ '.returned_at', 'expires_at': now ~ '.expires_at',
                }))) ~ ' else state end'
        ) }} as lives
    from returns_of_lots
),

unfolded_lives as (
    select
        member_no,
        lot_no,
        {{ explode('lives') }} as life
    from lives_of_lots
),

graces as (
    select
        member_no,
        lot_no,
        life.returned_at,
        life.expires_at
    from unfolded_lives
    where life.expires_at > life.returned_at
)
{%- endmacro %}
