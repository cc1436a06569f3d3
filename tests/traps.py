"""
The traps of the raw data, and for each what handles it, which test holds that, and how to remove it.

`python -m tests.traps` removes one handling after the other in a copy of the project and expects its test to fail
(10 to 20 seconds each; `--only 16 17` for some traps). `python -m tests.traps --list > tests/TRAPS.md` writes the list.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from simulator.settings import TRAPS as SIMULATED

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("models", "macros", "seeds", "tests", "analyses", "simulator", "converters")
CHANGED_ONLY = "PERENNIAL_TRAPS_CHANGED_ONLY"
COPIED_FILES = ("dbt_project.yml", "profiles.yml", "pyproject.toml")

TRAPS = {
    1: "Guests have an e-mail and no account, walk-ins nothing",
    2: "Since Airbyte's Shopify 4 the column customer_id is null; the id is in customer",
    3: "Merged accounts vanish without a word",
    4: "Erased and hashed people: no e-mail, or the hash of nothing, which joins everybody blank",
    5: "E-mails are noisy, placeholders, shared by several people; one person has several",
    6: "What a tool's customer id is, is the shop's choice",
    7: "Yotpo knows people by their address",
    8: "Phone numbers are typed in any way, and are all that SMS and tills share",
    9: "Times without a zone: each system means another one",
    10: "Times with an offset, and the day that they belong to",
    11: "Placed, created, imported and refunded are different times",
    12: "Queued charges and pending points lie in the future",
    13: "Amounts as text, with symbols, in cents",
    14: "Several currencies: what the shop gets, what the buyer sees",
    15: "Prices may contain tax; tips are in the total",
    16: "A gift card sold is a liability, one spent a way to pay",
    17: "total_discount is usually 0; total_price ignores refunds",
    18: "Refunds of an amount without lines, of shipping, without money",
    19: "The same order in several systems",
    20: "Tests, cancelled, unpaid, spam: rows that are no business",
    21: "Deleted rows: tombstones of nulls, flags, or nothing",
    22: "Everything is delivered at least once",
    23: "Late and out of order",
    24: "A cursor on created_at never sees a change",
    25: "Shopify shows the last 60 days of orders only",
    26: "Null, an empty list and no key; JSON as text or as a structure",
    27: "Words change: case, names of metrics, new values, forms of ids",
    28: "Empty for null, 0 for none",
    29: "Machines open and click",
    30: "No delivery of a push, no sending of a Klaviyo e-mail",
    31: "Consent is per channel and source; STOP is a text; a refusal wins",
    32: "States fire although nothing changed",
    33: "Points: signed here, unsigned there; pending, rolled back; the export of balances is the referee",
    34: "Effects come again with every change of a cart",
    35: "Parcels: many to many, return legs, numbers used again, Expired, no scans, moving estimates",
    36: "An unanswered survey is no score; topics are typed by hand",
    37: "Why a subscription ended: free text, nothing after dunning, gone after a reactivation",
}

# Simulated in every row concerned, so that there is no rate to set.
ALWAYS = {
    2: "every order",
    9: "tills, Barilliance, AfterShip, Recharge's days",
    10: "every time of Shopify, with an offset (Airbyte) or in UTC without one (Fivetran)",
    13: "allocations, refunds, Recharge, credit of Yotpo Loyalty",
}

# What no test can hold yet, or need not.
LIMITS = {
    3: "An order that was not loaded again after the merge stays with the account that vanished.",
    4: "Requests to be forgotten are read and counted; no mart obeys them yet.",
    8: "A national number is not completed with its country, and nobody is joined to anybody by a phone.",
    13: "That amounts are decimals and no doubles cannot be seen in results: marts round to cents.",
    20: "Zendesk is not staged. Draft orders count once they are orders: there is nothing to remove.",
    23: "Every model is built from all rows, so that no window of days looks back.",
    24: "Of a change that was never loaded nobody can know.",
    26: "JSON as VARIANT or SUPER: there is no such engine here.",
    33: "Balances are not in a mart yet: this is what staging says of bookings.",
    36: "Zendesk is not staged.",
}

SHOP = "tests/python/test_shopify_orders.py::"
BAD = "tests/python/test_bad_input.py::"
TIME = "tests/python/test_point_in_time.py::"
LOADERS = "tests/python/test_loaders.py::"
LOYAL = "tests/python/test_loyalty_raw_and_web.py::"
TALK = "tests/python/test_messages_consents_reviews.py::"
SERVICE = "tests/python/test_subscriptions_parcels_tickets.py::"
EXPECT = "tests/python/test_expectations.py::"

STAGING = "models/staging/"
BETWEEN = "models/intermediate/"
MARTS = "models/marts/core/"


class Handling(NamedTuple):
    """What handles a trap, the test that holds it, and the edit that removes it: `old` occurs once in `file`."""

    trap: int
    what: str
    test: str
    file: str
    old: str
    new: str


HANDLINGS = (
    Handling(
        1,
        "An order of nobody has no customer",
        SHOP + "test_orders_of_nobody[nobody]",
        BETWEEN + "identity/int_identity__assigned.sql",
        "coalesce(people.customer_id, left_alone.customer_id)",
        "coalesce(people.customer_id, left_alone.customer_id, 'nobody')",
    ),
    Handling(
        1,
        "A guest is known by the e-mail",
        SHOP + "test_guests_are_people_by_email",
        BETWEEN + "identity/int_identity__identifiers.sql",
        "        email as identifier_value\n",
        "        cast(null as string) as identifier_value\n",
    ),
    Handling(
        1,
        "An order of nobody has no place among orders of a person",
        SHOP + "test_orders_of_nobody[nobody]",
        MARTS + "orders.sql",
        "when invalid_reason is null and customer_id is not null",
        "when invalid_reason is null",
    ),
    Handling(
        2,
        "The id is read from customer",
        SHOP + "test_customer_id_is_read_from_the_customer",
        STAGING + "shopify/base_shopify__orders.sql",
        "cast(account.id as string) as shopify_customer_id",
        "cast(null as string) as shopify_customer_id",
    ),
    Handling(
        3,
        "An order belongs to the account that its newest version names",
        SHOP + "test_an_order_moves_to_the_account_that_survives_a_merge",
        STAGING + "shopify/base_shopify__orders.sql",
        "changed_at='updated_at',\n        content=['financial_status'",
        "content=['financial_status'",
    ),
    Handling(
        3,
        "Braze says which profile survives; opens find what was sent to the other",
        TALK + "test_merged_profiles_are_one_person",
        BETWEEN + "messages/int_messages__braze.sql",
        "coalesce(users.surviving_user_id, events.user_id) as person_user_id",
        "events.user_id as person_user_id",
    ),
    Handling(
        4,
        "An anonymised event keeps the person that an earlier one named",
        TALK + "test_anonymised_events_keep_their_person",
        BETWEEN + "identity/int_customer_records__braze.sql",
        "seen_at,\n        {{ newest_value('events.external_user_id', 'events.occurred_at') }} as external_user_id",
        "seen_at,\n        max_by(coalesce(events.external_user_id, '-'), events.occurred_at) as external_user_id",
    ),
    Handling(
        4,
        "Whoever was redacted has refused",
        TALK + "test_redacted_people_refuse_everything",
        STAGING + "shopify/stg_shopify__consent_statements.sql",
        "when said in ('unsubscribed', 'redacted')",
        "when said in ('unsubscribed')",
    ),
    Handling(
        4,
        "What is no e-mail joins nobody",
        SHOP + "test_orders_of_nobody[hash of nothing]",
        "macros/identity/normalise.sql",
        "when not {{ matches(email, '^[^@ ]+@[^@ ]+[.][^@ ]+$') }} then null",
        "when false then null",
    ),
    Handling(
        4,
        "Hashes of nothing are no loyalty ids",
        BAD + "test_placeholders_are_nobody_and_line_ends_are_nothing",
        "seeds/blocked_identifiers.csv",
        "loyalty_id,d41d8cd98f00b204e9800998ecf8427e,",
        "loyalty_id,something else,",
    ),
    Handling(
        5,
        "E-mails are compared without case and blanks",
        SHOP + "test_guests_are_people_by_email",
        "macros/identity/normalise.sql",
        "'lower(trim(cast(' ~ column ~ ' as string)))'",
        "'cast(' ~ column ~ ' as string)'",
    ),
    Handling(
        5,
        "A plus tag stays, but for the provider that ignores it",
        SHOP + "test_plus_tags_are_other_people_outside_of_gmail",
        "macros/identity/normalise.sql",
        "        else {{ email }}\n",
        "        else split_part(split_part({{ email }}, '@', 1), '+', 1) || '@' || split_part({{ email }}, '@', 2)\n",
    ),
    Handling(
        5,
        "Placeholders are nobody",
        SHOP + "test_orders_of_nobody[placeholder]",
        "seeds/blocked_identifiers.csv",
        "email,test@test.com,false,Placeholder\n",
        "",
    ),
    Handling(
        5,
        "A browser of several people is nobody until it says who",
        LOYAL + "test_a_shared_browser_is_nobody_until_it_says_who",
        BETWEEN + "web/int_web_sessions__events.sql",
        "    having count(distinct source_record_type || ':' || source_record_id) = 1\n",
        "",
    ),
    Handling(
        5,
        "A refusal holds for everybody who uses the address",
        TALK + "test_refusals_hold_for_an_address",
        BETWEEN + "consent/int_consent__person_events.sql",
        "where events.state = 'unsubscribed'",
        "where false",
    ),
    Handling(
        5,
        "Of a person's addresses the strictest holds",
        TALK + "test_of_several_addresses_the_strictest_holds",
        BETWEEN + "consent/int_consent__intervals.sql",
        "when refusing_addresses > 0 then 'unsubscribed'\n            when consenting_addresses > 0 then 'subscribed'",
        "when consenting_addresses > 0 then 'subscribed'\n            when refusing_addresses > 0 then 'unsubscribed'",
    ),
    Handling(
        6,
        "A var says what Klaviyo's external id is",
        TALK + "test_external_ids_are_what_the_shop_says",
        BETWEEN + "identity/int_customer_records__klaviyo.sql",
        "var('klaviyo_external_id')",
        "'shopify_customer_id'",
    ),
    Handling(
        6,
        "A var says what Segment's user id is",
        LOYAL + "test_ids_may_be_something_else",
        BETWEEN + "identity/int_customer_records__segment.sql",
        "var('segment_user_id')",
        "'shopify_customer_id'",
    ),
    Handling(
        6,
        "The misspelt column of Yotpo Loyalty is the shop's id too",
        LOYAL + "test_the_misspelt_id_is_the_id",
        STAGING + "yotpo_loyalty/base_yotpo_loyalty__customers.sql",
        "{{ clean_text('parsed.thirty_party_id') }}",
        "null",
    ),
    Handling(
        7,
        "Whoever wrote a review is known by the address",
        TALK + "test_reviews",
        BETWEEN + "identity/int_customer_records__yotpo.sql",
        "    lower(trim(email)) as email,\n",
        "    cast(null as string) as email,\n",
    ),
    Handling(
        7,
        "A member with a new address is the same member",
        LOYAL + "test_the_row_of_an_old_address_is_not_current",
        STAGING + "yotpo_loyalty/base_yotpo_loyalty__customers.sql",
        "coalesce(third_party_id, email) as member_id",
        "email as member_id",
    ),
    Handling(
        8,
        "Phones are compared by their digits",
        TALK + "test_phones_are_the_same_however_they_are_typed",
        "macros/sources/consent.sql",
        "nullif(translate({{ address }}, '+ -()./', ''), '')",
        "{{ address }}",
    ),
    Handling(
        8,
        "A text without a user is of whoever has the number",
        TALK + "test_replies",
        BETWEEN + "consent/int_consent_events__braze.sql",
        "coalesce(events.user_id, numbers.user_id) as user_id",
        "events.user_id",
    ),
    Handling(
        9,
        "A till's clock is the store's",
        BAD + "test_two_zones_are_reported_in_utc",
        STAGING + "pos/base_pos__sales.sql",
        "coalesce(time_zones.time_zone, point_in_time.reporting_timezone) as sold_at_timezone",
        "'UTC' as sold_at_timezone",
    ),
    Handling(
        9,
        "Barilliance's clock is New York's",
        TALK + "test_barilliance_sends",
        STAGING + "barilliance/base_barilliance__sent_emails.sql",
        "{{ to_utc_in('raw_emails.time', \"'America/New_York'\") }}",
        "{{ to_utc('raw_emails.time') }}",
    ),
    Handling(
        9,
        "Recharge's times without an offset are the shop's",
        SERVICE + "test_times_without_offset_are_the_shops",
        STAGING + "recharge/base_recharge__subscriptions.sql",
        "{{ to_utc_in('raw_subscriptions.created_at', 'point_in_time.reporting_timezone') }}",
        "{{ to_utc('raw_subscriptions.created_at') }}",
    ),
    Handling(
        9,
        "Gorgias' times are UTC",
        SERVICE + "test_times_are_utc_and_days_the_shops",
        STAGING + "gorgias/base_gorgias__tickets.sql",
        "{{ to_utc('parsed.created_datetime') }} as opened_at",
        "{{ to_utc_in('parsed.created_datetime', 'point_in_time.reporting_timezone') }} as opened_at",
    ),
    Handling(
        9,
        "A carrier's clock is the recipient's",
        SERVICE + "test_days_are_the_recipients",
        STAGING + "aftership/stg_aftership__checkpoints.sql",
        "{{ to_local_time('scan.checkpoint_time') }} as scanned_at",
        "{{ to_utc('scan.checkpoint_time') }} as scanned_at",
    ),
    Handling(
        9,
        "Talon.One's bookings are in UTC",
        LOYAL + "test_created_without_offset_is_utc",
        STAGING + "talon_one/base_talon_one__loyalty_transactions.sql",
        "{{ to_utc('raw_transactions.created') }} as booked_at",
        "{{ to_utc_in('raw_transactions.created', 'point_in_time.reporting_timezone') }} as booked_at",
    ),
    Handling(
        9,
        "Talon.One's tiers are in the programme's zone",
        LOYAL + "test_tier_dates_are_in_the_programmes_zone",
        STAGING + "talon_one/base_talon_one__customers_tiers.sql",
        "{{ to_utc_in('raw_tiers.start_date', 'coalesce(programmes.time_zone, point_in_time.reporting_timezone)') }}",
        "{{ to_utc('raw_tiers.start_date') }}",
    ),
    Handling(
        9,
        "Braze counts seconds; anything else is refused",
        TALK + "test_braze_refuses",
        "macros/sources/braze.sql",
        "between 0 and 253402300799",
        "> 0",
    ),
    Handling(
        10,
        "A day is the reporting zone's",
        TIME + "test_an_evening_belongs_to_its_day_in_the_zone",
        BETWEEN + "orders/int_orders__unioned.sql",
        "cast({{ utc_to_local('orders.ordered_at', 'point_in_time.reporting_timezone') }} as date) as ordered_on",
        "cast(orders.ordered_at as date) as ordered_on",
    ),
    Handling(
        10,
        "A text with an offset is that instant",
        TALK + "test_shopify_states",
        "macros/engines/time.sql",
        "timezone('UTC', try_cast({{ column }} as timestamp with time zone)) end",
        "try_cast({{ column }} as timestamp) end",
    ),
    Handling(
        10,
        "A time without an offset is UTC, wherever the machine is",
        LOADERS + "test_both_loaders_give_the_same_marts",
        "profiles.yml",
        "        TimeZone: UTC\n",
        "        TimeZone: America/New_York\n",
    ),
    Handling(
        11,
        "An order is placed when it was processed",
        SHOP + "test_an_import_counts_when_it_was_placed",
        STAGING + "shopify/base_shopify__orders.sql",
        "coalesce(processed_at, created_at) as ordered_at",
        "created_at as ordered_at",
    ),
    Handling(
        11,
        "A refund has its own day",
        SHOP + "test_partial_refunds_are_booked_on_their_days",
        BETWEEN + "orders/int_refunds__unioned.sql",
        "cast({{ utc_to_local('refunds.refunded_at', 'point_in_time.reporting_timezone') }} as date) as refunded_on",
        "orders.ordered_on as refunded_on",
    ),
    Handling(
        12,
        "A queued charge is no charge",
        SERVICE + "test_a_queued_charge_is_no_charge",
        BETWEEN + "subscriptions/int_subscription_events__recharge.sql",
        """\
        min(processed_at) as occurred_at,
        charge_id,
        max(charge_type) as charge_type,
        max(scheduled_on) as scheduled_on,
        max(order_reference) as order_reference
    from charge_versions
    where charge_status in ('success', 'refunded', 'partially_refunded') and processed_at is not null
