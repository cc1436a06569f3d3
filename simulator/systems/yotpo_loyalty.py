"""
Yotpo Loyalty: the programme of the second shop (of all shops where Talon.One is not simulated), as its customer
endpoint answers.

A pull has the member's whole history and balance as of then; two pulls were kept, a year apart. Pending points turn
approved without a new entry, expiry and reversals are entries. Members are known by their address: of two who share one
only the first is a member, and when it changes the old row stays.
"""

from simulator.loader import Delivery, Spoil
from simulator.systems.talon_one import SESSION
from simulator.systems.yotpo import ADDRESS

NEEDS = ("marketing",)
ACTIONS = {"earn": "Bestellung", "spend": "Gutschein", "clawback": "Rückgabe", "spend_reversal": "Gutschein zurück"}


def write(delivery: Delivery) -> None:
    trap = delivery.settings.trap
    has_rival = "talon_one" in delivery.settings.systems
    actions = " ".join(f"when '{name}' then '{action}'" for name, action in ACTIONS.items())
    delivery.con.execute(
        f"""
        create table part.yotpo_members as
        select members.*, people.loyalty_email, people.second_email, people.phone, people.shopify_customer_id,
            coalesce(loyalty_email, 'member' || members.person_id || '@example.org') as email,
            people.second_email is not null and people.second_email <> coalesce(loyalty_email, '')
                and chance('moved_member', members.person_id::varchar) < {trap("moved_member")} as has_moved,
            chance('misspelt_id', members.person_id::varchar) < {trap("misspelt_id")} as is_misspelt,
            chance('plain_money', members.person_id::varchar) < 0.5 as has_symbol
        from life.loyalty_members as members
        join life.people as people using (person_id)
        where shop_id = 1 or not {has_rival}
        qualify row_number() over (partition by email order by joined_at, members.person_id) = 1;

        create table part.yotpo_pulls as
        with pulls as (
            select cut_at - interval 1 second as pulled_at, last_load_at as load_at, true as is_last from life.settings
            union all
            select cut_at - interval 365 day, last_load_at - interval 365 day, false from life.settings
            where last_load_at - interval 365 day >= first_load_at
        )
        select members.person_id, pulls.*,
            case when has_moved and not is_last then second_email else email end as seen_as
        from part.yotpo_members as members join pulls on members.joined_at < pulls.pulled_at;

        create table part.yotpo_items as
        select pulls.person_id, pulls.pulled_at,
            to_json(list({{
                'created_at': strftime(entries.occurred_at, '%Y-%m-%dT%H:%M:%S.000Z'),
                'completed_at': strftime(entries.occurred_at - interval 5 minute, '%Y-%m-%dT%H:%M:%S.000Z'),
                'date': strftime(entries.occurred_at, '%d.%m.%Y'),
                'action': case when entries.order_key is null and entry_type = 'earn' then 'Konto erstellt'
                    else case entry_type {actions} else 'Points expire' end end,
                'points': points,
                'credits': null,
                'status': case when lots.active_at > pulls.pulled_at then 'Pending' else 'Approved' end,
                'order_ids': coalesce(order_ids, '[]')::json
            }} order by entries.occurred_at desc, entry_key)) as items,
            sum(points) filter (where lots.active_at is null or lots.active_at <= pulls.pulled_at) as balance,
            sum(points) filter (where entry_type = 'earn') as earned
        from part.yotpo_pulls as pulls
        join life.loyalty_entries as entries
            on entries.person_id = pulls.person_id and entries.occurred_at <= pulls.pulled_at
                and entry_type <> 'activate'
        left join life.loyalty_lots as lots on lots.person_id = entries.person_id and lots.lot_no = entries.lot_no
        -- An order of the web has a number, a sale of a till its receipt.
        left join (
            select order_key, case when channel = 'till' then '["' || session || '"]' else '[' || session || ']' end
                as order_ids
            from (select order_key, channel, {SESSION} as session from life.orders)
        ) as orders on orders.order_key = entries.order_key
        group by pulls.person_id, pulls.pulled_at;

        create table part.yotpo_friends as
        select referrals.*, friends.email as friend_email, members.email as advocate_email
        from life.referrals as referrals
        join part.yotpo_members as members on members.person_id = referrals.advocate_person_id
        join life.people as friends on friends.person_id = referrals.friend_person_id
        """
    )
    delivery.deliver(
        "customers",
        """
        with friends as (
            select advocate_person_id as person_id, to_json(list({
                'id': referral_key::varchar, 'email': friend_email,
                'completed_at': strftime(completed_at, '%Y-%m-%dT%H:%M:%SZ')
            } order by referral_key)) as receipts
            from part.yotpo_friends group by all
        )
        select
            seen_as as email,
            case when not is_misspelt then shopify_customer_id::varchar end as third_party_id,
            case when is_misspelt then shopify_customer_id::varchar end as thirty_party_id,
            phone as phone_number,
            coalesce(balance, 0)::bigint as points_balance,
            coalesce(earned, 0)::bigint as points_earned,
            case when has_symbol then '€0.00' else '1.234,50 €' end as credit_balance,
            true as opt_in,
            strftime(joined_at, '%Y-%m-%dT%H:%M:%SZ') as opted_in_at,
            12900 as total_spend_cents,
            strftime(pulled_at, '%Y-%m-%dT%H:%M:%SZ') as last_seen_at,
            '2026-03-01Z' as next_points_expire_on,
            0 as next_points_expire_amount,
            case when is_last then members.tier end as vip_tier_name,
            case when is_last and friends.receipts is not null then friends.receipts::varchar else '[]' end
                as referral_receipts,
            items.items::varchar as history_items,
            load_at as _load_at,
            case when has_moved and not is_last then 'moved_member' when is_misspelt then 'misspelt_id' end as _oddity
        from part.yotpo_pulls as pulls
        join part.yotpo_members as members using (person_id)
        left join part.yotpo_items as items using (person_id, pulled_at)
        left join friends using (person_id)
        """,
        key=("email",),
        changed_at="last_seen_at",
        spoils=(Spoil("email"), Spoil("history_items", "'[{\"created_at\":'"), Spoil("credit_balance", "'a lot'")),
        trap="_oddity",
    )
    delivery.record(
        "customer",
        f"""
        select {ADDRESS.format("seen_as")}, min(person_id), true from part.yotpo_pulls as pulls
        semi join (from part.yotpo_loyalty__customers where is_staged) as landed on landed.record_key = pulls.seen_as
        group by all
        """,
    )
    delivery.record(
        "friend",
        f"""
        select {ADDRESS.format("friend_email")}, min(friend_person_id), true from part.yotpo_friends as friends
        semi join (from part.yotpo_loyalty__customers where is_staged) as landed
            on landed.record_key = friends.advocate_email
        where completed_at is not null group by all
        """,
    )
    delivery.tell(
        "loyalty_snapshots",
        """
        select 'yotpo_loyalty' as source_name, members.person_id, members.email as member_id, cut_at as snapshot_at,
            points_available - points_debt as available, points_pending as pending, false as is_drifted
        from part.yotpo_members as members
        semi join (from part.yotpo_loyalty__customers where is_staged) as landed on landed.record_key = email
        cross join life.settings
        """,
    )
    delivery.tell(
        "referrals",
        """
        select 'yotpo_loyalty' as source_name, advocate_person_id, friend_person_id,
            case when completed_at is null then 'invited' else 'completed' end as referral_state, completed_at, is_self
        from part.yotpo_friends
        semi join (from part.yotpo_loyalty__customers where is_staged) as landed on landed.record_key = advocate_email
        """,
    )
