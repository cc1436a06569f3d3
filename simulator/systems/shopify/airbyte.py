"""Shopify as Airbyte lands it: one table per API resource, nested lists as JSON text, one row per pulled version."""

from simulator.catalogue import POP_UP_LOCATION, WAREHOUSE_LOCATION
from simulator.loader import Delivery, Spoil
from simulator.systems.shopify.content import (
    ADJUSTMENT_ID,
    CHECKOUT_ID,
    FULFILMENT_ID,
    LINE_ID,
    ORDER_ID,
    PRODUCT_ID,
    REFUND_ID,
    SHOP_STEP,
    TRANSACTION_ID,
    VARIANT_ID,
)

MONEY = "/ 100.0::double"
# What all but shipping discounts apply to.
TO_LINES = '"allocation_method":"across","target_selection":"all","target_type":"line_item"'
TO_SHIPPING = '"allocation_method":"each","target_selection":"all","target_type":"shipping_line"'
TIP = (
    '"total_discount":0.00,"discount_allocations":[],"tax_lines":[],"gift_card":false,"requires_shipping":false,'
    '"taxable":false,"properties":[],"tip":{"payment_gateway":null,"payment_method":null}'
)


def write(delivery: Delivery) -> None:
    """One table per API resource, nested lists as JSON text, one row per pulled version."""
    orders(delivery)
    details(delivery)
    customers(delivery)
    if delivery.is_first:
        catalogue(delivery)


