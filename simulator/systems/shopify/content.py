"""
What Shopify knows, whoever loads it: orders, lines, refunds, accounts, payments, shipments, and the states of an order.

An order has a version for every night after which it had changed: paid, shipped, cancelled, voided, refunded. Orders
that were deleted before a load have none from then on.

    shopify_orders        one order: ids, names, identities, addresses, tags (life.orders with what only Shopify adds)
    shopify_lines         one line                          shopify_refunds, shopify_refund_lines
    shopify_accounts      one customer account              shopify_transactions    one payment step
    shopify_fulfilments   one shipment                      order_versions          (order, load, updated_at)
    shopify_states        what a version shows of an order that changes
"""

from simulator.catalogue import CAD_PER_USD
from simulator.loader import Delivery
from simulator.scenes import COUNTER_EMAIL

ORDER_ID, LINE_ID, REFUND_ID, FULFILMENT_ID = 5_000_000_000_000, 12_000_000_000_000, 800_000_000_000, 4_000_000_000_000
TRANSACTION_ID, CHECKOUT_ID, ADJUSTMENT_ID = 6_000_000_000_000, 30_000_000_000_000, 210_000_000_000
PRODUCT_ID, VARIANT_ID, SHOP_STEP = 7_700_000_000_000, 41_900_000_000_000, 100_000_000_000
RECHARGE_APP, IMPORT_APP = "294517", "1830279"


