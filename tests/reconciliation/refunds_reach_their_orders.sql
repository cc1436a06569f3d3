-- Every refund of merchandise is either on exactly one order or counted as unmatched; totals by currency, null-safe.
(
    select
        currency_code,
        sum(net_revenue) as refunded_amount
    from {{ ref('refunds') }}
    where match_state = 'matched'
    group by currency_code
    having sum(net_revenue) <> 0
    except
    select
        currency_code,
        sum(refunded_amount) as refunded_amount
    from {{ ref('orders') }}
    group by currency_code
)
union all
(
    select
        currency_code,
        sum(refunded_amount) as refunded_amount
    from {{ ref('orders') }}
    group by currency_code
    having sum(refunded_amount) <> 0
    except
    select
        currency_code,
        sum(net_revenue) as refunded_amount
    from {{ ref('refunds') }}
    where match_state = 'matched'
    group by currency_code
)