def orders(delivery: Delivery) -> None:
    delivery.con.execute(
        f"""
        create table part.line_items as
        select order_key, '[' || string_agg(
            '{{"id":' || id || ',"product_id":' || shop_product_id || ',"variant_id":' || shop_variant_id || ',"sku":'
            || coalesce('"' || landed_sku || '"', 'null') || ',"title":"' || title || '","variant_title":"'
                || option_value
            || '","vendor":"' || brand || '","quantity":' || quantity || ',"price":' || money(unit_cents)
            || ',"total_discount":' || case when is_legacy then money(off_cents) else '0.00' end
            || case
                when is_legacy then ''
                when off_cents = 0 then case when has_gap then ',"discount_allocations":null'
                    else ',"discount_allocations":[]' end
                else ',"discount_allocations":[' || concat_ws(',',
                    case when by_code_cents > 0
                        then '{{"amount":"' || money(by_code_cents) || '","discount_application_index":0}}' end,
                    case when by_rule_cents > 0 then '{{"amount":"' || money(by_rule_cents)
                        || '","discount_application_index":' || auto_index || '}}' end,
                    case when by_reward_cents > 0 then '{{"amount":"' || money(by_reward_cents)
                        || '","discount_application_index":' || reward_index || '}}' end
                ) || ']' end
            || case
                when tax_cents > 0 then
                    ',"tax_lines":[{{"title":"Tax","rate":' || tax_rate || ',"price":' || money(tax_cents) || '}}]'
                when has_gap then '' else ',"tax_lines":[]' end
            || ',"gift_card":' || is_gift_card || ',"requires_shipping":' || (not is_gift_card) || ',"taxable":'
                || (not is_gift_card)
            || ',"fulfillable_quantity":0,"properties":'
            || case when family = 'Bubble tea' then '[{{"name":"Sugar","value":"' || option_value || '"}}]'
                when has_gap then 'null' else '[]' end
            || '}}', ',' order by line_no) || ']' as line_items
        from part.shopify_lines group by order_key order by order_key;

        create table part.refund_texts as
        select refunds.refund_key, refunds.order_key,
            coalesce('[' || any_value(lines.line_texts) || ']', '[]') as refund_line_items,
            '[' || concat_ws(',',
                case when any_value(amount_cents) > 0 then '{{"id":' || {ADJUSTMENT_ID} + refund_key * 2
                    || ',"kind":"refund_discrepancy","reason":"Refund discrepancy","amount":"-'
                        || money(any_value(amount_cents))
                    || '","tax_amount":"0.00"}}' end,
                case when any_value(shipping_cents) > 0 then '{{"id":' || {ADJUSTMENT_ID} + 1 + refund_key * 2
                    || ',"kind":"shipping_refund","reason":"Shipping refund","amount":"-'
                        || money(any_value(shipping_cents))
                    || '","tax_amount":"0.00"}}' end
            ) || ']' as order_adjustments,
            case when any_value(moves_money) and any_value(money_cents) > 0
                then '[{{"id":' || {TRANSACTION_ID} + any_value(refunds.order_key) * 8 + 6
                    || ',"kind":"refund","status":"success","amount":"' || money(any_value(money_cents))
                    || '","gateway":"shopify_payments"}}]'
                else '[]' end as transactions,
            with_offset(any_value(refunds.refunded_at), any_value(refunds.shop_zone)) as refunded_with_offset
        from part.shopify_refunds as refunds
        left join (
            select refund_key,
                string_agg('{{"id":' || id || ',"line_item_id":' || {LINE_ID} + line_key || ',"quantity":'
                || quantity || ',"subtotal":' || money(value_cents) || ',"total_tax":' || money(tax_cents)
                || ',"restock_type":"' || case kind when 'cancel' then 'cancel' when 'restock' then 'no_restock'
                    else 'return' end
                || '","location_id":{WAREHOUSE_LOCATION[0]}}}', ',' order by line_no) as line_texts
            from part.shopify_refund_lines group by refund_key
        ) as lines using (refund_key)
        group by refunds.refund_key, refunds.order_key
        order by refunds.refund_key;

        create table part.discount_texts as
        select order_key,
            concat_ws(',',
                case when code is not null
                    then '{{"code":"' || code || '","amount":"' || percent || '.0","type":"percentage"}}' end,
                case when reward_cents > 0 then '{{"code":"PTS-' || order_key || '","amount":"' || money(reward_cents)
                    || '","type":"fixed_amount"}}' end,
                case when shipping_off_cents > 0 then '{{"code":"FREESHIP","amount":"' || money(shipping_off_cents)
                    || '","type":"shipping"}}' end
            ) as codes,
            concat_ws(',',
                case when code is not null then '{{"type":"discount_code","code":"' || code || '","value":"' || percent
                    || '.0","value_type":"percentage",{TO_LINES}}}' end,
                case when automatic_cents > 0 then '{{"type":"automatic","title":"Spend 80, save 5","value":"5.0",'
                    || '"value_type":"fixed_amount",{TO_LINES}}}' end,
                case when reward_cents > 0 then '{{"type":"discount_code","code":"PTS-' || order_key || '","value":"'
                    || money(reward_cents) || '","value_type":"fixed_amount",{TO_LINES}}}' end,
                case when shipping_off_cents > 0 then '{{"type":"discount_code","code":"FREESHIP","value":"100.0",'
                    || '"value_type":"percentage",{TO_SHIPPING}}}' end
            ) as applications
        from part.shopify_orders order by order_key;
        """
    )
    delivery.deliver(
        "orders",
        f"""
        select
            orders.id,
            orders.name,
            substr(orders.name, 2)::bigint as order_number,
            utc(orders.created_at) as created_at,
            utc(orders.ordered_at) as processed_at,
            utc(states.updated_at) as updated_at,
            utc(case when states.is_cancelled then orders.cancelled_at end) as cancelled_at,
            case when states.is_cancelled then orders.cancel_reason end as cancel_reason,
            null::timestamptz as closed_at,
            orders.state = 'test' as test,
            case when orders.is_upper then upper(states.financial_status) else states.financial_status end
                as financial_status,
            states.fulfillment_status,
            orders.source_name,
            case when orders.channel = 'pop_up' then {POP_UP_LOCATION} end::bigint as location_id,
            case when states.customer_id is not null then
                '{{"id":' || states.customer_id
                || ',"email":' || case when states.is_erased then 'null' else quoted(states.customer_email) end
                || ',"first_name":' || case when states.is_erased then 'null' else quoted(orders.given_name) end
                || ',"last_name":' || case when states.is_erased then 'null' else quoted(orders.family_name) end
                || '}}'
            end as customer,
            null::bigint as customer_id,
            case when not states.is_erased then orders.email end as email,
            case when not states.is_erased then orders.phone end as phone,
            orders.currency,
            orders.presentment_currency,
            orders.net_cents {MONEY} as subtotal_price,
            orders.gross_cents {MONEY} as total_line_items_price,
            (orders.discount_cents + orders.shipping_off_cents) {MONEY} as total_discounts,
            orders.tax_cents {MONEY} as total_tax,
            money_set(orders.shipping_cents, orders.currency, round(orders.shipping_cents * orders.seen_rate)::bigint,
                orders.presentment_currency) as total_shipping_price_set,
            orders.total_cents {MONEY} as total_price,
            (orders.total_cents - states.refunded_cents) {MONEY} as current_total_price,
            (case when states.is_paid then 0 else orders.total_cents end) {MONEY} as total_outstanding,
            orders.tip_cents {MONEY} as total_tip_received,
            orders.taxes_included,
            chance('accepts', order_key::varchar) < 0.5 as buyer_accepts_marketing,
            case when codes = '' and orders.has_gap then null else '[' || codes || ']' end as discount_codes,
            '[' || applications || ']' as discount_applications,
            case
                when orders.tip_cents = 0 then items.line_items
                else left(items.line_items, -1) || ',{{"id":' || {LINE_ID} + order_key * 16 + 15
                    || ',"product_id":null,"variant_id":null,"sku":null,"title":"Tip","variant_title":null,'
                    || '"vendor":null,"quantity":1,"price":' || money(orders.tip_cents) || ',{TIP}}}]'
            end as line_items,
            case
                when states.refund_key is not null then '[{{"id":' || {REFUND_ID} + states.refund_key
                    || ',"order_id":' || orders.id || ',"created_at":"' || refunded_with_offset
                    || '","refund_line_items":' || texts.refund_line_items || ',"order_adjustments":'
                    || texts.order_adjustments || ',"transactions":' || texts.transactions || '}}]'
                when not orders.has_gap then '[]'
            end as refunds,
            case when orders.channel = 'web' and not orders.has_gift_card_only then '[{{"id":'
                || {ORDER_ID} + 1 + order_key || ',"title":"' || orders.service || '","price":"'
                || money(orders.shipping_cents) || '","discounted_price":"'
                || money(orders.shipping_cents - orders.shipping_off_cents) || '","code":"' || orders.service
                || '","source":"shopify"}}]' else '[]' end as shipping_lines,
            case when states.is_shipped then '[{{"id":' || {FULFILMENT_ID} + order_key || ',"status":"success"}}]'
                else '[]' end as fulfillments,
            case when not states.is_erased and not orders.has_gift_card_only then orders.shipping_address end
                as shipping_address,
            orders.tags,
            case when orders.points_spent > 0 then '[{{"name":"points_spent","value":"' || orders.points_spent || '"}}]'
                else '[]' end as note_attributes,
            case when orders.gift_tender_cents > 0 then '["shopify_payments","gift_card"]'
                when orders.state = 'test' then '["bogus"]' else '["shopify_payments"]' end as payment_gateway_names,
            orders.landing_site,
            null::varchar as referring_site,
            case when orders.channel = 'web' then orders.cart_token end as cart_token,
            case when orders.channel = 'web' then orders.checkout_token end as checkout_token,
            null::timestamptz as deleted_at,
            null::varchar as deleted_message,
            null::varchar as deleted_description,
            orders.shop_url,
            states.load_at as _load_at,
            false as _is_tombstone
        from part.shopify_states as states
        join part.shopify_orders as orders using (order_key)
        join part.line_items as items using (order_key)
        join part.discount_texts as discounts using (order_key)
        left join part.refund_texts as texts on texts.refund_key = states.refund_key
        union all by name
        select id, utc(deleted_at) as deleted_at, 'deleted' as deleted_message,
            'The order was deleted' as deleted_description, shop_url, load_after(deleted_at) as _load_at,
            true as _is_tombstone
        from part.shopify_orders
        where deleted_at is not null
        """,
        key=("shop_url", "id"),
        changed_at="updated_at",
        spoils=(
            Spoil("created_at"),
            Spoil("line_items", "left(line_items, length(line_items) // 2)"),
            Spoil("line_items", """replace(line_items, '"price":', '"price":"n/a","listed":')"""),
            Spoil("line_items", """replace(line_items, '{"id":', '{"was":')"""),
            Spoil("id"),
        ),
        can_lose=True,
    )