""",
        """\
        min(coalesce(processed_at, updated_at)) as occurred_at,
        charge_id,
        max(charge_type) as charge_type,
        max(scheduled_on) as scheduled_on,
        max(order_reference) as order_reference
    from charge_versions
    where charge_status <> 'error'
""",
    ),
    Handling(
        12,
        "Pending points have a day from which they count",
        LOYAL + "test_when_points_become_active_and_end",
        STAGING + "talon_one/base_talon_one__loyalty_transactions.sql",
        "case when start_text = 'immediate' then booked_at else starts_at end as active_at",
        "booked_at as active_at",
    ),
    Handling(
        13,
        "An amount is read with its symbol and separators",
        LOYAL + "test_money_as_text_and_as_cents",
        STAGING + "yotpo_loyalty/base_yotpo_loyalty__customers.sql",
        "{{ money_text('parsed.credit_balance') }} as credit_balance",
        "try_cast(parsed.credit_balance as decimal(18, 2)) as credit_balance",
    ),
    Handling(
        13,
        "Cents are hundredths",
        LOYAL + "test_money_as_text_and_as_cents",
        STAGING + "yotpo_loyalty/base_yotpo_loyalty__customers.sql",
        "as decimal(18, 2)) / 100 as spent_amount",
        "as decimal(18, 2)) as spent_amount",
    ),
    Handling(
        14,
        "An order is in the shop's currency, whatever the buyer saw",
        SHOP + "test_presentment_currency_is_ignored",
        STAGING + "shopify/base_shopify__orders.sql",
        "upper({{ clean_text('parsed.currency') }}) as currency_code",
        "upper({{ clean_text('parsed.presentment_currency') }}) as currency_code",
    ),
    Handling(
        14,
        "Money without a rate is in no sum",
        SHOP + "test_an_order_without_a_rate_counts_and_carries_no_money",
        MARTS + "orders.sql",
        "when orders.currency_code = point_in_time.reporting_currency then amounts.net_revenue",
        "when true then amounts.net_revenue",
    ),
    Handling(
        14,
        "A return in another currency comes off no sale",
        BAD + "test_a_return_in_another_currency_reduces_nothing",
        BETWEEN + "orders/int_refunds__unioned.sql",
        "        and coalesce(refunds.currency_code, orders.currency_code) = orders.currency_code\n",
        "",
    ),
    Handling(
        15,
        "Tax inside a price comes off",
        SHOP + "test_tax",
        BETWEEN + "orders/int_order_lines__shopify.sql",
        "round(paid_amount - case when is_tax_included then tax_amount else 0 end, 2)",
        "round(paid_amount, 2)",
    ),
    Handling(
        15,
        "Tax inside a refund comes off",
        SHOP + "test_tax",
        BETWEEN + "orders/int_refunds__shopify.sql",
        "        when orders.is_tax_included then round(pieces.amount - pieces.tax_amount, 2)\n",
        "",
    ),
    Handling(
        15,
        "A tip is no merchandise",
        SHOP + "test_tip_is_no_merchandise",
        BETWEEN + "orders/int_order_lines__shopify.sql",
        "    where not is_tip\n",
        "",
    ),
    Handling(
        16,
        "A gift card sold is no revenue",
        SHOP + "test_gift_card_sold_is_a_liability",
        STAGING + "shopify/stg_shopify__order_lines.sql",
        "coalesce(line.gift_card, false) as is_gift_card",
        "false as is_gift_card",
    ),
    Handling(
        16,
        "A gift card given back takes nothing off revenue",
        SHOP + "test_gift_card_returned_is_no_merchandise",
        BETWEEN + "orders/int_refunds__shopify.sql",
        "        when order_lines.is_gift_card then 'gift_card'\n",
        "",
    ),
    Handling(
        16,
        "A gift card spent is no discount (removed: it is one)",
        SHOP + "test_gift_card_spent_is_no_discount",
        STAGING + "shopify/stg_shopify__order_lines.sql",
        "        else coalesce(try_cast(line.total_discount as decimal(18, 4)), 0)\n",
        """\
        else coalesce(try_cast(line.total_discount as decimal(18, 4)), 0) + coalesce((
            select sum(tenders.amount)
            from {{ ref('stg_shopify__transactions') }} as tenders
            where tenders.gateway = 'gift_card' and tenders.shopify_order_id = orders.shopify_order_id
        ), 0)