def add(delivery: Delivery) -> None:
    """The tables of this module for one block."""
    con, trap = delivery.con, delivery.settings.trap
    con.execute(
        f"""
        create table part.shopify_orders as
        select
            orders.*,
            {ORDER_ID} + order_key as id,
            shops.shop_url,
            shops.time_zone as shop_zone,
            -- Numbers count within a shop, so two shops use the same names.
            '#' || (1000 + (case when orders.shop_id = 1 then person_id // 48 * 4 + person_id % 4
                else person_id - person_id // 48 * 4 - greatest(0, least(4, person_id % 48 - 28)) end) * 4096
                + order_key % 4096)::varchar as name,
            case
                when people.is_marketplace then 'buyer' || person_id::varchar || '@marketplace.example'
                when orders.channel = 'web' or orders.shows in ('email', 'email_and_phone') then email_used
                when orders.shows = 'placeholder' then '{COUNTER_EMAIL}'
            end as email,
            case when orders.channel = 'web' or orders.shows in ('phone', 'email_and_phone') then phone_used
                end as phone,
            case when is_presented then 'CAD' else orders.currency end as presentment_currency,
            case when is_presented then {CAD_PER_USD} else 1.0 end as seen_rate,
            case when orders.channel = 'web' then
                '{{"first_name":' || quoted(case
                    when chance('typo/name', order_key::varchar) < {trap("typo")} then slip(people.given_name)
                    else people.given_name
                end) || ',"last_name":' || quoted(people.family_name)
                || ',"address1":' || quoted(people.street) || ',"city":' || quoted(people.city) || ',"zip":'
                || quoted(people.postal_code) || ',"province_code":' || quoted(people.province_code)
                || ',"country_code":"' || people.country_code || '"}}'
            end as shipping_address,
            concat_ws(', ',
                case when orders.origin = 'renewal' then 'Subscription, Subscription Recurring Order'
                    when orders.is_subscription_start then 'Subscription, Subscription First Order' end,
                case when orders.origin = 'replacement' then 'exchange' end,
                case when people.is_staff then 'staff' end,
                case when people.is_wholesale then 'wholesale' end,
                case when people.is_marketplace then 'marketplace' end
            ) as tags,
            case
                when people.is_marketplace then 'amazon-us'
                when orders.channel = 'pop_up' then 'pos'
                when orders.origin = 'renewal' then '{RECHARGE_APP}'
                when orders.created_at <> orders.ordered_at then '{IMPORT_APP}'
                when orders.state = 'draft' then 'shopify_draft_order'
                else 'web'
            end as source_name,
            people.is_marketplace, people.given_name, people.family_name, people.email as account_email,
            coalesce(people.second_email, people.email_variant) as second_account_email,
            people.shopify_customer_id as main_customer_id,
            people.merged_at, people.erasure_at + interval 2 day as erased_at,
            case when orders.cancelled_at is not null
                then ['customer', 'fraud', 'inventory', 'other'][1 + order_key % 4] end as cancel_reason,
            case when orders.origin = 'purchase' and orders.channel = 'web' then '/?utm_source='
                || ['google', 'newsletter', 'instagram', 'direct'][1 + order_key // 4096 % 4] end as landing_site,
            md5(order_key::varchar || 'checkout') as checkout_token,
            md5(order_key::varchar || 'cart') as cart_token,
            chance('json_gap', order_key::varchar) < {trap("json_gap")} as has_gap,
            chance('enum_case', order_key::varchar) < {trap("enum_case")} as is_upper,
            (code is not null)::int as auto_index,
            (code is not null)::int + (automatic_cents > 0)::int as reward_index
        from life.orders as orders
        join life.people as people using (person_id)
        join life.shops as shops on orders.shop_id = shops.shop_id,
        lateral (select people.country_code = 'CA' and orders.channel = 'web'
            and chance('presentment_currency', order_key::varchar) < {trap("presentment_currency")} as is_presented
        ) as seen
        where orders.channel <> 'till'
        order by order_key;

        create table part.shopify_lines as
        select
            lines.*,
            {LINE_ID} + lines.line_key as id,
            orders.id as order_id,
            {PRODUCT_ID} + {SHOP_STEP} * orders.shop_id + lines.product_id as shop_product_id,
            {VARIANT_ID} + {SHOP_STEP} * orders.shop_id + lines.variant_id as shop_variant_id,
            case
                when chance('blank_sku', line_key::varchar) < {trap("blank_sku") / 2} then ''
                when chance('blank_sku', line_key::varchar) < {trap("blank_sku")} then null
                else sku
            end as landed_sku,
            orders.is_legacy and off_cents > 0 as is_legacy,
            orders.has_gap, orders.auto_index, orders.reward_index, orders.tax_rate, orders.shop_id
        from life.order_lines as lines
        join part.shopify_orders as orders using (order_key)
        order by line_key;

        create table part.shopify_refunds as
        select refunds.*, {REFUND_ID} + refund_key as id, orders.id as order_id, orders.shop_url, orders.shop_zone,
            orders.created_at, orders.deleted_at, orders.total_cents
        from life.refunds as refunds join part.shopify_orders as orders using (order_key)
        order by refund_key;

        create table part.shopify_refund_lines as
        select refund_lines.*, {REFUND_ID} + refund_line_key as id, refunds.kind
        from life.refund_lines as refund_lines join part.shopify_refunds as refunds using (refund_key)
        order by refund_line_key;

        -- Accounts: one per person, and a second one for who will be merged.
        create table part.shopify_accounts as
        with accounts as (
            select person_id, shopify_customer_id as id, false as is_second, arrived_at as created_at
            from life.people where has_account
            union all
            select orders.person_id, orders.customer_id, true, min(orders.created_at)
            from life.orders as orders where orders.is_second_account and orders.customer_id is not null
                and orders.channel = 'web'
            group by orders.person_id, orders.customer_id
        )
        select accounts.*, shops.shop_url, shops.time_zone as shop_zone, shops.currency,
            case when is_second then coalesce(second_email, email_variant) else email end as email,
            case when not is_second then phone end as phone, phone_until_at, next_phone,
            given_name, family_name, street, city, postal_code, province_code, people.country_code,
            concat_ws(', ', case when is_staff then 'staff' end, case when is_wholesale then 'wholesale' end) as tags,
            wants_email, wants_sms, case when wants_email or wants_sms then agrees_at end as agrees_at, merged_at,
            erasure_at + interval 2 day as erased_at
        from accounts
        join life.people as people using (person_id)
        join life.shops as shops on shops.shop_id = people.shop_id
        where created_at < (select cut_at from life.settings)
        order by id;

        create table part.shopify_transactions as
        with steps as (
            select order_key, 0 as step, 'authorization' as kind, 'success' as status,
                total_cents - gift_tender_cents as cents, ordered_at as happened_at
            from part.shopify_orders where is_authorized
            union all
            select order_key, 1, 'capture', 'success', total_cents - gift_tender_cents, paid_at
            from part.shopify_orders where is_authorized and paid_at is not null
            union all
            select order_key, 2, 'sale', 'success', total_cents - gift_tender_cents, paid_at
            from part.shopify_orders where not is_authorized and paid_at is not null and origin <> 'replacement'
            union all
            select order_key, 3, 'sale', case when state = 'pending' then 'pending' else 'failure' end,
                total_cents - gift_tender_cents, ordered_at - interval 1 minute
            from part.shopify_orders
            where state = 'pending' or (channel = 'web' and chance('payment fails', order_key::varchar) < 0.02)
            union all
            select order_key, 4, 'sale', 'success', gift_tender_cents, ordered_at
            from part.shopify_orders where gift_tender_cents > 0
            union all
            select order_key, 5, 'void', 'success', total_cents, voided_at from part.shopify_orders
                where voided_at is not null
            union all
            select order_key, 6, 'refund', 'success', money_cents, refunded_at
            from part.shopify_refunds where moves_money and money_cents > 0
        )
        select {TRANSACTION_ID} + order_key * 8 + step as id, orders.id as order_id, orders.shop_url, orders.shop_zone,
            steps.*, orders.currency, orders.created_at as order_created_at, orders.deleted_at,
            case
                when step = 4 then 'gift_card'
                when orders.state = 'test' then 'bogus'
                when orders.channel = 'pop_up' and chance('cash', order_key::varchar) < 0.3 then 'cash'
                when orders.origin = 'replacement' then 'exchange-credit'
                else 'shopify_payments'
            end as gateway,
            case when step = 1 or step = 5 then {TRANSACTION_ID} + order_key * 8 when step = 6
                then {TRANSACTION_ID} + order_key * 8 + case when orders.is_authorized then 1 else 2 end
                    end as parent_id,
            orders.state = 'test' as is_test
        from steps join part.shopify_orders as orders using (order_key)
        where cents > 0
        order by id;

        create table part.shopify_fulfilments as
        select {FULFILMENT_ID} + order_key as id, id as order_id, shop_url, shop_zone, name, order_key, shop_id,
            deleted_at,
            created_at as order_created_at, shipped_at, delivered_at, carrier,
                parcels
        from part.shopify_orders where shipped_at is not null
        order by order_key;

        create table part.order_versions as
        with events as (
            select order_key, created_at as happened_at from part.shopify_orders
            union all select order_key, paid_at from part.shopify_orders where paid_at > created_at
            union all select order_key, shipped_at from part.shopify_orders where shipped_at > created_at
            union all select order_key, cancelled_at from part.shopify_orders where cancelled_at > created_at
            union all select order_key, voided_at from part.shopify_orders where voided_at > created_at
            union all select order_key, refunded_at from part.shopify_refunds where refunded_at > created_at
        ),
        loads as (
            select order_key, load_after(happened_at) as load_at, max(happened_at) as updated_at
            from events group by order_key, load_at
        )
        select loads.* from loads join part.shopify_orders as orders using (order_key)
        where (orders.deleted_at is null or seen_until(loads.load_at) <= orders.deleted_at)
            and ({trap("truncated_history")} = 0
                or orders.created_at >= (select first_load_at from life.settings) - interval 60 day)
        order by order_key, load_at;

        create table part.shopify_states as
        select
            versions.order_key, versions.load_at, versions.updated_at,
            case
                when orders.voided_at <= versions.updated_at then 'voided'
                when refunds.money_cents >= orders.total_cents then 'refunded'
                when refunds.money_cents > 0 then 'partially_refunded'
                when orders.paid_at <= versions.updated_at then 'paid'
                when orders.is_authorized then 'authorized'
                else 'pending'
            end as financial_status,
            case
                when orders.channel = 'pop_up' or orders.shipped_at <= versions.updated_at then 'fulfilled'
                when refunds.kind = 'cancel' then 'restocked'
            end as fulfillment_status,
            orders.cancelled_at <= versions.updated_at as is_cancelled,
            orders.shipped_at <= versions.updated_at as is_shipped,
            orders.paid_at <= versions.updated_at as is_paid,
            coalesce(refunds.money_cents, 0) as refunded_cents,
            refunds.refund_key,
            coalesce(orders.erased_at < seen_until(versions.load_at), false) as is_erased,
            -- The customer as the platform shows it at the load: merged accounts are gone, erased ones empty.
            case when orders.is_second_account and coalesce(orders.merged_at >= seen_until(versions.load_at), true)
                then orders.customer_id
                when orders.customer_id is not null then orders.main_customer_id end as customer_id,
            case when orders.is_second_account and coalesce(orders.merged_at >= seen_until(versions.load_at), true)
                then orders.second_account_email else orders.account_email end as customer_email
        from part.order_versions as versions
        join part.shopify_orders as orders using (order_key)
        left join part.shopify_refunds as refunds
            on refunds.order_key = versions.order_key and refunds.refunded_at <= versions.updated_at
        order by versions.order_key, versions.load_at;
        """
    )
