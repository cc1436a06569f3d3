"""
The life tables: what really happened, before any system wrote it down.

Every block of people has a DuckDB connection with a schema `life`. System writers read only these tables. Instants are
TIMESTAMP in UTC (names in _at), days are DATE (_on), money is whole cents of the order's currency (_cents), keys are
BIGINT and the same whatever the arguments. Nothing in them lies after as_of: later rows are not there, later instants
are null; only what was planned then may lie ahead (promised_on, active_at, expires_at, tier_until_at). A system asks
for groups of tables by name (`NEEDS`); `always` is always there.

always: the catalogue, the same in every block
  shops        shop_id, shop_url, name, currency, time_zone, taxes_included, country_code
  stores       store_id (NYC-1 ...), city, country_code, currency, time_zone: tills of their own. The pop-up store in
               Boston is Shopify's own till (a location), not one of these
  products     product_id, title, family, category, brand, option_name, is_gift_card, is_subscribable, sold_from_on
  variants     variant_id (product_id * 10 + n), product_id, sku, option_value, list_cents_usd, list_cents_eur (with
               tax), cost_cents, position
  promotions   promotion_id, name, code, percent, min_cents, begins_on, ends_on, true_lift (factor on the purchase rate)
  campaigns    campaign_id, name, channel (email, sms, push), family, category (what it promotes, null: all), sent_at,
               promotion_id. Only those sent before as_of
  tiers        tier, at_least_cents (net spend of the trailing 365 days), points_per_unit
  settings     one row: seed, as_of_on, cut_at (midnight after as_of), last_load_at, first_load_at

always: people
  people       person_id, household_id, is_household (shares address, perhaps inbox), given_name, family_name, birth_on,
               shop_id, city, province_code, country_code, time_zone, street, postal_code, home_store_id (null: no till
               in town), arrived_at, email (their inbox; shared ones belong to two people), second_email, email_variant
               (the plus or dotless spelling of email), and what they gave where: loyalty_email, reviews_email,
               helpdesk_email, messages_email; phone (E.164), phone_until_at (given up then, somebody else has it
               later), next_phone, merged_at (second account merged into the first), has_account, shopify_customer_id,
               merged_shopify_customer_id, loyalty_id (card number; null: no member), is_prospect (never buys),
               is_staff, is_wholesale, is_marketplace, favourite_category, preferred_channel, store_share,
               daily_purchase_rate, dropout_probability, message_tolerance (0 to 1), scene (a named person, see
               `scenes`), erasure_at (asks to be erased), first_ordered_at, wants_email, wants_sms, wants_push,
               agrees_at (says so then)

always: trade
  orders       order_key, person_id, shop_id, channel (web, till, pop_up), store_id (till), city; origin (purchase,
               renewal, replacement: what an exchange sent), number (the person's purchases from 0), subscription_key
               (renewals), is_subscription_start, state (normal, test, cancelled, cancelled_late: after it shipped,
               voided, pending: not paid at once, draft), ordered_at, ordered_local_at (wall clock of the buyer's town),
               created_at (later for imported orders), is_authorized, paid_at, shipped_at, attempted_at (first try of
               the carrier), delivered_at, cancelled_at, voided_at, deleted_at, refunded_at; is_guest,
               is_second_account, shows (till: nothing, card, email, phone, email_and_phone, placeholder), email_used,
               phone_used (as typed: noise, national form), loyalty_id_used; currency, taxes_included, tax_rate;
               gross_cents, discount_cents (all shares of the lines), net_cents (lines after discounts, as in the shop's
               prices), tax_cents, shipping_cents, shipping_off_cents, tip_cents, total_cents, gift_tender_cents (paid
               with a gift card), reward_cents (loyalty), automatic_cents, code (typed; null: none), percent (of that
               code), points_earned, points_spent, merchandise_cents (net without tax and gift cards),
               gross_untaxed_cents, discount_untaxed_cents, has_gift_card_only, is_legacy (discount written the old
               way), service (standard, express), carrier, promised_on, is_late, parcels, customer_id (the Shopify
               account at ordering, null: guest)
  order_lines  line_key, order_key, line_no (from 0), variant_id, product_id, sku, title, option_value, brand, family,
               category, is_gift_card, quantity, unit_cents, gross_cents, by_code_cents, by_rule_cents, by_reward_cents
               (the three discounts' shares), off_cents, net_cents, tax_cents, off_untaxed_cents, returned (units)
  refunds      refund_key, order_key, refunded_at, kind (all, one, amount, exchange, restock, cancel), moves_money,
               goods_cents, tax_cents, amount_cents, shipping_cents, money_cents (given back), merchandise_cents (what
               net revenue loses)
  refund_lines refund_line_key, refund_key, order_key, line_key, line_no, quantity, value_cents, tax_cents

always: subscriptions and loyalty
  subscriptions        subscription_key, person_id, order_key (first order), shop_id, variant_id, swap_variant_id,
                       quantity, unit_cents, interval_days, started_at, paused_at, resumed_at, swapped_at, ended_at,
                       end_reason (voluntary, involuntary, expired), reactivated_at, status (active, paused, ended)
  subscription_events  subscription_key, event (started, paused, resumed, skipped, swapped, cancelled, expired,
                       payment_failed, reactivated), at (column event_at). Renewals are orders with subscription_key
  loyalty_members      person_id, loyalty_id, joined_at, tier, tier_until_at, points_available, points_pending,
                       points_debt
  loyalty_entries      entry_key, person_id, entry_type (earn, spend, clawback, spend_reversal, expire, activate),
                       points (signed), occurred_at, order_key, lot_no
  loyalty_lots         person_id, lot_no, order_key (null: joining), earned_at, active_at, expires_at, points_issued,
                       points_pending, points_available, points_spent, points_expired, points_clawed_back, points_repaid
  loyalty_tiers        person_id, changed_at, old_tier, tier, cause (spend, year_over)

service: parcels, opinions, questions
  parcels          parcel_key, order_key, person_id, number (of the order's parcels, from 0), carrier, slug,
                   tracking_number, service, shipped_at, promised_on, estimated_on (carrier's first), revised_on (its
                   last), attempted_at, attempts, delivered_at, trouble (fine, damaged, lost, missed, held), is_late,
                   time_zone (of the recipient)
  checkpoints      parcel_key, number, checkpoint_at, seen_at, tag (InfoReceived ... Delivered), message, city
  returns          return_key (= order_key), person_id, filed_at, filed_by, reason, outcome (refund, exchange, store
                   credit), resolved_at
  reviews          review_key (= order_key), person_id, product_id, reviewed_at, score, title, body, email
  tickets          ticket_key (= order_key), person_id, opened_at, channel, topic, email, first_reply_at (null: none
                   yet), closed_at, is_bad_reply, csat (null: no answer), csat_at
  ticket_messages  ticket_key, number, sent_at, is_agent, body

marketing: consent and messages
  consent_events   person_id, channel, state (subscribed, unsubscribed), changed_at, method
  messages         message_key, person_id, channel, message_class (promotional, service, transactional), campaign_id,
                   flow, order_key, sent_at, delivered_at, bounced_at, opened_at, machine_opened_at, clicked_at,
                   unsubscribed_at
  referrals        referral_key, advocate_person_id, friend_person_id, code, invited_at, completed_at, order_key,
                   is_self
  erasures         person_id, requested_at

web: visits and carts
  visits           visit_key, person_id, anonymous_id, started_at, source (direct, search, email, social, referral),
                   pages, variant_id (looked at), has_added, has_checked_out, order_key (what came of it), kind (shop,
                   tracking)
  carts            cart_key, person_id, variant_id, quantity, value_cents, shop_id, created_at, completed_at (null:
                   left), order_key, email
"""

