"""Who the people are: households, addresses, e-mails, phones, tastes, temper. One row per person who has arrived."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulator import catalogue, scenes
from simulator.catalogue import CITIES, CITY_ZONE, Calendar
from simulator.columns import Columns, arrow, only, words
from simulator.draws import Draws
from simulator.settings import BLOCK, DAY, NEVER, STREAM, Settings, third_anniversary

# Purchases of an ordinary person are Poisson with a gamma rate per day, dropout after a purchase geometric with a beta
# probability: what BG/NBD assumes.
RATE_SHAPE, RATE_SCALE_DAYS = 0.7, 55.0
DROPOUT_A, DROPOUT_B = 0.8, 2.2

GIVEN = (
    "Ava", "Liam", "Mia", "Noah", "Zoe", "Ethan", "Ivy", "Lucas", "Nora", "Mateo", "Ruth", "Omar", "Lena", "Hugo",
    "Priya", "Kofi", "Yara", "Dmitri", "Aiko", "Samir", "Greta", "Tomas", "Ines", "Felix", "Maya", "Jonas", "Leila",
    "Oscar", "Freya", "Ravi", "Alma", "Caleb", "Dalia", "Emil", "Fatima", "Gus", "Hana", "Ida", "Jude", "Kira",
    "Lars", "Mina", "Nils", "Olga", "Pablo", "Quinn", "Rosa", "Sven", "Tara", "Uma",
)  # fmt: skip
FAMILY = (
    "Reyes", "Okafor", "Lindqvist", "Tanaka", "Moreau", "Schmidt", "Novak", "Haddad", "Costa", "Murphy", "Iyer",
    "Petrov", "Nguyen", "Larsen", "Rossi", "Kowalski", "Mensah", "Silva", "Weber", "Dubois", "Kim", "Santos", "Walsh",
    "Fischer", "Laurent", "Ahmed", "Berg", "Castillo", "Diaz", "Egan", "Farrow", "Grant", "Hale", "Irwin", "Jensen",
    "Keller", "Lopez", "Marsh", "Nolan", "Orton", "Price", "Quiroga", "Rhodes", "Stone", "Turner", "Underhill", "Vance",
    "Winter", "Young", "Zeller",
)  # fmt: skip
STREETS = ("Maple", "Station", "Harbour", "Mill", "Church", "Garden", "River", "Hill", "Park", "Market")
DOMAINS = ("gmail.com", "canary.example", "example.com", "example.org", "example.net", "mail.example.com")
DOMAIN_WEIGHTS = (0.18, 0.01, 0.36, 0.20, 0.15, 0.10)
GMAIL = 0
# No Gmail account can have a name of more than 30 characters, so these belong to nobody.
GMAIL_FILLER = ".simulated.perennial.shopper"
FRENCH_RANGES = ("63998", "19900", "26191", "35301", "46571", "53649")  # kept free by the French regulator for fiction
GERMAN_RANGES = ("3023125", "6990009", "4066969", "2214710", "8999998")  # likewise the German one's


def arrival_curve(settings: Settings, calendar: Calendar) -> np.ndarray:
    """People arrived by the end of each day, from 0 at the start; `customers` by the third anniversary."""
    pace = np.ones(settings.days)
    if not settings.plain_lives:
        pace = np.sqrt(calendar.pace) * (1 + np.arange(settings.days) / 1500)
    grown = np.concatenate([[0.0], np.cumsum(pace)])
    reference = min((third_anniversary(settings.start) - settings.start).days, settings.days)
    return grown / grown[reference] * settings.customers


def population(settings: Settings, calendar: Calendar) -> int:
    """How many people have arrived by as_of."""
    day = (settings.cut - settings.begins) / DAY
    arrived = np.interp(day, calendar.grid, arrival_curve(settings, calendar))
    return max(int(arrived), scenes.COUNT)


def people(settings: Settings, draws: Draws, calendar: Calendar, block: int) -> Columns:
    """The people of one block; times are seconds since the shop's start, in the person's own zone."""
    first = block * BLOCK
    ids = np.arange(first, min(first + BLOCK, population(settings, calendar)), dtype=np.int64)
    everybody = np.arange(first, first + BLOCK)
    stream, place = divmod(first, STREAM)
    generator = draws.generator("temper", stream)
    rate = generator.gamma(RATE_SHAPE, 1 / RATE_SCALE_DAYS, STREAM)[place:][: len(ids)]
    dropout = generator.beta(DROPOUT_A, DROPOUT_B, STREAM)[place:][: len(ids)]

    head = ids // 2 * 2
    is_household = draws.chance("household", 0.2, head)
    home = np.where(is_household, head, ids)
    is_european = ids // 4 % 12 == 7
    weights = np.array([city.weight for city in CITIES])
    in_europe = np.array([city.shop_id == 1 for city in CITIES])
    city = np.where(
        is_european,
        draws.pick("city/eu", weights * in_europe, home),
        draws.pick("city/us", weights * ~in_europe, home),
    )
    curve = arrival_curve(settings, calendar)
    arrived = np.interp(ids + 0.5, curve, calendar.grid) * DAY

    is_shared_inbox = is_household & draws.chance("shared_inbox", settings.trap("shared_inbox"), head)
    is_business = draws.chance("wholesale", settings.trap("wholesale"), ids)
    is_marketplace = ~is_business & ~is_european & draws.chance("marketplace", settings.trap("marketplace"), ids)
    is_staff = ~is_business & ~is_marketplace & draws.chance("staff", settings.trap("staff"), ids)
    never_account = draws.chance("guest_person", settings.trap("guest_person"), ids) | is_marketplace
    never_account |= is_shared_inbox & (ids != head)
    is_prospect = draws.chance("prospect", 0.0 if settings.plain_lives else 0.07, ids)
    is_merged = ~never_account & draws.chance("merged_customer", settings.trap("merged_customer"), ids)
    has_till = np.array([each.store_id is not None for each in CITIES])[city] | (city == catalogue.POP_UP_CITY)
    store_share = np.where(
        has_till & ~is_marketplace & draws.chance("store/ever", 0.5, ids),
        draws.between("store/share", 0.1, 0.9, ids),
        0.0,
    )
    has_phone = draws.chance("phone", 0.6, ids)

    is_recycled = (
        (ids - 200 >= first) & ~is_european & draws.chance("recycled_phone", settings.trap("recycled_phone"), ids)
    )
    gives_up = draws.chance("recycled_phone", settings.trap("recycled_phone"), everybody + 200)
    gives_up = gives_up & ((everybody + 200) // 4 % 12 != 7) & (everybody + 200 < first + BLOCK)
    gives_up = gives_up[: len(ids)] & ~is_european
    member = ~is_marketplace & draws.chance("loyalty", 0.45, ids)

    found = Columns(
        person_id=ids,
        home_id=home,
        is_household=is_household,
        city=city,
        shop_id=is_european.astype(np.int64),
        zone=CITY_ZONE[city],
        arrived=arrived,
        rate=rate,
        dropout=dropout,
        given=draws.whole("given", 0, len(GIVEN) - 1, ids),
        family=np.where(
            draws.chance("family/own", 0.1, ids),
            draws.whole("family", 0, len(FAMILY) - 1, ids),
            draws.whole("family", 0, len(FAMILY) - 1, home),
        ),
        born=draws.whole("born", -16_000, 13_500, ids),
        domain=draws.pick("domain", DOMAIN_WEIGHTS, ids),
        email_owner=np.where(is_shared_inbox, head, ids),
        has_second_email=draws.chance("second_email", settings.trap("second_email"), ids),
        has_phone=has_phone | is_recycled | gives_up,
        phone_owner=np.where(is_recycled, ids - 200, ids),
        phone_until=np.where(gives_up, arrived + draws.between("phone/until", 20, 300, ids) * DAY, np.inf),
        is_prospect=is_prospect,
        is_merged=is_merged,
        merge_after=draws.between("merge/after", 60, 400, ids) * DAY,
        never_account=never_account,
        is_staff=is_staff,
        is_wholesale=is_business,
        is_marketplace=is_marketplace,
        store_share=store_share,
        till_identity=draws.uniform("till/identity", ids),
        favourite=draws.pick("favourite", catalogue.CATEGORY_WEIGHTS, ids),
        favourite_share=draws.between("favourite/share", 0.4, 0.9, ids),
        option_taste=draws.uniform("option/taste", ids),
        basket=draws.between("basket", 0.25, 0.6, ids),
        is_subscriber=~settings.plain_lives
        & draws.chance("subscriber", 0.16, ids)
        & ~never_account
        & (store_share < 0.5),
        patience=draws.between("patience", 0.3, 1.5, ids),
        message_tolerance=draws.between("tolerance", 0.0, 1.0, ids),
        channel_taste=draws.pick("channel/taste", (0.6, 0.25, 0.15), ids),
        opens=draws.between("opens", 0.05, 0.7, ids),
        is_apple=draws.chance("apple", 0.35, ids),
        wants_email=draws.chance("consent/email", 0.55, ids),
        wants_sms=draws.chance("consent/sms", 0.35, ids) & has_phone,
        wants_push=draws.chance("consent/push", 0.2, ids) & ~never_account,
        is_member=member,
        joins_late=draws.chance("loyalty/late", 0.3, ids),
        redeems=draws.between("redeems", 0.1, 0.9, ids),
        is_erased=draws.chance("erased", settings.trap("erased"), ids),
        erased_after=draws.between("erased/after", 40, 700, ids) * DAY,
        first=np.where(
            is_prospect,
            np.inf,
            arrived + (0.0 if settings.plain_lives else 1.0) * draws.exponential("first", ids) * 2 * DAY,
        ),
        scene=np.full(len(ids), -1, dtype=np.int64),
    )
    if block == 0:
        scenes.cast(settings, found)
    return found


def instants(settings: Settings, since_start: np.ndarray, zone: np.ndarray) -> np.ndarray:
    """Local seconds since the shop's start as UNIX time in UTC; infinity is NEVER."""
    known = np.isfinite(since_start)
    local = np.where(known, since_start, 0).astype(np.int64) + settings.begins
    return np.where(known, catalogue.to_utc(local, zone), NEVER)