def details(delivery: Delivery) -> None:
    """Refunds, payments, fulfilments and checkouts. What hangs on a deleted order stays where it was."""
    delivery.deliver(
        "order_refunds",
        """
        select refunds.id, refunds.order_id, utc(refunded_at) as created_at,
            utc(refunded_at) as processed_at,
            case kind when 'amount' then 'Goodwill' when 'exchange' then 'Exchange' when 'restock' then 'Store credit'
                end as note,
            kind <> 'amount' as restock,
            texts.refund_line_items, texts.order_adjustments, texts.transactions,
            null::varchar as "return",
            refunds.shop_url, load_after(greatest(refunded_at, refunds.created_at)) as _load_at
        from part.shopify_refunds as refunds join part.refund_texts as texts using (refund_key)
        where deleted_at is null or refunded_at < deleted_at
        """,
        key=("shop_url", "id"),
        spoils=(
            Spoil("created_at"),
            Spoil("refund_line_items", "'[{\"id\":'"),
            Spoil("order_id"),
        ),
        can_lose=True,
    )
    delivery.deliver(
        "transactions",
        """
        select id, order_id, kind, status, cents / 100.0::double as amount, currency, gateway, parent_id,
            is_test as test,
            utc(happened_at) as created_at, utc(happened_at) as processed_at, shop_url,
            load_after(greatest(happened_at, order_created_at)) as _load_at
        from part.shopify_transactions
        where deleted_at is null or happened_at < deleted_at
        """,
        key=("shop_url", "id"),
        spoils=(Spoil("created_at"), Spoil("id")),
    )
    delivery.deliver(
        "fulfillments",
        f"""
        with events as (
            select order_key, order_created_at, shipped_at as happened_at from part.shopify_fulfilments
            union all
            select order_key, order_created_at, delivered_at from part.shopify_fulfilments
                where delivered_at > shipped_at
        ),
        versions as (
            select order_key, load_after(greatest(happened_at, order_created_at)) as load_at,
                max(happened_at) as updated_at
            from events group by order_key, load_at
        )
        select
            fulfilments.id, order_id, utc(shipped_at) as created_at,
                utc(versions.updated_at) as updated_at,
            'success' as status,
            case when delivered_at <= versions.updated_at then 'delivered' else 'in_transit' end as shipment_status,
            carrier as tracking_company,
            tracking_number(carrier, order_key, 0) as tracking_number,
            '["' || tracking_number(carrier, order_key, 0) || '"' || case when parcels > 1
                then ',"' || tracking_number(carrier, order_key, 1) || '"' else '' end || ']' as tracking_numbers,
            '[]' as tracking_urls,
            '[]' as line_items,
            case when shop_id = 1 then {WAREHOUSE_LOCATION[1]} else {WAREHOUSE_LOCATION[0]} end::bigint as location_id,
            name || '.1' as name,
            shop_url,
            versions.load_at as _load_at
        from versions join part.shopify_fulfilments as fulfilments using (order_key)
        where deleted_at is null or seen_until(versions.load_at) <= deleted_at
        """,
        key=("shop_url", "id"),
        changed_at="updated_at",
        spoils=(Spoil("created_at"), Spoil("order_id")),
    )
    delivery.deliver(
        "abandoned_checkouts",
        f"""
        with events as (
            select cart_key, created_at as happened_at from life.carts
            union all select cart_key, completed_at from life.carts where completed_at is not null
        ),
        versions as (
            select cart_key, load_after(happened_at) as load_at, max(happened_at) as updated_at
            from events group by cart_key, load_at
        )
        select
            {CHECKOUT_ID} + cart_key as id,
            coalesce(md5(carts.order_key::varchar || 'checkout'), md5(cart_key::varchar || 'left')) as token,
            coalesce(md5(carts.order_key::varchar || 'cart'), md5(cart_key::varchar || 'cart left')) as cart_token,
            carts.email,
            null::varchar as phone,
            case when people.shopify_customer_id is not null then '{{"id":' || people.shopify_customer_id || ',"email":'
                || quoted(people.email) || '}}' end as customer,
            carts.value_cents / 100.0::double as total_price,
            '[{{"variant_id":' || {VARIANT_ID} + {SHOP_STEP} * carts.shop_id + carts.variant_id
                || ',"quantity":' || carts.quantity || '}}]' as line_items,
            utc(carts.created_at) as created_at,
            utc(versions.updated_at) as updated_at,
            utc(case when carts.completed_at <= versions.updated_at
                then carts.completed_at end) as completed_at,
            shops.shop_url,
            versions.load_at as _load_at
        from versions
        join life.carts as carts using (cart_key)
        join life.people as people using (person_id)
        join life.shops as shops on shops.shop_id = carts.shop_id
        """,
        key=("shop_url", "id"),
        changed_at="updated_at",
        spoils=(Spoil("created_at"),),
    )


