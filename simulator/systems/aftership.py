"""
AfterShip: parcels with all their scans, a version for every night after which something had changed, and returns.

Days are the recipient's, promises come in three spellings, scans in any order and at times twice; a scan may be taken
back. A parcel without news for thirty days is Expired, which says nothing. Legs of returns are trackings as well.
"""

from simulator.loader import Delivery, Spoil
from simulator.systems.shopify.content import LINE_ID, ORDER_ID, PRODUCT_ID, SHOP_STEP, VARIANT_ID

NEEDS = ("service",)
COUNTRIES = "map {'US': 'USA', 'CA': 'CAN', 'FR': 'FRA', 'DE': 'DEU'}"


def write(delivery: Delivery) -> None:
    parcels(delivery)
    trackings(delivery)
    returns(delivery)


def parcels(delivery: Delivery) -> None:
    trap = delivery.settings.trap
    delivery.con.execute(
        f"""
        create macro spelled_day(day, key) as strftime(day, '%Y-%m-%d')
            || ['', 'T00:00:00', 'T00:00:00Z'][1 + (chance('spelled', key) * 3)::int % 3];

        create table part.aftership_parcels as
        select parcels.*, md5('parcel/' || parcel_key) as id, orders.shop_id, people.email, people.country_code,
            people.given_name || ' ' || people.family_name as full_name,
            order_name(order_key, orders.person_id, orders.shop_id) as name,
            local_at(parcels.attempted_at, parcels.time_zone)::date as attempted_on,
            local_at(parcels.delivered_at, parcels.time_zone)::date as delivered_on,
            case when chance('no_promise', parcel_key::varchar) < {trap("no_promise")} then null
                else parcels.promised_on
                end as told_on,
            parcels.delivered_at is not null and chance('unscanned', parcel_key::varchar) < {trap("unscanned_delivery")}
                as is_unscanned,
            parcels.delivered_at is not null and parcels.trouble <> 'missed'
                and chance('taken_back', parcel_key::varchar) < {trap("scan_taken_back")} as is_taken_back,
            chance('shuffled', parcel_key::varchar) < {trap("shuffled_scans")} as is_shuffled,
            chance('legacy promise', parcel_key::varchar) < 0.1 as is_old_api
        from life.parcels as parcels
        join life.orders as orders using (order_key)
        join life.people as people on people.person_id = parcels.person_id
        order by parcel_key;

        create table part.aftership_versions as
        with events as (
            select parcel_key, shipped_at as happened_at from part.aftership_parcels
            union all select parcel_key, seen_at from life.checkpoints
            union all
            select parcel_key, max(seen_at) + interval 30 day from life.checkpoints
            join part.aftership_parcels using (parcel_key) where delivered_at is null group by parcel_key
        )
        select parcel_key, load_after(happened_at) as load_at, max(happened_at) as updated_at
        from events where happened_at < (select cut_at from life.settings)
        group by parcel_key, load_at order by parcel_key, load_at;

        -- A scan as every version of its parcel tells it; one that is taken back was first told as the delivery.
        create table part.aftership_texts as
        select checkpoints.parcel_key, seen_at, tag, epoch_us(seen_at) // 1000000 * 16 + checkpoints.number as place,
            case when is_shuffled then chance('scan', key) else checkpoints.number end as position,
            case when is_shuffled and chance('scan twice', key) < 0.3 then 2 else 1 end as times,
            case when is_taken_back and tag = 'OutForDelivery' then delivered_at end as taken_back_at,
            '{{"checkpoint_time":"' || strftime(local_at(checkpoint_at, time_zone), '%Y-%m-%dT%H:%M:%S')
                || '","created_at":"' || strftime(seen_at, '%Y-%m-%dT%H:%M:%S') || '+00:00",' as before_tag,
            '"tag":"' || tag || '","subtag":"' || tag || case tag when 'Exception' then '_005' else '_001' end
                as told_tag,
            '","message":"' || message || '","location":"' || city || '","slug":"' || slug || '","hash":"'
                || md5(key) || '"}},' as after_tag
        from life.checkpoints as checkpoints
        join part.aftership_parcels as parcels using (parcel_key),
        lateral (select checkpoints.parcel_key || '/' || checkpoints.number as key) as keys
        where not (is_unscanned and tag = 'Delivered');

        create table part.aftership_scans as
        select versions.parcel_key, versions.load_at, max_by(tag, place) as last_tag, max(seen_at) as last_seen_at,
            '[' || rtrim(string_agg(
                repeat(before_tag || case when versions.updated_at < taken_back_at
                    then '"tag":"Delivered","subtag":"Delivered_001' else told_tag end || after_tag, times),
                '' order by position
            ), ',') || ']' as checkpoints
        from part.aftership_versions as versions
        join part.aftership_texts as texts
            on texts.parcel_key = versions.parcel_key and texts.seen_at <= versions.updated_at
        group by versions.parcel_key, versions.load_at
        order by versions.parcel_key, versions.load_at;
        """
    )


