"""
Yotpo Reviews as Airbyte lands it: requests for reviews (wide rows, times as text), reviews, and who wants none.

The loader takes coupon codes for numbers and nulls them, and its cursor does not see reviews that are taken down later.
A machine's open is an open there.
"""

from simulator.loader import REASON, Delivery, Spoil
from simulator.systems import _messages
from simulator.systems.shopify.content import ORDER_ID, PRODUCT_ID, SHOP_STEP

NEEDS = ("service", "marketing")
REVIEW_ID = 400_000_000
# The id of an address in the marts, with the salt that is the default.
ADDRESS = "substr(sha256('perennial|address|' || lower(trim({}))), 1, 32)"


def write(delivery: Delivery) -> None:
    _messages.add(delivery)
    requests(delivery)
    reviews(delivery)
    refusals(delivery)
    delivery.record(
        "address",
        f"""
        select {ADDRESS.format("email")}, min(person_id), true from (
            select email, person_id from part.yotpo_requests
            union all select email, person_id from part.yotpo_reviews where email is not null
        ) group by all
        """,
    )


def requests(delivery: Delivery) -> None:
    trap = delivery.settings.trap
    delivery.con.execute(
        f"""
        create table part.yotpo_requests as
        select messages.message_key, messages.person_id, messages.order_key, people.reviews_email as email,
            orders.shop_id,
            sent_at, least(opened_at, machine_opened_at) as opened_at, clicked_at, bounced_at, unsubscribed_at,
            unsubscribed_at is not null and chance('undated', message_key::varchar) < {trap("undated_refusal")}
                as is_undated,
            unsubscribed_at is not null and chance('complains', message_key::varchar) < 0.1 as is_complaint,
            chance('coupon', message_key::varchar) < {trap("lost_coupon")} as has_coupon,
            reviews.reviewed_at, reviews.product_id as reviewed_product_id
        from part.tool_messages as messages
        join life.people as people using (person_id)
        join life.orders as orders using (order_key)
        left join life.reviews as reviews on reviews.order_key = messages.order_key and reviews.reviewed_at > sent_at
        where tool = 'yotpo';

        create table part.yotpo_versions as
        with moves as (
            select message_key, sent_at as moved_at from part.yotpo_requests
            union all select message_key, unnest([opened_at, clicked_at, bounced_at, unsubscribed_at, reviewed_at])
            from part.yotpo_requests
        )
        select message_key, load_after(moved_at) as load_at, max(moved_at) as moved_at from moves
        where moved_at < (select cut_at from life.settings) group by all;
        """
    )
    text = "strftime(case when {0} <= versions.moved_at then {0} end, '%Y-%m-%dT%H:%M:%S.000Z')"
    delivery.deliver(
        "raw_data",
        f"""
        select
            requests.email as email_address,
            ({ORDER_ID} + requests.order_key)::varchar as order_id,
            ({PRODUCT_ID} + {SHOP_STEP} * requests.shop_id + lines.product_id)::varchar as product_id,
            'mail_after_service' as email_type,
            0.0::double as reminder_num,
            'product' as review_type,
            'shopify' as platform,
            {text.format("sent_at")} as email_sent_timestamp,
            {text.format("opened_at")} as opened_timestamp,
            {text.format("clicked_at")} as clicked_through_timestamp,
            case when requests.reviewed_product_id = lines.product_id then {text.format("reviewed_at")} end
                as content_creation_timestamp,
            case when not is_undated and not is_complaint then {text.format("unsubscribed_at")} end
                as unsubscribed_timestamp,
            case when not is_undated and is_complaint then {text.format("unsubscribed_at")} end
                as marked_spam_timestamp,
            null::varchar as failed_timestamp,
            {text.format("bounced_at")} as invalid_address_timestamp,
            null::double as sku,
            null::double as coupon_code,
            case when has_coupon then '[{{"field":"coupon_code","change":"NULLED","reason":"{REASON}"}}]' else '[]' end
                as _changes,
            versions.load_at as _load_at,
            case when has_coupon then 'lost_coupon' end as _oddity
        from part.yotpo_versions as versions
        join part.yotpo_requests as requests using (message_key)
        join (select distinct order_key, product_id from life.order_lines where not is_gift_card and line_no < 2)
            as lines
            using (order_key)
        """,
        key=("email_address", "order_id", "product_id", "email_sent_timestamp"),
        spoils=(Spoil("email_address"), Spoil("email_sent_timestamp", "'a while ago'")),
        trap="_oddity",
    )
    delivery.tell(
        "messages",
        """
        select 'yotpo' as source_name, null::varchar as message_id, person_id, 'email' as channel, 'promotional'
            as message_class,
            'review request' || case when has_coupon then ' with coupon' else '' end as campaign, sent_at,
            null::timestamp as delivered_at, opened_at, null::timestamp as machine_opened_at, clicked_at, bounced_at,
            null::timestamp as failed_at,
            case when not is_undated and not is_complaint then unsubscribed_at end as unsubscribed_at,
            case when not is_undated and is_complaint then unsubscribed_at end as complained_at
        from part.yotpo_requests
        semi join (from life.order_lines where not is_gift_card and line_no < 2) as lines using (order_key)
        order by all
        """,
    )