import duckdb
import numpy as np
import pyarrow as pa

from simulator import catalogue, lives, people
from simulator.catalogue import CARRIERS, Calendar
from simulator.columns import Columns, arrow, only, ranks, words
from simulator.draws import Draws
from simulator.loyalty import ENTRY_TYPES
from simulator.orders import LINES, SUBSCRIPTION_EVENTS, Trade
from simulator.settings import DAY, NEVER, Settings, seconds

CHANNELS = ("web", "till", "pop_up")
STATES = ("normal", "test", "cancelled", "cancelled_late", "voided", "pending", "draft")
SHOWS = ("nothing", "card", "email", "phone", "email_and_phone", "placeholder")
REFUND_KINDS = ("none", "one", "all", "amount", "exchange", "restock")


class Life:
    """A block's life tables in a DuckDB connection, and the columns that they are made of."""

    def __init__(self, settings: Settings, draws: Draws, calendar: Calendar, who: Columns, trade: Trade):
        self.settings, self.draws, self.calendar, self.who, self.trade = settings, draws, calendar, who, trade
        self.con = duckdb.connect(config={"threads": 1})
        self.con.execute(
            "set TimeZone = 'UTC'; set enable_progress_bar = false;"
            " create schema life; create schema part; create schema told"
        )
        self.con.execute(
            "create table told.records (source_name varchar, source_record_type varchar, source_record_id varchar,"
            " person_id bigint, is_identifiable boolean)"
        )
        self.groups: set[str] = set()

    def add(self, name: str, table: pa.Table, query: str | None = None) -> None:
        """Keep an Arrow table as life.<name>; `query` may read it as `landed` to add what SQL says better."""
        self.con.register("landed", table)
        self.con.execute(f"create table life.{name} as {query or 'from landed'}")
        self.con.unregister("landed")