def merged_at(found: Columns) -> np.ndarray:
    """When a person's second account goes into the first (seconds since the shop's start), infinity for the others."""
    return np.where(found.is_merged & ~found.is_prospect, found.arrived + found.merge_after, np.inf)


def agrees_at(settings: Settings, found: Columns) -> np.ndarray:
    """When who wants messages says so (UNIX time): with the first purchase, without any on arrival."""
    return instants(settings, np.where(np.isfinite(found.first), found.first, found.arrived), found.zone)


def phone_numbers(owner: np.ndarray, city: np.ndarray, has_phone: np.ndarray, is_new: bool = False) -> pa.Array:
    """Numbers that are kept free for fiction or cannot exist; null where a country's range is used up."""
    european = owner // 48 * 4 + owner % 4
    american = pc.binary_join_element_wise(
        "+1555", pc.utf8_lpad(pa.array(owner + (5_000_000 if is_new else 0)).cast(pa.string()), 7, "0"), ""
    )
    french = pc.binary_join_element_wise(
        "+33",
        words(FRENCH_RANGES, np.minimum(european // 10_000, len(FRENCH_RANGES) - 1)),
        pc.utf8_lpad(pa.array(european % 10_000).cast(pa.string()), 4, "0"),
        "",
    )
    german = pc.binary_join_element_wise(
        "+49",
        words(GERMAN_RANGES, np.minimum(european // 1_000, len(GERMAN_RANGES) - 1)),
        pc.utf8_lpad(pa.array(european % 1_000).cast(pa.string()), 3, "0"),
        "",
    )
    country = np.array([each.country_code for each in CITIES])[city]
    is_free = np.where(country == "FR", european < 60_000, np.where(country == "DE", european < 5_000, True))
    numbers = pc.if_else(pa.array(country == "FR"), french, pc.if_else(pa.array(country == "DE"), german, american))
    return pc.if_else(pa.array(has_phone & is_free), numbers, pa.scalar(None, pa.string()))


def email_addresses(found: Columns, draws: Draws) -> tuple[pa.Array, pa.Array]:
    """The address of each person's inbox and, for some, a second one. Shared inboxes are the owner's."""
    owner = np.searchsorted(found.person_id, found.email_owner).clip(max=len(found.person_id) - 1)

    def address(person: np.ndarray, domain: np.ndarray, dotted: bool) -> pa.Array:
        given = pc.utf8_lower(words(GIVEN, found.given[person]))
        family = pc.utf8_lower(words(FAMILY, found.family[person]))
        number = pa.array(found.person_id[person]).cast(pa.string())
        filler = pc.if_else(pa.array(domain == GMAIL), GMAIL_FILLER, "")
        name = pc.binary_join_element_wise(given, "." if dotted else "", family, filler, number, "")
        return pc.binary_join_element_wise(name, words(DOMAINS, domain), "@")

    main = address(owner, found.domain[owner], True)
    second_domain = draws.whole("domain/second", 2, len(DOMAINS) - 1, found.person_id)
    second = address(np.arange(len(found.person_id)), second_domain, False)
    return main, pc.if_else(pa.array(found.has_second_email), second, pa.scalar(None, pa.string()))


def people_table(settings: Settings, draws: Draws, found: Columns) -> pa.Table:
    """life.people."""
    ids = found.person_id
    main, second = email_addresses(found, draws)
    main, second = scenes.addresses(found, main, second)
    is_gmail = pc.ends_with(main, "@gmail.com")
    bare = pc.replace_substring(main, "@gmail.com", "")
    variant = pc.if_else(
        is_gmail,
        pc.binary_join_element_wise(pc.replace_substring(bare, ".", ""), "+shop@gmail.com", ""),
        pc.binary_join_element_wise(
            pc.replace_substring_regex(main, "@.*", ""), "+shop@", pc.replace_substring_regex(main, ".*@", ""), ""
        ),
    )
    use = {
        use: draws.pick(f"email/{use}", (0.8, 0.12, 0.08), ids)
        for use in ("loyalty", "reviews", "helpdesk", "messages")
    }

    def used(index: np.ndarray) -> pa.Array:
        other = pc.coalesce(pc.if_else(pa.array(index == 1), second, pa.scalar(None, pa.string())), main)
        return pc.if_else(pa.array(index == 2), variant, other)

    city = found.city
    street = pc.binary_join_element_wise(
        pa.array(draws.whole("house", 1, 240, found.home_id)).cast(pa.string()),
        words(STREETS, draws.whole("street", 0, len(STREETS) - 1, found.home_id)),
        "Street",
        " ",
    )
    postal = pc.binary_join_element_wise(
        words([each.postal_prefix for each in CITIES], city),
        pc.utf8_lpad(pa.array(draws.whole("postal", 0, 99, found.home_id)).cast(pa.string()), 2, "0"),
        "",
    )
    arrived = instants(settings, found.arrived, found.zone)
    is_household = found.is_household
    phone_until = instants(settings, found.phone_until, found.zone)
    return arrow(
        {
            "person_id": ids,
            "household_id": found.home_id,
            "is_household": is_household,
            "given_name": scenes.names(found, words(GIVEN, found.given), "given"),
            "family_name": scenes.names(found, words(FAMILY, found.family), "family"),
            "birth_on": found.born,
            "shop_id": found.shop_id,
            "city": words([each.name for each in CITIES], city),
            "province_code": words([each.province_code for each in CITIES], city),
            "country_code": words([each.country_code for each in CITIES], city),
            "time_zone": words(catalogue.ZONES, found.zone),
            "street": street,
            "postal_code": postal,
            "home_store_id": words([each.store_id for each in CITIES], city),
            "arrived_at": arrived,
            "email": main,
            "second_email": second,
            "email_variant": variant,
            "loyalty_email": used(use["loyalty"]),
            "reviews_email": used(use["reviews"]),
            "helpdesk_email": used(use["helpdesk"]),
            "messages_email": used(use["messages"]),
            "phone": phone_numbers(found.phone_owner, city, found.has_phone),
            "phone_until_at": phone_until,
            "next_phone": phone_numbers(ids, city, found.has_phone & np.isfinite(found.phone_until), is_new=True),
            "merged_at": instants(settings, merged_at(found), found.zone),
            "has_account": ~found.never_account,
            "shopify_customer_id": only(7_000_000_000_000 + ids * 2, ~found.never_account),
            "merged_shopify_customer_id": only(7_000_000_000_001 + ids * 2, found.is_merged),
            "loyalty_id": pc.if_else(
                pa.array(found.is_member),
                pc.binary_join_element_wise("PL", pc.utf8_lpad(pa.array(ids).cast(pa.string()), 8, "0"), ""),
                pa.scalar(None, pa.string()),
            ),
            "is_prospect": found.is_prospect,
            "is_staff": found.is_staff,
            "is_wholesale": found.is_wholesale,
            "is_marketplace": found.is_marketplace,
            "favourite_category": words(catalogue.CATEGORIES, found.favourite),
            "preferred_channel": words(("email", "sms", "push"), found.channel_taste),
            "store_share": found.store_share,
            "daily_purchase_rate": found.rate,
            "dropout_probability": found.dropout,
            "message_tolerance": found.message_tolerance,
            "scene": words((*scenes.NAMES, None), np.where(found.scene < 0, len(scenes.NAMES), found.scene)),
        }
    )