def reviews(delivery: Delivery) -> None:
    trap = delivery.settings.trap
    delivery.con.execute(
        f"""
        create table part.yotpo_reviews as
        select {REVIEW_ID} + review_key as id, reviews.*, people.given_name, orders.shop_id,
            chance('site review', review_key::varchar) < 0.04 as is_site_review,
            chance('incentive', review_key::varchar) < 0.1 as is_incentivized,
            case when chance('moderated', review_key::varchar) < {trap("moderated")}
                then reviewed_at + to_seconds(3600 * (2 + 1000 * chance('moderated at', review_key::varchar))) end
                    as moderated_at,
            chance('moderated unseen', review_key::varchar) < {trap("moderated_unseen")} as is_unseen,
            chance('archived', review_key::varchar) < 0.5 as is_archived
        from life.reviews as reviews
        join life.people as people using (person_id)
        join life.orders as orders using (order_key);
        """
    )
    delivery.deliver(
        "reviews",
        f"""
        with versions as (
            select id, reviewed_at as updated_at, false as is_moderated from part.yotpo_reviews
            union all
            select id, moderated_at, true from part.yotpo_reviews
            where moderated_at < (select cut_at from life.settings) and not is_unseen
        )
        select
            id::double as id,
            utc(reviewed_at) as created_at,
            utc(versions.updated_at) as updated_at,
            score::double as score,
            case when score >= 4 then 0.93 when score = 3 then 0.5 else 0.08 end::double as sentiment,
            title,
            body as content,
            case when is_site_review then 'yotpo_site_reviews'
                else ({PRODUCT_ID} + {SHOP_STEP} * shop_id + product_id)::varchar end as sku,
            given_name as name,
            email,
            'verified_buyer' as reviewer_type,
            (id % 7)::double as votes_up,
            (id % 3)::double as votes_down,
            is_moderated and not is_archived as deleted,
            is_moderated and is_archived as archived,
            false as escalated,
            is_incentivized,
            case when is_incentivized then 'points' end as incentive_type,
            load_after(versions.updated_at) as _load_at,
            case when is_moderated then 'moderated' when moderated_at is not null and is_unseen
                then 'moderated_unseen' end
                as _oddity
        from versions join part.yotpo_reviews as reviews using (id)
        """,
        key=("id",),
        changed_at="updated_at",
        spoils=(Spoil("score", "score - 10"), Spoil("created_at"), Spoil("id")),
        trap="_oddity",
    )
    delivery.tell(
        "reviews",
        f"""
        select 'yotpo:' || id as review_id, reviews.person_id,
            case when not is_site_review then ({PRODUCT_ID} + {SHOP_STEP} * reviews.shop_id + product_id)::varchar end
                as product_id,
            score, reviewed_at, is_site_review, is_incentivized,
            coalesce(moderated_at >= (select cut_at from life.settings) or is_unseen, true) as is_published,
            case when orders.channel = 'web' and not is_site_review
                and exists (from part.yotpo_requests as asked where asked.order_key = reviews.order_key
                    and asked.reviewed_at is not null)
                then {ORDER_ID} + reviews.order_key end as source_order_id
        from part.yotpo_reviews as reviews join life.orders as orders using (order_key) order by all
        """,
    )


def refusals(delivery: Delivery) -> None:
    delivery.deliver(
        "unsubscribers",
        """
        select message_key::double as id, email as user_email, 2.0::double as email_type_id, 'user'
            as unsubscribed_by_name,
            load_after(unsubscribed_at) as _load_at, 'undated_refusal' as _oddity
        from part.yotpo_requests where is_undated
        """,
        key=("id",),
        spoils=(Spoil("user_email"), Spoil("id")),
        trap="_oddity",
    )