def trackings(delivery: Delivery) -> None:
    trap = delivery.settings.trap
    delivery.deliver(
        "trackings",
        f"""
        with forward as (
            select
                parcels.id,
                parcels.tracking_number,
                slug,
                service as shipment_type,
                shipped_at as created_at,
                versions.updated_at,
                case
                    when is_unscanned and delivered_at <= versions.updated_at then 'Delivered'
                    when last_tag is null then 'Pending'
                    when delivered_at is null and versions.updated_at >= last_seen_at + interval 30 day then 'Expired'
                    when is_taken_back and last_tag = 'OutForDelivery' then 'Delivered'
                    else last_tag
                end as tag,
                case (chance('named', parcel_key::varchar) * 10)::int % 10
                    when 8 then name when 9 then null else ({ORDER_ID} + order_key)::varchar end as order_id,
                case when chance('labelled', parcel_key::varchar) < 0.5 then name end as order_number,
                strftime(local_at(shipped_at, parcels.time_zone), '%Y-%m-%dT%H:%M:%S')
                    as shipment_pickup_date,
                case when delivered_at <= versions.updated_at
                    then strftime(local_at(delivered_at, parcels.time_zone), '%Y-%m-%dT%H:%M:%S') end
                    as shipment_delivery_date,
                case when told_on is null then null
                    when is_old_api then '"' || strftime(told_on, '%Y-%m-%d') || '"'
                    else '{{"promised_delivery_date":"' || spelled_day(told_on, id)
                        || '","promised_delivery_date_min":null,"promised_delivery_date_max":null}}' end
                    as order_promised_delivery_date,
                case when estimated_on is not null then '{{"type":"specific","source":"Carrier EDD","datetime":"'
                    || spelled_day(estimated_on, id || 'f') || '","datetime_min":null,"datetime_max":null}}' end
                    as first_estimated_delivery,
                case when estimated_on is not null then '{{"estimated_delivery_date":"' || spelled_day(
                    case when last_seen_at > promised_on then revised_on else estimated_on end, id || 'c')
                    || '","estimated_delivery_date_min":null,"estimated_delivery_date_max":null}}' end
                    as courier_estimated_delivery_date,
                false as return_to_sender,
                case when chance('direction', parcel_key::varchar) < 0.3 then 'null' else 'forward' end
                    as shipment_direction,
                '[{{"role":"buyer","name":' || quoted(full_name) || ',"email":' || quoted(email)
                    || ',"phone_number":null,"language":"en"}}]' as customers,
                {COUNTRIES}[country_code] as destination_country_region,
                coalesce(checkpoints, '[]') as checkpoints,
                versions.load_at,
                case when is_unscanned then 'unscanned_delivery' when is_taken_back then 'scan_taken_back'
                    when is_shuffled then 'shuffled_scans' when told_on is null then 'no_promise' end as trap
            from part.aftership_versions as versions
            join part.aftership_parcels as parcels using (parcel_key)
            left join part.aftership_scans as scans using (parcel_key, load_at)
        ),
        back as (
            select forward.* replace (
                md5('back/' || return_key) as id, 'RT' || forward.tracking_number as tracking_number,
                filed_at + interval 1 day as created_at, filed_at + interval 1 day as updated_at, 'InTransit' as tag,
                'return' as shipment_direction, null as shipment_delivery_date,
                load_after(filed_at + interval 1 day) as load_at, 'return_leg' as trap
            )
            from life.returns as returns
            join part.aftership_parcels as parcels on parcels.order_key = returns.order_key and parcels.number = 0
            join forward on forward.id = parcels.id
            where filed_at + interval 1 day < (select cut_at from life.settings)
            qualify row_number() over (partition by return_key order by forward.load_at) = 1
        ),
        -- The number once belonged to somebody else's parcel, which this account had imported by hand.
        older as (
            select forward.* replace (
                md5('older/' || forward.id) as id, created_at - interval 400 day as created_at,
                created_at - interval 360 day as updated_at, 'Expired' as tag, null as order_id, null as order_number,
                null as shipment_pickup_date, null as shipment_delivery_date, null as order_promised_delivery_date,
                null as first_estimated_delivery, null as courier_estimated_delivery_date, null as customers,
                '[]' as checkpoints, load_after(created_at - interval 360 day) as load_at, 'recycled_number' as trap
            )
            from forward
            where chance('recycled_number', forward.id) < {trap("recycled_number")}
            qualify row_number() over (partition by id order by forward.load_at) = 1
        )
        select
            id,
            tracking_number,
            slug,
            shipment_type,
            utc(created_at) as created_at,
            utc(updated_at) as updated_at,
            tag not in ('Delivered', 'Expired') as active,
            tag,
            tag || case tag when 'Exception' then '_005' else '_001' end as subtag,
            order_id,
            order_number,
            shipment_pickup_date,
            shipment_delivery_date,
            order_promised_delivery_date,
            first_estimated_delivery,
            courier_estimated_delivery_date,
            return_to_sender,
            shipment_direction,
            customers,
            destination_country_region,
            checkpoints,
            load_at as _load_at,
            trap as _trap_name
        from (from forward union all from back union all from older)
        """,
        key=("id",),
        changed_at="updated_at",
        spoils=(Spoil("created_at"), Spoil("checkpoints", "left(checkpoints || '[[', -1)"), Spoil("id")),
        trap="_trap_name",
    )
    delivery.record("tracking", "select id, person_id, true from part.aftership_parcels", landed="trackings")
    delivery.tell(
        "parcels",
        f"""
        select 'aftership:' || id as shipment_id, {ORDER_ID} + order_key as source_order_id, person_id, slug as carrier,
            service, tried_on as attempted_on, came_on as delivered_on, trouble,
            coalesce(told_on, estimated_on) as promised_on, parcels.promised_on as true_promised_on,
            case
                when coalesce(told_on, estimated_on) is null then null
                when tried_on is not null then tried_on > coalesce(told_on, estimated_on)
                when last_seen_at is null or last_seen_at + interval 30 day < cut_at then null
                else settings.as_of_on > coalesce(told_on, estimated_on)
            end as is_late,
            coalesce(is_staged, false) as is_staged
        from part.aftership_parcels as parcels
        left join (
            select parcel_key, max(seen_at) filter (where tag <> 'InfoReceived') as last_seen_at,
                bool_or(tag in ('AttemptFail', 'Delivered')) as is_attempted, bool_or(tag = 'Delivered') as is_delivered
            from life.checkpoints where seen_at < (select cut_at from life.settings) group by parcel_key
        ) as scans using (parcel_key)
        left join part.aftership__trackings as landed on landed.record_key = parcels.id,
        life.settings,
        -- What happened in the last hours has not been told yet.
        lateral (select case when is_attempted then parcels.attempted_on end as tried_on,
            case when is_delivered then parcels.delivered_on end as came_on) as seen
        """,
    )