def customers(delivery: Delivery) -> None:
    delivery.deliver(
        "customers",
        """
        with events as (
            select id, created_at as happened_at, 0 as orders, 0 as cents from part.shopify_accounts
            union all
            select orders.customer_id, orders.created_at, 1, orders.total_cents
            from part.shopify_orders as orders where customer_id is not null
                and (deleted_at is null or not is_second_account)
            union all select id, phone_until_at, 0, 0 from part.shopify_accounts where phone_until_at is not null
                and phone is not null
            union all select id, agrees_at, 0, 0 from part.shopify_accounts where agrees_at > created_at
            union all select id, erased_at, 0, 0 from part.shopify_accounts
            where erased_at < (select cut_at from life.settings)
        ),
        loads as (
            select id, load_after(happened_at) as load_at, max(happened_at) as updated_at, sum(orders) as orders,
                sum(cents) as cents
            from events group by id, load_at
        ),
        versions as (
            select id, load_at, updated_at,
                sum(orders) over (partition by id order by load_at) as orders_count,
                sum(cents) over (partition by id order by load_at) as total_cents
            from loads
        )
        select
            accounts.id,
            case when is_erased then null else accounts.email end as email,
            case when is_erased then null when accounts.phone_until_at <= versions.updated_at then accounts.next_phone
                else accounts.phone end as phone,
            case when is_erased then null else accounts.given_name end as first_name,
            case when is_erased then null else accounts.family_name end as last_name,
            utc(accounts.created_at) as created_at,
            utc(versions.updated_at) as updated_at,
            case when chance('login', accounts.id::varchar) < 0.4 then 'enabled' else 'disabled' end as state,
            chance('verified', accounts.id::varchar) < 0.85 as verified_email,
            versions.orders_count::bigint as orders_count,
            (versions.total_cents / 100.0)::double as total_spent,
            null::bigint as last_order_id,
            accounts.currency,
            '{"state":"' || case when is_erased then 'redacted'
                when wants_email and has_decided then 'subscribed' else 'not_subscribed' end
                || '","opt_in_level":"single_opt_in","consent_updated_at":"'
                || with_offset(decided_at, accounts.shop_zone) || '"}' as email_marketing_consent,
            case when accounts.phone is not null then '{"state":"' || case when is_erased then 'redacted'
                when wants_sms and has_decided then 'subscribed' else 'not_subscribed' end
                || '","opt_in_level":"single_opt_in","consent_updated_at":"'
                || with_offset(decided_at, accounts.shop_zone) || '","consent_collected_from":"SHOPIFY"}' end
                as sms_marketing_consent,
            wants_email and has_decided and not is_erased as accepts_marketing,
            utc(decided_at) as accepts_marketing_updated_at,
            accounts.tags,
            null::varchar as note,
            case when not is_erased then
                '{"address1":' || quoted(street) || ',"city":' || quoted(city) || ',"zip":' || quoted(postal_code)
                || ',"province_code":' || quoted(province_code) || ',"country_code":"' || country_code
                    || '"}' end as default_address,
            '[]' as addresses,
            false as tax_exempt,
            accounts.shop_url,
            versions.load_at as _load_at
        from versions
        join part.shopify_accounts as accounts using (id),
        lateral (
            select coalesce(accounts.erased_at <= versions.updated_at, false) as is_erased,
                coalesce(accounts.agrees_at < seen_until(versions.load_at), false) as has_decided
        ) as states,
        lateral (
            select case when has_decided then greatest(accounts.created_at, accounts.agrees_at)
                else accounts.created_at end as decided_at
        ) as decision
        -- A second account stops changing when it is merged away.
        where not accounts.is_second or accounts.merged_at is null or versions.updated_at < accounts.merged_at
        """,
        key=("shop_url", "id"),
        changed_at="updated_at",
        spoils=(Spoil("id"),),
    )


