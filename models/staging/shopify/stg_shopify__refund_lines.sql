-- One piece of a refund: goods taken back, an amount beyond the goods, shipping given back, or, where a refund names
-- neither goods nor adjustments, the money that moved. Amounts as booked,
-- positive when money goes to the customer, tax still inside where the order's prices contain it.
with

refunds as (
    select * from {{ ref('base_shopify__order_refunds') }}
    where row_status = 'staged'
),

goods as (
    select
        shop_url,
        refund_id,
        {{ explode('lines') }} as piece
    from refunds
),

adjustments as (
    select
        shop_url,
        refund_id,
        {{ explode('adjustments') }} as piece
    from refunds
),

numbered_adjustments as (
    select
        shop_url,
        refund_id,
        lower(piece.kind) as kind,
        cast(piece.amount as decimal(18, 4)) as amount,
        coalesce(try_cast(piece.tax_amount as decimal(18, 4)), 0) as tax_amount,
        row_number() over (
            partition by shop_url, refund_id
            order by
                piece.id asc nulls last, piece.kind asc nulls last, piece.amount asc nulls last,
                piece.tax_amount asc nulls last
        ) as position
    from adjustments
)

select
    shop_url,
    refund_id,
    'line-' || cast(piece.id as string) as refund_line_id,
    'goods' as kind,
    cast(piece.line_item_id as string) as line_id,
    coalesce(try_cast(piece.quantity as decimal(18, 4)), 0) as quantity,
    cast(piece.subtotal as decimal(18, 4)) as amount,
    coalesce(try_cast(piece.total_tax as decimal(18, 4)), 0) as tax_amount
from goods
union all
select
    shop_url,
    refund_id,
    'adjustment-' || cast(position as string) as refund_line_id,
    case when kind = 'shipping_refund' then 'shipping' else 'amount' end as kind,
    cast(null as string) as line_id,
    cast(0 as decimal(18, 4)) as quantity,
    -amount as amount,
    -tax_amount as tax_amount
from numbered_adjustments
union all
select
    shop_url,
    refund_id,
    'money' as refund_line_id,
    'amount' as kind,
    cast(null as string) as line_id,
    cast(0 as decimal(18, 4)) as quantity,
    money_amount as amount,
    cast(0 as decimal(18, 4)) as tax_amount
from refunds
where has_no_pieces and money_amount > 0