def returns(delivery: Delivery) -> None:
    delivery.con.execute(
        f"""
        create table part.aftership_returns as
        select returns.*, md5('return/' || return_key) as id, orders.shop_id, orders.currency, orders.number as slot,
            order_name(returns.order_key, returns.person_id, orders.shop_id) as name, people.email,
            refunds.money_cents, replacements.order_key as replacement_key,
            lines.items
        from life.returns as returns
        join life.orders as orders using (order_key)
        join life.people as people on people.person_id = returns.person_id
        left join life.refunds as refunds using (order_key)
        left join life.orders as replacements
            on replacements.origin = 'replacement' and replacements.person_id = returns.person_id
            and replacements.order_key % 4096 = 1024 + returns.order_key % 4096
        left join (
            select refund_lines.order_key, '[' || string_agg('{{"id":"' || refund_line_key
                || '","external_order_item_id":"'
                || {LINE_ID} + refund_lines.line_key || '","external_product_id":"'
                || {PRODUCT_ID} + {SHOP_STEP} * orders.shop_id + lines.product_id || '","external_variant_id":"'
                || {VARIANT_ID} + {SHOP_STEP} * orders.shop_id + lines.variant_id || '","sku":"' || lines.sku
                || '","return_reason":"' || returns.reason || '","intended_return_quantity":' || refund_lines.quantity
                || ',"return_quantity":' || refund_lines.quantity || '}}', ',' order by refund_lines.line_no)
                    || ']' as items
            from life.refund_lines as refund_lines
            join life.returns as returns using (order_key)
            join life.orders as orders using (order_key)
            join life.order_lines as lines on lines.line_key = refund_lines.line_key
            group by refund_lines.order_key
        ) as lines on lines.order_key = returns.order_key
        order by return_key
        """
    )
    delivery.deliver(
        "returns",
        f"""
        with events as (
            select return_key, unnest([filed_at, filed_at + interval 1 day, resolved_at]) as happened_at
            from part.aftership_returns
        ),
        versions as (
            select return_key, load_after(happened_at) as load_at, max(happened_at) as updated_at
            from events where happened_at < (select cut_at from life.settings) group by return_key, load_at
        )
        select
            id,
            upper(left(id, 8)) as rma_number,
            utc(filed_at) as created_at,
            utc(updated_at) as updated_at,
            case when resolved_at <= updated_at then 'done' when is_approved then 'approved' else 'submitted' end
                as approval_status,
            utc(case when is_approved then filed_at + interval 1 day end) as approved_at,
            null::timestamptz as rejected_at,
            utc(case when resolved_at <= updated_at and outcome = 'refund' then resolved_at end)
                as refunded_at,
            utc(case when resolved_at <= updated_at then resolved_at end) as resolved_at,
            null::timestamptz as expired_at,
            filed_by,
            case outcome when 'store credit' then 'store_credit' else 'original_payment' end as refund_destination,
            case when resolved_at <= updated_at and outcome = 'refund'
                then '{{"amount":"' || money(money_cents) || '","currency":"' || currency || '"}}' end
                    as refunded_total,
            '["' || case outcome when 'store credit' then 'store_credit' else outcome end || '"]' as outcomes,
            '{{"external_id":"' || ({ORDER_ID} + order_key) || '","order_number":"' || substr(name, 2)
                || '","order_name":"' || name || '","customer":{{"emails":[' || quoted(email)
                || ']}},"store":{{"platform":"shopify"}}}}' as "order",
            coalesce(items, '[]') as return_items,
            case when outcome = 'exchange' and resolved_at <= updated_at and replacement_key is not null
                then '{{"order":{{"external_id":"' || ({ORDER_ID} + replacement_key) || '"}},"items":[]}}' end
                    as exchange,
            load_at as _load_at
        from versions join part.aftership_returns as returns using (return_key),
        lateral (select filed_at + interval 1 day <= updated_at as is_approved) as states
        """,
        key=("id",),
        changed_at="updated_at",
        spoils=(Spoil("created_at"), Spoil("return_items", "'[{\"id\":'"), Spoil("id")),
    )
    delivery.record("return", "select id, person_id, true from part.aftership_returns", landed="returns")
    delivery.tell(
        "returns",
        f"""
        select 'aftership:' || id as return_id, {ORDER_ID} + order_key as source_order_id, person_id, filed_at,
            filed_by,
            reason, replace(outcome, ' ', '_') as outcome, resolved_at, money_cents, coalesce(is_staged, false)
                as is_staged
        from part.aftership_returns as returns
        left join part.aftership__returns as landed on landed.record_key = returns.id
        """,
    )