def catalogue(delivery: Delivery) -> None:
    """What is not about people: delivered once, by the first block."""
    trap = delivery.settings.trap
    delivery.deliver(
        "products",
        f"""
        select
            {PRODUCT_ID} + {SHOP_STEP} * shops.shop_id + products.product_id as id,
            products.title, lower(replace(products.title, ' ', '-')) as handle, products.brand as vendor,
            products.category as product_type,
            case when chance('enum_case/products', products.product_id::varchar) < {min(1.0, 10 * trap("enum_case"))}
                then 'active' else 'ACTIVE' end as status,
            products.family as tags, products.is_gift_card,
            sold_from as created_at, sold_from as updated_at, sold_from as published_at,
                null::timestamptz as deleted_at,
            shops.shop_url,
            load_after(greatest(products.sold_from_on::timestamp, (select first_load_at - interval 1 day
                from life.settings))) as _load_at
        from life.products as products cross join life.shops as shops,
        lateral (select utc(products.sold_from_on::timestamp) as sold_from) as sale
        where products.sold_from_on <= (select as_of_on from life.settings)
        """,
        key=("shop_url", "id"),
        changed_at="updated_at",
    )
    delivery.deliver(
        "product_variants",
        f"""
        with changes as (
            select variants.*, products.sold_from_on as changed_on, 100 as percent
            from life.variants as variants join life.products as products using (product_id)
            union all
            select variants.*, date '2025-01-01', 104
            from life.variants as variants join life.products as products using (product_id)
            where not products.is_gift_card
        )
        select
            {VARIANT_ID} + {SHOP_STEP} * shops.shop_id + changes.variant_id as id,
            {PRODUCT_ID} + {SHOP_STEP} * shops.shop_id + changes.product_id as product_id,
            changes.option_value as title, changes.sku,
            ((case when shops.shop_id = 1 then list_cents_eur else list_cents_usd
                end * changes.percent // 100) / 100.0)::double as price,
            null::varchar as compare_at_price,
            utc(changed_on::timestamp) as updated_at,
            shops.shop_url,
            load_after(changed_on::timestamp) as _load_at
        from changes cross join life.shops as shops
        where changed_on <= (select as_of_on from life.settings)
        qualify row_number() over (partition by shops.shop_id, changes.variant_id, _load_at order by changed_on desc,
            percent desc) = 1
        """,
        key=("shop_url", "id"),
        changed_at="updated_at",
    )
    delivery.deliver(
        "discount_codes",
        """
        with codes as (
            select promotion_id, code, name, begins_on, ends_on from life.promotions
            union all select 9001, 'WELCOME10', 'Welcome', date '2023-01-01', null
            union all select 9002, 'FREESHIP', 'Free shipping', date '2023-01-01', null
        )
        select 700000000000 + 1000000 * shops.shop_id + promotion_id as id, code, 'basic' as discount_type,
            'ACTIVE' as status,
            codes.name as title, 0::bigint as usage_count, 0::bigint as async_usage_count, null::bigint as usage_limit,
            utc(begins_on::timestamp) as starts_at,
            utc(ends_on::timestamp + interval 1 day) as ends_at,
            utc(begins_on::timestamp) as updated_at,
            shops.shop_url,
            load_after(begins_on::timestamp) as _load_at
        from codes cross join life.shops as shops
        where begins_on <= (select as_of_on from life.settings)
        """,
        key=("shop_url", "id"),
        changed_at="updated_at",
    )
    delivery.deliver(
        "locations",
        f"""
        select id::bigint as id, name, country_code, true as active,
            timestamptz '2023-01-01 00:00:00+00' as updated_at, shop_url, load_after(timestamp '2023-01-01') as _load_at
        from (values
            ({WAREHOUSE_LOCATION[0]}, 'Warehouse', 'US', 'perennial-demo'),
            ({POP_UP_LOCATION}, 'Pop-up Boston', 'US', 'perennial-demo'),
            ({WAREHOUSE_LOCATION[1]}, 'Warehouse Europe', 'FR', 'perennial-demo-eu')
        ) as locations (id, name, country_code, shop_url)
        """,
        key=("shop_url", "id"),
        changed_at="updated_at",
    )
    delivery.deliver(
        "shop",
        """
        select 68000000000 + shop_id as id, name, time_zone as iana_timezone, currency,
            timestamptz '2023-01-01 00:00:00+00' as updated_at, shop_url, load_after(timestamp '2023-01-01') as _load_at
        from life.shops
        """,
        key=("shop_url", "id"),
        changed_at="updated_at",
    )