""",
    ),
    Handling(
        17,
        "A line's discount is its share of all discounts",
        SHOP + "test_allocated_discounts",
        STAGING + "shopify/stg_shopify__order_lines.sql",
        "when {{ any_element('line.discount_allocations', 'true') }}",
        "when false",
    ),
    Handling(
        17,
        "Without shares the old column counts",
        SHOP + "test_legacy_discounts",
        STAGING + "shopify/stg_shopify__order_lines.sql",
        "else coalesce(try_cast(line.total_discount as decimal(18, 4)), 0)",
        "else 0",
    ),
    Handling(
        17,
        "Refunds come off an order",
        SHOP + "test_full_refund_is_no_order",
        BETWEEN + "orders/int_orders__amounts.sql",
        "        - coalesce(refund_sums.refunded_amount, 0) as decimal(18, 2)\n",
        "        as decimal(18, 2)\n",
    ),
    Handling(
        18,
        "An amount beyond the goods is a refund",
        SHOP + "test_amount_only_refund",
        STAGING + "shopify/stg_shopify__refund_lines.sql",
        "from numbered_adjustments\n",
        "from numbered_adjustments\nwhere false\n",
    ),
    Handling(
        18,
        "Money without any piece is a refund",
        SHOP + "test_refund_of_money_without_any_piece",
        STAGING + "shopify/stg_shopify__refund_lines.sql",
        "where has_no_pieces and money_amount > 0",
        "where false",
    ),
    Handling(
        18,
        "A restock moves no money",
        SHOP + "test_refund_without_money[restocked]",
        BETWEEN + "orders/int_refunds__shopify.sql",
        "        when not refunds.has_moved_money then 0\n",
        "",
    ),
    Handling(
        18,
        "Shipping given back is no merchandise",
        SHOP + "test_shipping_refund_is_no_merchandise",
        STAGING + "shopify/stg_shopify__refund_lines.sql",
        "case when kind = 'shipping_refund' then 'shipping' else 'amount' end as kind",
        "'amount' as kind",
    ),
    Handling(
        18,
        "What replaces returned goods is no order",
        SERVICE + "test_an_exchange_is_no_order",
        "seeds/order_exclusions.csv",
        "98,replacement,flag,exchange_for_return,",
        "98,replacement,flag,nothing,",
    ),
    Handling(
        19,
        "A thank-you page is no order (removed: it is one)",
        LOYAL + "test_thanking_for_an_order_is_no_order",
        BETWEEN + "orders/int_orders__unioned.sql",
        "    {{ union_subject('orders', ['pos', 'shopify']) | indent(4) }}\n",
        """\
    {{ union_subject('orders', ['pos', 'shopify']) | indent(4) }}
    union all by name
    select
        'segment:' || event_id as order_id,
        'segment' as source_name,
        occurred_at as ordered_at
    from {{ ref('stg_segment__events') }}
    where event_name = 'order_completed'
