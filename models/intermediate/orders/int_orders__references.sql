-- One text that names exactly one order: its id or its name, with and without the sign in front. Tools that know
-- orders by whatever the shop told them find theirs here. Names count from 1 in every shop, so they name an order only
-- where no other shop writes its names the same way. What left a till has no parcel.
with

orders as (
    select
        order_id,
        split_part(order_id, ':', 2) as shop,
        source_order_id,
        order_name
    from {{ ref('int_orders__unioned') }}
    where sales_channel <> 'pos'
),

names as (
    select
        order_id,
        shop,
        lower(order_name) as reference
    from orders
    union all
    select
        order_id,
        shop,
        lower(replace(order_name, '#', '')) as reference
    from orders
),

forms as (
    select
        *,
        {{ replace_pattern('reference', '[0-9]', '') }} as form
    from names
),

forms_of_one_shop as (
    select form
    from forms
    group by form
    having count(distinct shop) = 1
),

readings as (
    select
        order_id,
        lower(source_order_id) as reference
    from orders
    union all
    select
        order_id,
        reference
    from forms
    semi join forms_of_one_shop on forms.form = forms_of_one_shop.form
)

select
    reference,
    min(order_id) as order_id
from readings
where reference <> ''
group by reference
having count(distinct order_id) = 1