def before(settings: Settings, at: np.ndarray) -> np.ndarray:
    """Instants that have happened; NEVER for the others."""
    return np.where(at < settings.cut, at, NEVER)


def add_always(life: Life) -> None:
    """The groups that every writer may read."""
    add_catalogue(life)
    add_people(life)
    add_trade(life)
    add_subscriptions(life)
    add_loyalty(life)


def add_catalogue(life: Life) -> None:
    settings = life.settings
    known = catalogue.variants()
    life.add("shops", pa.Table.from_pylist([
        {"shop_id": shop.shop_id, "shop_url": shop.url, "name": shop.name, "currency": shop.currency,
         "time_zone": shop.time_zone, "taxes_included": shop.taxes_included, "country_code": shop.country_code}
        for shop in catalogue.SHOPS
    ]))  # fmt: skip
    life.add("stores", pa.Table.from_pylist([
        {"store_id": city.store_id, "city": city.name, "country_code": city.country_code,
         "currency": catalogue.SHOPS[city.shop_id].currency, "time_zone": city.time_zone}
        for city in catalogue.CITIES if city.store_id
    ]))  # fmt: skip
    life.add("products", pa.Table.from_pylist([
        {"product_id": product.product_id, "title": product.title, "family": product.family,
         "category": product.category, "brand": product.brand, "option_name": product.option_name,
         "is_gift_card": product.is_gift_card, "is_subscribable": product.is_subscribable,
         "sold_from_on": product.sold_from or settings.start}
        for product in catalogue.PRODUCTS
    ]))  # fmt: skip
    life.add("variants", arrow({
        "variant_id": known.variant_id, "product_id": known.product_id, "sku": pa.array(known.sku),
        "option_value": pa.array(known.option), "list_cents_usd": known.price_cents[0],
        "list_cents_eur": known.price_cents[1], "cost_cents": known.cost_cents, "position": np.arange(len(known.sku)),
    }))  # fmt: skip
    life.add("promotions", pa.Table.from_pylist([
        {"promotion_id": each.promotion_id, "name": each.name, "code": each.code, "percent": each.percent,
         "min_cents": each.min_cents, "begins_on": each.begins, "ends_on": each.ends, "true_lift": each.lift}
        for each in catalogue.promotions(settings.start)
    ]))  # fmt: skip
    sent = [each for each in catalogue.campaigns(settings.start) if each.sent_at < settings.cut]
    life.add("campaigns", arrow({
        "campaign_id": pa.array([each.campaign_id for each in sent], pa.int64()),
        "name": pa.array([each.name for each in sent], pa.string()),
        "channel": pa.array([each.channel for each in sent], pa.string()),
        "family": pa.array([each.family for each in sent], pa.string()),
        "category": pa.array([each.category for each in sent], pa.string()),
        "sent_at": np.array([each.sent_at for each in sent], dtype=np.int64),
        "promotion_id": pa.array([each.promotion_id for each in sent], pa.int64()),
    }))  # fmt: skip
    life.add("tiers", pa.Table.from_pylist([
        {"tier": tier.name, "at_least_cents": tier.at_least_cents, "points_per_unit": tier.points_per_unit}
        for tier in catalogue.TIERS
    ]))  # fmt: skip
    life.add("settings", arrow({
        "seed": np.array([settings.seed]), "as_of_on": np.array([seconds(settings.as_of) // DAY]),
        "cut_at": np.array([settings.cut]), "last_load_at": np.array([settings.last_load]),
        "first_load_at": np.array([settings.first_load]),
    }))  # fmt: skip


def add_people(life: Life) -> None:
    settings, who = life.settings, life.who
    table = people.people_table(settings, life.draws, who)
    first = np.full(who.size(), NEVER)
    placed = life.trade.orders
    rows, places = np.unique(placed.row[np.argsort(placed.ordered_at, kind="stable")], return_index=True)
    first[rows] = np.sort(placed.ordered_at, kind="stable")[places]
    wish = people.instants(settings, np.where(who.is_erased, who.arrived + who.erased_after, np.inf), who.zone)
    extra = arrow({
        "erasure_at": before(settings, wish), "first_ordered_at": first, "wants_email": who.wants_email,
        "wants_sms": who.wants_sms, "wants_push": who.wants_push,
        "agrees_at": before(settings, people.agrees_at(settings, who)),
    })  # fmt: skip
    for name in extra.column_names:
        table = table.append_column(name, extra[name])
    merged = table.column_names.index("merged_at")
    gone = arrow({"merged_at": before(settings, people.instants(settings, people.merged_at(who), who.zone))})
    table = table.set_column(merged, "merged_at", gone["merged_at"])
    life.add(
        "people",
        table,
        """
        select landed.* replace (
            case when phone_until_at < cut_at then phone_until_at end as phone_until_at,
            case when phone_until_at < cut_at then next_phone end as next_phone
        )
        from landed join life.settings on arrived_at < cut_at
        """,
    )


def add_trade(life: Life) -> None:
    settings, who, trade = life.settings, life.who, life.trade
    placed, goods = trade.orders, trade.lines
    city = who.city[placed.row]
    is_renewal = placed.slot >= lives.RENEWAL
    is_replacement = ~is_renewal & (placed.slot >= lives.REPLACEMENT)
    count = placed.size()
    untaxed = np.where(goods.is_gift, 0, goods.net - np.where(placed.taxes_included[goods.order], goods.tax, 0))
    merchandise = np.bincount(goods.order, untaxed, count).astype(np.int64)
    off = np.bincount(goods.order, goods.off_untaxed, count).astype(np.int64)
    gifts = np.bincount(goods.order, goods.is_gift, count) == np.bincount(goods.order, minlength=count)
    refunded = np.full(count, NEVER)
    refunded[trade.refunds.order] = trade.refunds.refunded_at
    subscription = np.full(count, -1)
    subscription[is_renewal] = (
        who.person_id[placed.row] * lives.SUBSCRIPTIONS + (placed.slot - lives.RENEWAL) // lives.RENEWALS
    )[is_renewal]
    promotions = catalogue.promotions(settings.start)
    codes = [*(each.code for each in promotions), "WELCOME10", "SUBSCRIBER10", None]
    code = np.select(
        [placed.code == 1, placed.code == 2, placed.code == 3],
        [placed.promotion, len(promotions), len(promotions) + 1],
        len(promotions) + 2,
    )
    landed = arrow({
        "order_key": placed.key,
        "person_id": who.person_id[placed.row],
        "shop_id": who.shop_id[placed.row],
        "channel": words(CHANNELS, placed.channel),
        "store_id": words([*(each.store_id for each in catalogue.CITIES), None],
                          np.where(placed.channel == lives.TILL, city, len(catalogue.CITIES))),
        "city": words([each.name for each in catalogue.CITIES], city),
        "origin": words(("purchase", "replacement", "renewal"), is_replacement + 2 * is_renewal),
        "number": np.where(lives.orders_of(placed.slot), placed.slot, -1),
        "subscription_key": only(subscription, is_renewal),
        "is_subscription_start": np.isin(placed.key, trade.subscriptions.order_key),
        "state": words(STATES, placed.state),
        "ordered_at": placed.ordered_at,
        "ordered_local_at": catalogue.to_local(placed.ordered_at, who.zone[placed.row]),
        "created_at": placed.created_at,
        "is_authorized": placed.is_authorized,
        "paid_at": before(settings, placed.paid_at),
        "shipped_at": before(settings, placed.shipped_at),
        "attempted_at": before(settings, placed.attempted_at),
        "delivered_at": before(settings, placed.delivered_at),
        "cancelled_at": before(settings, placed.cancelled_at),
        "voided_at": before(settings, placed.voided_at),
        "deleted_at": before(settings, placed.deleted_at),
        "refunded_at": refunded,
        "is_guest": placed.is_guest,
        "is_second_account": placed.second_account,
        "shows": words((*SHOWS, None), np.where(placed.channel == lives.WEB, len(SHOWS), placed.shows)),
        "email_form": placed.email_form,
        "types_phone": placed.types_phone | (placed.shows == 3) | (placed.shows == 4),
        "national_phone": placed.national_phone,
        "taxes_included": placed.taxes_included,
        "tax_rate": placed.tax_rate,
        "gross_cents": np.bincount(goods.order, goods.gross, count).astype(np.int64),
        "discount_cents": placed.discount,
        "net_cents": placed.lines_net,
        "tax_cents": placed.tax,
        "shipping_cents": placed.shipping,
        "shipping_off_cents": placed.shipping_off,
        "tip_cents": placed.tip,
        "total_cents": placed.total,
        "gift_tender_cents": placed.gift_tender,
        "reward_cents": placed.reward,
        "automatic_cents": placed.automatic,
        "code": words(codes, code),
        "percent": placed.percent,
        "points_earned": placed.points_earned,
        "points_spent": placed.points_spent,
        "merchandise_cents": merchandise,
        "gross_untaxed_cents": merchandise + off,
        "discount_untaxed_cents": off,
        "has_gift_card_only": gifts,
        "is_legacy": placed.is_legacy,
        "service": words(("standard", "express"), placed.service),
        "carrier": words(CARRIERS, placed.carrier),
        "promised_on": placed.promised_on,
        "is_late": (placed.late_days > 0) & (placed.channel == lives.WEB),
        "parcels": placed.parcels,
    })  # fmt: skip
    life.add(
        "orders",
        landed,
        """
        select
            landed.* exclude (email_form, types_phone, national_phone),
            shops.currency,
            case landed.email_form
                when 1 then coalesce(people.second_email, people.email)
                when 2 then people.email_variant
                when 3 then upper(people.email)
                when 4 then ' ' || people.email || ' '
                when 5 then people.email[1] || people.email[3] || people.email[2] || people.email[4:]
                else people.email
            end as email_used,
            case when landed.types_phone then
                case when landed.national_phone then
                    case people.country_code
                        when 'FR' then '0' || substr(held.phone, 4)
                        when 'DE' then '0' || substr(held.phone, 4)
                        else '(' || substr(held.phone, 3, 3) || ') ' || substr(held.phone, 6, 3) || '-'
                            || substr(held.phone, 9)
                    end
                else held.phone end
            end as phone_used,
            case when landed.shows = 'card' or (landed.channel = 'web' and not landed.is_guest)
                then people.loyalty_id end
                as loyalty_id_used,
            case
                when landed.is_guest then null
                when landed.is_second_account then people.merged_shopify_customer_id
                else people.shopify_customer_id
            end as customer_id
        from landed
        join life.people as people using (person_id)
        join life.shops as shops on shops.shop_id = people.shop_id,
        lateral (select case when landed.ordered_at < coalesce(people.phone_until_at, timestamp '9999-01-01')
            then people.phone else people.next_phone end as phone) as held
        order by order_key
        """,
    )
    life.add(
        "order_lines",
        arrow({
            "line_key": placed.key[goods.order] * LINES + goods.line_no, "order_key": placed.key[goods.order],
            "line_no": goods.line_no, "position": goods.variant, "is_gift_card": goods.is_gift,
            "quantity": goods.quantity, "unit_cents": goods.unit, "gross_cents": goods.gross,
            "by_code_cents": goods.by_code, "by_rule_cents": goods.by_rule, "by_reward_cents": goods.by_reward,
            "off_cents": goods.off, "net_cents": goods.net, "tax_cents": goods.tax,
            "off_untaxed_cents": goods.off_untaxed, "returned": goods.returned,
        }),
        """
        select landed.* exclude (position), variants.variant_id, variants.product_id, variants.sku, products.title,
            variants.option_value, products.brand, products.family, products.category
        from landed join life.variants as variants using (position)
        join life.products as products using (product_id) order by line_key
        """,
    )  # fmt: skip
    back, back_lines = trade.refunds, trade.refund_lines
    is_cancel = placed.state[back.order] == lives.CANCELLED
    life.add("refunds", arrow({
        "refund_key": back.key, "order_key": back.key, "refunded_at": back.refunded_at,
        "kind": words((*REFUND_KINDS, "cancel"), np.where(is_cancel, len(REFUND_KINDS), back.plan)),
        "moves_money": back.moves_money, "goods_cents": back.goods, "tax_cents": back.tax,
        "amount_cents": back.amount, "shipping_cents": back.shipping, "money_cents": back.money,
        "merchandise_cents": back.merchandise,
    }))  # fmt: skip
    keys = placed.key[back_lines.order]
    life.add("refund_lines", arrow({
        "refund_line_key": keys * LINES + back_lines.line_no, "refund_key": keys, "order_key": keys,
        "line_key": keys * LINES + back_lines.line_no, "line_no": back_lines.line_no, "quantity": back_lines.quantity,
        "value_cents": back_lines.value, "tax_cents": back_lines.tax,
    }))  # fmt: skip


def add_subscriptions(life: Life) -> None:
    settings, who, signed = life.settings, life.who, life.trade.subscriptions
    known = catalogue.variants().variant_id
    zone = who.zone[signed.row]

    def instant(name: str) -> np.ndarray:
        return before(settings, people.instants(settings, signed[name], zone))

    ended, back = instant("ended"), instant("reactivated")
    paused, resumed = instant("paused"), instant("resumed")
    is_over = (ended != NEVER) & (back == NEVER)
    is_paused = (paused != NEVER) & (resumed == NEVER)
    started = people.instants(settings, signed.started, zone)
    table = arrow({
        "subscription_key": signed.subscription_key, "person_id": who.person_id[signed.row],
        "order_key": signed.order_key, "shop_id": who.shop_id[signed.row], "variant_id": known[signed.variant],
        "swap_variant_id": known[signed.swap_variant], "quantity": signed.quantity, "unit_cents": signed.unit,
        "interval_days": signed.interval, "started_at": started, "paused_at": paused, "resumed_at": resumed,
        "swapped_at": instant("swapped"), "ended_at": ended,
        "end_reason": words(("voluntary", "involuntary", "expired", None), np.where(ended == NEVER, 3, signed.how)),
        "reactivated_at": back,
        "status": words(("active", "paused", "ended"), np.where(is_over, 2, np.where(is_paused, 1, 0))),
    })  # fmt: skip
    happened = started < settings.cut
    life.add("subscriptions", table.filter(pa.array(happened)))
    events = life.trade.subscription_events
    at = people.instants(settings, events.at, who.zone[signed.row[events.subscription]])
    table = arrow({
        "subscription_key": signed.subscription_key[events.subscription],
        "event": words(SUBSCRIPTION_EVENTS, events.kind), "event_at": at,
    })  # fmt: skip
    life.add("subscription_events", table.filter(pa.array(at < settings.cut)))


def add_loyalty(life: Life) -> None:
    placed, ledger = life.trade.orders, life.trade.ledger
    members, entries, lots, changes = ledger.members, ledger.entries, ledger.lots, ledger.tiers
    person = members.person_id
    tiers = [tier.name for tier in catalogue.TIERS]
    order_key = np.append(placed.key, -1)
    rows = np.argsort(person)
    life.add("loyalty_members", arrow({
        "person_id": person[rows],
        "joined_at": members.joined_at[rows],
        "tier": words(tiers, members.tier[rows]),
        "tier_until_at": members.tier_until[rows],
        "points_available": np.bincount(lots.member, lots.available, members.size()).astype(np.int64)[rows],
        "points_pending": np.bincount(lots.member, lots.pending, members.size()).astype(np.int64)[rows],
        "points_debt": members.debt[rows],
    }), "select landed.*, people.loyalty_id from landed join life.people as people using (person_id) order by person_id"
    )  # fmt: skip
    life.add("loyalty_entries", arrow({
        "entry_key": person[entries.member] * 10_000 + ranks(entries.member),
        "person_id": person[entries.member],
        "entry_type": words(ENTRY_TYPES, entries.kind),
        "points": entries.points,
        "occurred_at": entries.at,
        "order_key": only(order_key[entries.order], entries.order >= 0),
        "lot_no": only(entries.lot, entries.lot >= 0),
    }))  # fmt: skip
    life.add("loyalty_lots", arrow({
        "person_id": person[lots.member],
        "lot_no": lots.lot,
        "order_key": only(order_key[lots.order], lots.order >= 0),
        "earned_at": lots.earned_at,
        "active_at": lots.active_at,
        "expires_at": lots.expires_at,
        "points_issued": lots.issued,
        "points_pending": lots.pending,
        "points_available": lots.available,
        "points_spent": lots.spent,
        "points_expired": lots.expired,
        "points_clawed_back": lots.clawed_back,
        "points_repaid": lots.repaid,
    }), "from landed order by person_id, lot_no")  # fmt: skip
    life.add("loyalty_tiers", arrow({
        "person_id": person[changes.member],
        "changed_at": changes.at,
        "old_tier": words(tiers, changes.old),
        "tier": words(tiers, changes.new),
        "cause": words(("spend", "year_over"), changes.cause),
    }))  # fmt: skip