""",
    ),
    Handling(
        19,
        "Klaviyo's copy of an order is no order (removed: it is one)",
        TALK + "test_klaviyo_sms_and_orders",
        BETWEEN + "orders/int_orders__unioned.sql",
        "    {{ union_subject('orders', ['pos', 'shopify']) | indent(4) }}\n",
        """\
    {{ union_subject('orders', ['pos', 'shopify']) | indent(4) }}
    union all by name
    select
        'klaviyo:' || event_id as order_id,
        'klaviyo' as source_name,
        occurred_at as ordered_at
    from {{ ref('stg_klaviyo__events') }}
    where metric = 'placed order'
""",
    ),
    Handling(
        19,
        "A charge is told by its order, which is the revenue",
        SERVICE + "test_orders_of_charges_are_subscription_orders_and_the_only_revenue",
        BETWEEN + "orders/int_orders__attributes.sql",
        "where events.event_type = 'charged'",
        "where false",
    ),
    Handling(
        20,
        "A test is no order",
        SHOP + "test_which_orders_count[test before staff]",
        "seeds/order_exclusions.csv",
        "10,test,flag,test,",
        "10,test,flag,nothing,",
    ),
    Handling(
        20,
        "A cancelled order does not count",
        SHOP + "test_which_orders_count[cancelled]",
        "seeds/order_exclusions.csv",
        "30,cancelled,flag,cancelled,",
        "30,cancelled,flag,nothing,",
    ),
    Handling(
        20,
        "Cancelled after it was shipped it counts",
        SHOP + "test_which_orders_count[cancelled after shipping]",
        BETWEEN + "orders/int_orders__attributes.sql",
        "'cancelled_at is not null and (fulfilled_at is null or fulfilled_at >= cancelled_at)'",
        "'cancelled_at is not null'",
    ),
    Handling(
        20,
        "A payment that is pending or voided is none",
        SHOP + "test_which_orders_count[pending]",
        BETWEEN + "orders/int_orders__attributes.sql",
        "where payment_state is not null",
        "where false",
    ),
    Handling(
        20,
        "Wholesale and staff are no customers",
        SHOP + "test_which_orders_count[wholesale]",
        BETWEEN + "orders/int_orders__attributes.sql",
        "where trim(tag) <> ''",
        "where false",
    ),
    Handling(
        20,
        "A marketplace's customers are not ours",
        SHOP + "test_which_orders_count[marketplace]",
        BETWEEN + "orders/int_orders__attributes.sql",
        "where order_source is not null",
        "where false",
    ),
    Handling(
        20,
        "Points of a sandbox are nobody's",
        LOYAL + "test_sandbox_points_are_nobodys",
        STAGING + "talon_one/base_talon_one__loyalty_transactions.sql",
        "is_removed='is_sandbox'",
        "is_removed='false'",
    ),
    Handling(
        20,
        "What was tried in a test workspace was sent to nobody",
        TALK + "test_test_workspaces_are_left_out",
        STAGING + "braze/stg_braze__message_events.sql",
        "anti join {{ ref('test_workspaces') }}",
        "left join {{ ref('test_workspaces') }}",
    ),
    Handling(
        20,
        "Spam, trash and what the shop opened are no contacts",
        SERVICE + "test_what_is_no_contact",
        BETWEEN + "tickets/int_tickets__gorgias.sql",
        "    where exclusion_reason is null\n",
        "",
    ),
    Handling(
        21,
        "The newest deletion of an id counts, whichever row carries it",
        SHOP + "test_deleted_orders_are_gone",
        STAGING + "shopify/base_shopify__orders.sql",
        "(order_deleted_at is not null or (deleted_at is not null and created_at is null))",
        "(deleted_at is not null and created_at is null)",
    ),
    Handling(
        21,
        "Fivetran's deleted rows keep their data and are gone",
        LOADERS + "test_the_shop_has_one_of_everything",
        "macros/sources/shopify.sql",
        "{%- set deleted_at = 'case when try_cast(raw_rows._fivetran_deleted as boolean) then '",
        "{%- set deleted_at = 'case when false then '",
    ),
    Handling(
        21,
        "A review taken down stays and is not published",
        TALK + "test_reviews",
        BETWEEN + "reviews/int_reviews__yotpo.sql",
        "not reviews.is_deleted and not reviews.is_archived as is_published",
        "true as is_published",
    ),
    Handling(
        22,
        "One row of a key counts",
        SHOP + "test_duplicates_count_once",
        "macros/sources/rows.sql",
        ") > 1 then 'duplicate'",
        ") > 1000 then 'duplicate'",
    ),
    Handling(
        22,
        "Of several versions the newest, not the one loaded last",
        SHOP + "test_the_newest_version_counts",
        STAGING + "shopify/base_shopify__orders.sql",
        "changed_at='updated_at',\n        content=['financial_status'",
        "content=['financial_status'",
    ),
    Handling(
        22,
        "A repeated export is known by its key in any case",
        LOYAL + "test_a_repeated_export_counts_once_and_the_newest_pull_wins",
        STAGING + "talon_one/base_talon_one__loyalty_transactions.sql",
        "lower({{ clean_text('raw_transactions.transaction_uuid') }}) as transaction_uuid",
        "{{ clean_text('raw_transactions.transaction_uuid') }} as transaction_uuid",
    ),
    Handling(
        22,
        "Of an event in two tables the row with its properties",
        LOYAL + "test_an_event_in_two_tables_and_sent_twice_is_one_with_its_properties",
        STAGING + "segment/base_segment__events.sql",
        "last_choice=\"raw_table = 'tracks'\"",
        "last_choice=\"raw_table <> 'tracks'\"",
    ),
    Handling(
        23,
        "A sale of a till that was offline is of its day",
        TIME + "test_orders_that_are_not_there_yet_or_any_more",
        BETWEEN + "orders/int_orders__pos.sql",
        "sales.sold_at as ordered_at",
        "coalesce(sales.loaded_at, sales.sold_at) as ordered_at",
    ),
    Handling(
        23,
        "A web event happened when it says, not when it arrived",
        LOYAL + "test_when_an_event_happened",
        STAGING + "segment/base_segment__events.sql",
        "coalesce(raw_events.timestamp, raw_events.received_at) as occurred_at",
        "raw_events.received_at as occurred_at",
    ),
    Handling(
        23,
        "A parcel stays delivered, whatever scan is seen last",
        SERVICE + "test_scans_in_any_order_and_twice",
        BETWEEN + "shipments/int_shipments__aftership.sql",
        "when is_delivered and coalesce(last_state, 'unknown') not in ('returning', 'returned') then 'delivered'",
        "when false then 'delivered'",
    ),
    Handling(
        24,
        "A review is as its newest version before the cut",
        TALK + "test_reviews_taken_down_later_were_published",
        STAGING + "yotpo/base_yotpo__reviews.sql",
        "        changed_at='updated_at',\n",
        "",
    ),
    Handling(
        24,
        "Where nothing says when a row changed, the row loaded last counts",
        SHOP + "test_a_refund_that_was_pending_when_it_was_first_loaded",
        "macros/sources/rows.sql",
        "{{ loaded_at }} desc nulls last",
        "{{ loaded_at }} asc nulls last",
    ),
    Handling(
        25,
        "A history in whose first days old customers buy is said to be cut off",
        EXPECT + "test_a_history_of_60_days_is_seen[cut off]",
        "tests/expectations/raw_shopify.py",
        "                0,\n                0.2,\n",
        "                0,\n                1,\n",
    ),
    Handling(
        26,
        "JSON's null is nothing",
        BAD + "test_json_null_is_nothing",
        "macros/sources/rows.sql",
        "(coalesce({{ clean_text(column) }}, 'null') <> 'null' and {{ parsed }} is null)",
        "({{ clean_text(column) }} is not null and {{ parsed }} is null)",
    ),
    Handling(
        26,
        "A structure is read as the JSON that it is",
        BAD + "test_readable_columns_of_other_types_are_read",
        "macros/sources/door.sql",
        "        cast(to_json({{ column }}) as string)\n",
        "        cast({{ column }} as string)\n",
    ),
    Handling(
        26,
        "A code that the loader nulled was a code",
        TALK + "test_review_requests",
        STAGING + "yotpo/base_yotpo__raw_data.sql",
        "coupon_code is not null or is_coupon_lost as has_coupon",
        "coupon_code is not null as has_coupon",
    ),
    Handling(
        27,
        "States are compared without case",
        SERVICE + "test_why_it_ended[expired]",
        STAGING + "recharge/base_recharge__subscriptions.sql",
        "lower({{ clean_text('raw_subscriptions.status') }}) as subscription_status",
        "{{ clean_text('raw_subscriptions.status') }} as subscription_status",
    ),
    Handling(
        27,
        "Metrics are compared without case",
        TALK + "test_klaviyo_tells_no_sending",
        STAGING + "klaviyo/stg_klaviyo__events.sql",
        "lower(coalesce(events.metric_name, names.name, 'metric ' || events.metric_id)) as metric",
        "coalesce(events.metric_name, names.name, 'metric ' || events.metric_id) as metric",
    ),
    Handling(
        27,
        "Renamed metrics are in the map",
        TALK + "test_klaviyo_consent",
        "seeds/klaviyo_metrics.csv",
        "unsubscribed from email marketing,email,unsubscribed,unsubscribed,Newer name\n",
        "",
    ),
    Handling(
        27,
        "What no map knows is listed",
        LOYAL + "test_names_are_translated_and_unknown_ones_reported",
        BETWEEN + "web/int_web_events__unioned.sql",
        "names.event is not null as is_known_event",
        "true as is_known_event",
    ),
    Handling(
        27,
        "Ids of older API versions are read",
        SERVICE + "test_platform_ids_join_people",
        "macros/sources/values.sql",
        "{{ clean_text(legacy_column) }}",
        "cast(null as string)",
    ),
    Handling(
        28,
        "An empty sub-ledger is the main one",
        LOYAL + "test_no_subledger_is_the_main_one",
        STAGING + "talon_one/base_talon_one__loyalty_transactions.sql",
        "coalesce({{ clean_text('raw_transactions.subledger_id') }}, 'main') as subledger",
        "coalesce(raw_transactions.subledger_id, 'main') as subledger",
    ),
    Handling(
        28,
        "Campaign 0 is none",
        LOYAL + "test_zero_means_none",
        STAGING + "talon_one/base_talon_one__loyalty_transactions.sql",
        "cast(nullif({{ whole_number('raw_transactions.campaign_id') }}, 0) as string) as campaign_id",
        "cast({{ whole_number('raw_transactions.campaign_id') }} as string) as campaign_id",
    ),
    Handling(
        28,
        "A blank SKU is none",
        SHOP + "test_a_blank_sku_is_none",
        STAGING + "shopify/stg_shopify__order_lines.sql",
        "{{ clean_text('line.sku') }} as sku",
        "line.sku as sku",
    ),
    Handling(
        29,
        "The text true is a machine's open",
        TALK + "test_machines_and_bots_are_no_readers",
        STAGING + "braze/base_braze__message_events.sql",
        "coalesce(lower(machine_open) = 'true', false)",
        "false",
    ),
    Handling(
        29,
        "A suspected bot clicks nothing",
        TALK + "test_machines_and_bots_are_no_readers",
        STAGING + "braze/base_braze__message_events.sql",
        "coalesce(lower(is_suspected_bot_click) in ('true', '1'), false)",
        "false",
    ),
    Handling(
        29,
        "Klaviyo's machines are marked in several ways",
        TALK + "test_klaviyo_tells_no_sending",
        STAGING + "klaviyo/base_klaviyo__events.sql",
        "{%- set machine_flags = ['machine_open', 'Machine Open', 'Apple Privacy Open'] %}",
        "{%- set machine_flags = ['Machine Open'] %}",
    ),
    Handling(
        29,
        "Bots visit nothing",
        LOYAL + "test_bots_visit_nothing",
        BETWEEN + "web/int_web_sessions__events.sql",
        "    where not is_bot\n",
        "",
    ),
    Handling(
        30,
        "A push has no time of delivery (removed: that of its sending)",
        TALK + "test_push_is_one_message_without_a_delivery",
        BETWEEN + "messages/int_messages__braze.sql",
        "min(case when event = 'delivered' then occurred_at end) as delivered_at",
        "min(case when event in ('delivered', 'sent') then occurred_at end) as delivered_at",
    ),
    Handling(
        30,
        "Klaviyo tells no sending (removed: that of the receipt)",
        TALK + "test_klaviyo_tells_no_sending",
        BETWEEN + "messages/int_messages__klaviyo.sql",
        "min(case when numbered.message_event = 'sent' then numbered.occurred_at end) as sent_at",
        "min(case when numbered.message_event in ('sent', 'delivered') then numbered.occurred_at end) as sent_at",
    ),
    Handling(
        30,
        "A soft bounce speaks of this attempt only",
        TALK + "test_bounces_and_failures",
        "macros/sources/braze.sql",
        "'users_messages_email_softbounce': ['email', 'failed', email]",
        "'users_messages_email_softbounce': ['email', 'bounced', email]",
    ),
    Handling(
        31,
        "A text that says STOP is a refusal",
        TALK + "test_replies",
        BETWEEN + "consent/int_consent_events__braze.sql",
        "on trim({{ plain_words('events.message_body') }}) = keywords.keyword",
        "on false",
    ),
    Handling(
        31,
        "A refusal beats a consent of the same instant",
        TALK + "test_klaviyo_consent",
        BETWEEN + "consent/int_consent__intervals.sql",
        "order by leniency asc, source_name asc,",
        "order by leniency desc, source_name asc,",
    ),
    Handling(
        31,
        "A suppression is a refusal",
        TALK + "test_klaviyo_consent",
        STAGING + "klaviyo/stg_klaviyo__consent_statements.sql",
        "has_suppression or has_suppressions as is_suppressed",
        "false as is_suppressed",
    ),
    Handling(
        31,
        "A refusal that only an event tells is one",
        TALK + "test_klaviyo_consent",
        BETWEEN + "consent/int_consent_events__klaviyo.sql",
        "where consent_state is not null",
        "where false",
    ),
    Handling(
        31,
        "A list without dates counts from the day before its first load",
        TALK + "test_undated_unsubscribers",
        BETWEEN + "consent/int_consent_events__yotpo.sql",
        "{{ known_before_load('unsubscribers.first_loaded_at') }} as occurred_at",
        "unsubscribers.first_loaded_at as occurred_at",
    ),
    Handling(
        32,
        "A state that is set again is no event",
        TALK + "test_states_restated_by_braze_change_nothing",
        BETWEEN + "consent/int_consent_events__braze.sql",
        "    where previous_status is null or previous_status <> subscription_status\n",
        "",
    ),
    Handling(
        32,
        "The default of a new profile is no consent",
        TALK + "test_states_restated_by_braze_change_nothing",
        BETWEEN + "consent/int_consent_events__braze.sql",
        "or (scope = 'group' and coalesce(channel_status not like '% unsubscribed', true))",
        "or true",
    ),
    Handling(
        33,
        "A subtraction takes off",
        LOYAL + "test_amounts_are_unsigned",
        STAGING + "talon_one/base_talon_one__loyalty_transactions.sql",
        "case when entry_type = 'subtraction' then -amount else amount end as points",
        "amount as points",
    ),
    Handling(
        33,
        "Of a day's exports of a balance the last is the referee",
        LOYAL + "test_one_snapshot_a_day_is_the_referee",
        STAGING + "talon_one/base_talon_one__loyalty_balances.sql",
        "'cast(snapshot_at as date)'",
        "'snapshot_at'",
    ),
    Handling(
        33,
        "What was rolled back did not last",
        LOYAL + "test_rolled_back_effects_did_not_last",
        BETWEEN + "loyalty/int_loyalty__effects.sql",
        "effects.amount - coalesce(rollbacks.amount, 0) as amount",
        "effects.amount",
    ),
    Handling(
        34,
        "Only carts that closed count",
        LOYAL + "test_effects_count_once_for_the_closed_cart",
        BETWEEN + "loyalty/int_loyalty__effects.sql",
        "    where session_state in ('closed', 'partially_returned')\n",
        "",
    ),
    Handling(
        34,
        "Only the answer to the last change counts",
        LOYAL + "test_effects_count_once_for_the_closed_cart",
        BETWEEN + "loyalty/int_loyalty__effects.sql",
        "effects.session_id = closing_events.session_id and effects.event_number = closing_events.event_number",
        "effects.session_id = closing_events.session_id",
    ),
    Handling(
        35,
        "Parcels and orders are many to many",
        SERVICE + "test_parcels_and_orders_are_many_to_many",
        BETWEEN + "shipments/int_shipments__orders.sql",
        "parcel_id as shipment_id",
        "shipment_id",
    ),
    Handling(
        35,
        "A parcel on its way back is no delivery",
        SERVICE + "test_return_legs_are_no_deliveries",
        BETWEEN + "shipments/int_shipments__aftership.sql",
        "    where not is_return_leg\n",
        "",
    ),
    Handling(
        35,
        "A number used a year later is another parcel",
        SERVICE + "test_tracking_numbers_are_used_again",
        BETWEEN + "shipments/int_shipments__unioned.sql",
        "    where distance_days <= {{ threshold('tracking_match_days') }}\n",
        "",
    ),
    Handling(
        35,
        "Expired is neither late nor lost",
        SERVICE + "test_unknown_is_neither_late_nor_lost[expired]",
        MARTS + "shipments.sql",
        "            when shipments.shipment_state = 'unknown' then 'no_information'\n",
        "",
    ),
    Handling(
        35,
        "A delivery without a scan has the day that the tracking says",
        SERVICE + "test_unknown_is_neither_late_nor_lost[delivered without a scan]",
        BETWEEN + "shipments/int_shipments__aftership.sql",
        "coalesce(dated.known_delivered_on, scanned.delivered_on) as day_of_delivery",
        "scanned.delivered_on as day_of_delivery",
    ),
    Handling(
        35,
        "The first promise is the one to keep",
        SERVICE + "test_a_moving_estimate_does_not_hide_lateness",
        STAGING + "aftership/base_aftership__trackings.sql",
        "{{ first_known['courier_estimated_on'] | trim }} as courier_estimated_on",
        "courier_estimated_on",
    ),
    Handling(
        35,
        "A scan that was taken back is gone",
        SERVICE + "test_a_scan_taken_back_is_gone",
        STAGING + "aftership/stg_aftership__checkpoints.sql",
        "where row_status = 'staged'",
        "where row_status in ('staged', 'duplicate')",
    ),
    Handling(
        36,
        "No answer is no score",
        SERVICE + "test_an_unanswered_survey_is_not_a_bad_one",
        STAGING + "gorgias/base_gorgias__satisfaction_surveys.sql",
        "then score end as score",
        "then coalesce(score, 0) end as score",
    ),
    Handling(
        36,
        "Of several surveys one that was answered",
        SERVICE + "test_an_unanswered_survey_is_not_a_bad_one",
        BETWEEN + "tickets/int_tickets__gorgias.sql",
        "case when score is null then 1 else 0 end asc",
        "case when score is null then 0 else 1 end asc",
    ),
    Handling(
        36,
        "Words in a tag say the topic, however they are typed",
        SERVICE + "test_topics_are_typed_by_hand[tag, upper case]",
        BETWEEN + "tickets/int_tickets__labels.sql",
        "on spellings.words like '% ' || rules.pattern || ' %'",
        "on spellings.label = rules.pattern",
    ),
    Handling(
        36,
        "A ticket field goes before a tag",
        SERVICE + "test_topics_are_typed_by_hand[asks by its tag, another topic by its field]",
        BETWEEN + "tickets/int_tickets__topics.sql",
        "priority + case label_source when 'custom_field' then 0 else 100000 end as rank",
        "priority as rank",
    ),
    Handling(
        36,
        "A rule's answer is none",
        SERVICE + "test_the_first_answer_is_a_persons",
        BETWEEN + "tickets/int_tickets__gorgias.sql",
        " and not messages.is_automatic",
        "",
    ),
    Handling(
        37,
        "No reason after a failed charge is dunning",
        SERVICE + "test_why_it_ended[no text after a failed charge]",
        MARTS + "subscriptions.sql",
        "and (subscriptions.is_out_of_retries or states.is_last_charge_failed)",
        "and false",
    ),
    Handling(
        37,
        "A cancellation that the row has forgotten is in its older versions",
        SERVICE + "test_a_reactivation_clears_no_history[no log]",
        STAGING + "recharge/stg_recharge__subscription_versions.sql",
        "where row_status in ('staged', 'duplicate')",
        "where row_status = 'staged'",
    ),
    Handling(
        37,
        "A cancellation whose version was overwritten is in the log",
        SERVICE + "test_a_reactivation_clears_no_history[row overwritten]",
        BETWEEN + "subscriptions/int_subscription_events__recharge.sql",
        "    from logged\n    where event_type in ('started', 'reactivated', 'cancelled', 'expired')\n",
        "    from logged\n    where false\n",
    ),
)


def simulated(number: int) -> str:
    """Where the simulated shop has a trap: the names that `--trap` takes, and what has no rate."""
    names = [f"`{name}`" for name, trap in SIMULATED.items() if trap.number == number]
    return ", ".join(names + [text for known, text in ALWAYS.items() if known == number])


def listing(verdicts: dict[Handling, str] | None = None) -> str:
    """The table as Markdown, with a verdict for what was tried."""
    heads = ["", "Trap", "Simulated", "What handles it", "Test"] + (["Without it"] if verdicts else [])
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    seen = set()
    for handling in verdicts or HANDLINGS:
        number = handling.trap
        first = [str(number), TRAPS[number], simulated(number)] if number not in seen else ["", "", ""]
        seen.add(number)
        test = f"`{handling.test.removeprefix('tests/python/')}`"
        cells = [*first, handling.what, test] + ([verdicts[handling]] if verdicts else [])
        lines.append(f"| {' | '.join(cells)} |")
    if verdicts:
        return "\n".join(lines)
    return "\n".join(
        [
            "# Traps",
            "",
            "How raw data misleads, by the numbers of the source research: where the simulated shop does it (with",
            "`--trap`, or always), what the warehouse does about it, and the test that fails without that. Written by",
            "`python -m tests.traps --list`; `python -m tests.traps` tries it out.",
            "",
            *lines,
            "",
            "What no test holds:",
            "",
            *(f"* {number}: {text}" for number, text in LIMITS.items()),
        ]
    )


def copy_of_the_project(folder: Path) -> Path:
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in COPIED_FILES:
        shutil.copy(ROOT / name, folder / name)
    (folder / ".venv").symlink_to((ROOT / ".venv").resolve())
    return folder


def pytest_collection_finish() -> None:
    """
    How the copy's tests build, since they run with this module as a plugin: without dbt's own tests, so that a named
    test has to see for itself, and out of the warehouses of an earlier run, if asked to.
    """
    conftest = sys.modules["conftest"]
    run_dbt = conftest.run_dbt

    def run(*arguments: str, folder: Path, **more):
        arguments = [*arguments, "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]
        kept = ROOT / "kept" / folder.relative_to(ROOT / "tmp")
        if kept.is_dir():
            (folder / "target").mkdir(parents=True, exist_ok=True)
            for name in ("warehouse.duckdb", "target/partial_parse.msgpack"):
                shutil.copy(kept / name, folder / name)
            if CHANGED_ONLY in os.environ:
                arguments += ["-s", "state:modified+", "--state", str(kept / "target")]
        return run_dbt(*arguments, folder=folder, **more)

    conftest.run_dbt = run


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    if text.count(old) != 1:
        raise ValueError(f"{path} has {text.count(old)} times: {old}")
    path.write_text(text.replace(old, new))


@contextmanager
def removed(project: Path, handling: Handling) -> Iterator[None]:
    """The project without what handles a trap."""
    path = project / handling.file
    text = path.read_text()
    replace(path, handling.old, handling.new)
    try:
        yield
    finally:
        path.write_text(text)


def outcome(project: Path, tests: Iterable[str], changed_only: bool = False) -> tuple[str, str]:
    """passes, fails or breaks (if anything but a failed assertion stopped it), and what pytest printed."""
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.traps", "--basetemp", str(project / "tmp"), *tests],
        cwd=project,
        capture_output=True,
        text=True,
        env=os.environ | ({CHANGED_ONLY: "1"} if changed_only else {}),
    )
    if result.returncode == 0:
        return "passes", result.stdout
    has_failed = re.search(r"^1 failed in ", result.stdout, re.MULTILINE)
    return "fails" if result.returncode == 1 and has_failed else "breaks", result.stdout + result.stderr


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.traps", description=__doc__.split("\n\n")[0].strip())
    parser.add_argument("--list", action="store_true", help="print the table as Markdown and try nothing")
    parser.add_argument("--only", type=int, nargs="+", metavar="N", help="try these traps")
    arguments = parser.parse_args()
    if arguments.list:
        print(listing())
        return 0
    chosen = [handling for handling in HANDLINGS if not arguments.only or handling.trap in arguments.only]
    verdicts = {}
    with tempfile.TemporaryDirectory() as folder:
        project = copy_of_the_project(Path(folder))
        verdict, printed = outcome(project, sorted({handling.test for handling in chosen}))
        if verdict != "passes":
            print(printed, file=sys.stderr)
            return 1
        (project / "tmp").rename(project / "kept")
        for handling in chosen:
            # Of a macro dbt does not know that it makes the view that a model reads, of the profile nothing at all.
            changed_only = handling.file.startswith(("models/", "seeds/", "tests/"))
            with removed(project, handling):
                verdicts[handling], printed = outcome(project, [handling.test], changed_only)
            print(f"{handling.trap:>2} {verdicts[handling]}: {handling.what}", file=sys.stderr, flush=True)
            if verdicts[handling] != "fails":
                print(printed[-3000:], file=sys.stderr)
    print(listing(verdicts))
    return int(set(verdicts.values()) != {"fails"})


if __name__ == "__main__":
    sys.exit(main())
