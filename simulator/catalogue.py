"""What is sold, where and when: shops, stores, goods, promotions, campaigns, carriers, calendar. No chance in it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np

from simulator.settings import DAY, HORIZON, Settings, seconds


@dataclass(frozen=True)
class Shop:
    shop_id: int
    url: str
    name: str
    currency: str
    time_zone: str
    taxes_included: bool
    country_code: str
    name_prefix: str


@dataclass(frozen=True)
class City:
    """Where people live; tax is the rate on goods there. The store is the city's till, if it has one."""

    name: str
    province_code: str
    country_code: str
    time_zone: str
    tax: float
    weight: float
    shop_id: int
    store_id: str | None
    postal_prefix: str


SHOPS = (
    Shop(0, "perennial-demo", "Perennial", "USD", "America/New_York", False, "US", "#"),
    Shop(1, "perennial-demo-eu", "Perennial Europe", "EUR", "Europe/Paris", True, "FR", "#"),
)
CITIES = (
    City("New York", "NY", "US", "America/New_York", 0.08875, 0.30, 0, "NYC-1", "100"),
    City("Boston", "MA", "US", "America/New_York", 0.0625, 0.12, 0, None, "021"),
    City("Chicago", "IL", "US", "America/Chicago", 0.1025, 0.18, 0, "CHI-1", "606"),
    City("Denver", "CO", "US", "America/Denver", 0.0, 0.12, 0, "DEN-1", "802"),
    City("Los Angeles", "CA", "US", "America/Los_Angeles", 0.095, 0.23, 0, "LAX-1", "900"),
    City("Toronto", "ON", "CA", "America/Toronto", 0.13, 0.05, 0, None, "M5V "),
    City("Paris", "75", "FR", "Europe/Paris", 0.20, 0.65, 1, "PAR-1", "750"),
    City("Berlin", "BE", "DE", "Europe/Berlin", 0.19, 0.35, 1, None, "101"),
)
CANADA = 5
POP_UP_CITY = 1  # Boston: Shopify's own till, so its sales are Shopify orders
POP_UP_LOCATION = 32131711046
WAREHOUSE_LOCATION = (32131711001, 32131711002)
CAD_PER_USD = 1.36
ZONES = tuple(dict.fromkeys(city.time_zone for city in CITIES))
CITY_ZONE = np.array([ZONES.index(city.time_zone) for city in CITIES])

CARRIERS = ("UPS", "USPS", "FedEx", "DHL")
CARRIER_SLUGS = ("ups", "usps", "fedex", "dhl")
RETURN_REASONS = (
    "Arrived damaged", "Not as described", "Changed my mind", "Wrong item sent", "Too strong", "Arrived too late",
)  # fmt: skip
TICKET_TOPICS = (
    None, "order status", "damaged item", "return", "product question", "subscription", "billing", "loyalty points",
)  # fmt: skip
CANCEL_REASONS = ("customer", "fraud", "inventory", "other")


@dataclass(frozen=True)
class Product:
    product_id: int
    title: str
    family: str
    category: str
    brand: str
    price_cents: int
    option_name: str
    options: tuple[str, ...]
    popularity: float
    is_subscribable: bool = False
    is_gift_card: bool = False
    sold_from: date | None = None


SUGAR = ("Regular sugar", "Less sugar", "No sugar")
SHADES = ("Rose", "Coral", "Plum", "Nude")
LEAVES = ("100 g", "250 g")
BOTTLES = ("150 ml", "300 ml")
JARS = ("30 ml", "50 ml")
# title, family, category, brand, price, option, its values, popularity, can be subscribed to
_GOODS = (
    ("Taro Bubble Tea Kit", "Bubble tea", "Tea", "Kitano", 2400, "Sugar", SUGAR, 5, True),
    ("Mango Bubble Tea Kit", "Bubble tea", "Tea", "Kitano", 2400, "Sugar", SUGAR, 4, True),
    ("Brown Sugar Bubble Tea Kit", "Bubble tea", "Tea", "Kitano", 2650, "Sugar", SUGAR, 6, True),
    ("Morning Assam", "Leaf tea", "Tea", "Northleaf", 1450, "Size", LEAVES, 4, True),
    ("Jasmine Green", "Leaf tea", "Tea", "Northleaf", 1550, "Size", LEAVES, 4, True),
    ("Rooibos Night", "Leaf tea", "Tea", "Northleaf", 1350, "Size", LEAVES, 3, True),
    ("Daily Cleanser", "Cleansers", "Skin care", "Perennial Lab", 1800, "Size", BOTTLES, 7, True),
    ("Oil Cleanser", "Cleansers", "Skin care", "Perennial Lab", 2200, "Size", BOTTLES, 4, True),
    ("Dew Serum", "Serums", "Skin care", "Aurelle", 3800, "Size", JARS, 5, True),
    ("Night Serum", "Serums", "Skin care", "Aurelle", 4200, "Size", JARS, 3, True),
    ("Light Moisturiser", "Moisturisers", "Skin care", "Perennial Lab", 2600, "Size", JARS, 5, True),
    ("Rich Moisturiser", "Moisturisers", "Skin care", "Perennial Lab", 2800, "Size", JARS, 4, True),
    ("Velvet Lipstick", "Lipsticks", "Make-up", "Aurelle", 1600, "Shade", SHADES, 6, False),
    ("Gloss Lipstick", "Lipsticks", "Make-up", "Aurelle", 1400, "Shade", SHADES, 5, False),
    ("Lash Mascara", "Mascaras", "Make-up", "Aurelle", 1900, "Shade", ("Black", "Brown"), 5, False),
    ("Soft Blush", "Blushes", "Make-up", "Aurelle", 2100, "Shade", SHADES, 3, False),
    ("Volume Shampoo", "Shampoos", "Hair care", "Northleaf", 1500, "Size", BOTTLES, 5, True),
    ("Repair Shampoo", "Shampoos", "Hair care", "Northleaf", 1700, "Size", BOTTLES, 4, True),
    ("Repair Conditioner", "Conditioners", "Hair care", "Northleaf", 1700, "Size", BOTTLES, 4, True),
    ("Cedar Body Wash", "Body washes", "Body care", "Perennial Lab", 1200, "Size", BOTTLES, 5, True),
    ("Pine Soap Bar", "Soaps", "Body care", "Perennial Lab", 700, "Size", ("1 bar", "4 bars"), 5, True),
    ("Hand Cream", "Hand creams", "Body care", "Perennial Lab", 950, "Size", ("40 ml", "75 ml"), 4, False),
    ("Amber Candle", "Candles", "Home", "Kitano", 2900, "Size", ("Small", "Large"), 2, False),
    ("Linen Spray", "Room sprays", "Home", "Kitano", 1850, "Size", ("100 ml",), 2, False),
)
PRODUCTS = (
    *(Product(number, *goods) for number, goods in enumerate(_GOODS, start=1)),
    Product(25, "Vitamin C Ampoules", "Serums", "Skin care", "Aurelle", 3400, "Size", ("7 pieces", "28 pieces"), 4,
            sold_from=date(2024, 6, 1)),
    Product(26, "Gift Card", "Gift cards", "Gift cards", "Perennial", 5000, "Value", ("50",), 0, is_gift_card=True),
)  # fmt: skip
CATEGORIES = ("Tea", "Skin care", "Make-up", "Hair care", "Body care", "Home")
CATEGORY_WEIGHTS = (0.22, 0.30, 0.18, 0.13, 0.12, 0.05)
GIFT_CARD = 26
PRICE_RISE = date(2025, 1, 1)  # by four per cent


@dataclass(frozen=True)
class Variants:
    """The sellable articles as columns; variant v of a product is the product's first + v."""

    variant_id: np.ndarray
    product_id: np.ndarray
    option: np.ndarray
    sku: tuple[str, ...]
    price_cents: np.ndarray  # by shop, variant
    cost_cents: np.ndarray
    first: np.ndarray  # by product_id: index of its first variant
    count: np.ndarray  # by product_id


@cache
def variants() -> Variants:
    rows = []
    for product in PRODUCTS:
        for position, option in enumerate(product.options):
            # A larger size costs more; shades and sugar do not.
            factor = 1.0 + 0.7 * position if product.option_name == "Size" else 1.0
            price = round(product.price_cents * factor / 50) * 50
            code = "".join(word[0] for word in product.title.split()).upper()
            sku = f"{code}-{product.product_id:02d}{position + 1}"
            rows.append((product.product_id * 10 + position, product.product_id, option, sku, price))
    product_ids = np.array([row[1] for row in rows])
    price = np.array([row[4] for row in rows])
    return Variants(
        variant_id=np.array([row[0] for row in rows]),
        product_id=product_ids,
        option=np.array([row[2] for row in rows]),
        sku=tuple(row[3] for row in rows),
        price_cents=np.stack([price, np.round(price * 1.1 / 50).astype(int) * 50 - 10]),
        cost_cents=np.round(price * 0.32).astype(int),
        first=np.searchsorted(product_ids, np.arange(len(PRODUCTS) + 2)),
        count=np.bincount(product_ids, minlength=len(PRODUCTS) + 2),
    )


@dataclass(frozen=True)
class Promotion:
    """Percentage off the merchandise for who types the code; `lift` multiplies the purchase rate while it runs."""

    promotion_id: int
    name: str
    code: str
    percent: int
    min_cents: int
    begins: date
    ends: date  # last day
    lift: float
    take_up: float


_YEARLY = (
    ("New Year", "NEWYEAR", 15, 0, (1, 5), (1, 12), 1.25, 0.5),
    ("Valentine", "LOVE", 10, 0, (2, 8), (2, 14), 1.2, 0.4),
    ("Spring", "SPRING", 15, 0, (4, 10), (4, 16), 1.25, 0.5),
    ("Summer", "SUMMER", 20, 0, (7, 10), (7, 17), 1.35, 0.55),
    ("Back again", "BACK", 10, 0, (9, 5), (9, 12), 1.15, 0.4),
    ("Flash half price", "FLASH50", 50, 3000, (10, 15), (10, 15), 1.8, 0.7),
    ("Black Friday", "BF", 25, 0, (11, 24), (11, 30), 1.9, 0.7),
    ("Advent", "ADVENT", 15, 0, (12, 10), (12, 18), 1.35, 0.5),
)


@cache
def promotions(start: date) -> tuple[Promotion, ...]:
    found = []
    for year in range(start.year, HORIZON.year + 1):
        for name, code, percent, minimum, first, last, lift, take_up in _YEARLY:
            found.append(
                Promotion(
                    len(found) + 1, f"{name} {year}", f"{code}{year % 100}", percent, minimum,
                    date(year, *first), date(year, *last), lift, take_up,
                )
            )  # fmt: skip
    return tuple(found)


MONTHS = (0.80, 0.85, 0.92, 0.95, 1.0, 0.95, 0.9, 0.92, 1.0, 1.05, 1.45, 1.60)
WEEKDAYS = (0.95, 0.95, 0.95, 1.0, 1.05, 1.1, 1.0)


class Calendar:
    """
    The shop's days since its start: how willing people are to buy (`pace`, its sum `elapsed`), which promotion runs,
    how slow each carrier is, how much is sent. `ahead` moves a time on by so much operational time: with a pace of 1
    that is plain time, otherwise the same exponential waits give an inhomogeneous Poisson process.
    """

    def __init__(self, settings: Settings):
        days = np.arange(settings.days)
        dates = [settings.start + timedelta(days=int(day)) for day in days]
        self.begins = settings.begins
        self.promotion = np.full(settings.days, -1)
        self.pace = np.ones(settings.days)
        self.month = np.array([day.month for day in dates])
        self.is_flat = settings.plain_lives or not settings.seasons
        if not settings.plain_lives:
            for position, promotion in enumerate(promotions(settings.start)):
                running = slice(
                    max((promotion.begins - settings.start).days, 0), max((promotion.ends - settings.start).days + 1, 0)
                )
                self.promotion[running] = position
                if not self.is_flat:
                    self.pace[running] *= promotion.lift
        if not self.is_flat:
            self.pace *= np.array([MONTHS[day.month - 1] * WEEKDAYS[day.weekday()] for day in dates])
        self.elapsed = np.concatenate([[0.0], np.cumsum(self.pace)])
        self.grid = np.arange(settings.days + 1, dtype=float)

    def ahead(self, at: np.ndarray, wait_days: np.ndarray) -> np.ndarray:
        """The instant (seconds since the shop's start) that lies so many days of average pace after another."""
        if self.is_flat:
            return at + wait_days * DAY
        target = np.interp(at / DAY, self.grid, self.elapsed) + wait_days
        late = target >= self.elapsed[-1]
        return np.where(late, np.inf, np.interp(target, self.elapsed, self.grid) * DAY)

    def day(self, at: np.ndarray) -> np.ndarray:
        """Index of the day of an instant since the shop's start, kept inside the calendar."""
        return np.clip(np.asarray(at) // DAY, 0, len(self.pace) - 1).astype(np.int64)


@cache
def _offsets(zone: str) -> tuple[np.ndarray, np.ndarray]:
    """When a zone's distance from UTC changes (UNIX time), and the distances: before the first change, after each."""
    info = ZoneInfo(zone)

    def offset(second: int) -> int:
        return int(datetime.fromtimestamp(second, info).utcoffset().total_seconds())

    changes, distances = [], []
    first, last = seconds(date(2015, 1, 1)), seconds(HORIZON) + 400 * DAY
    distances.append(offset(first))
    for day in range(first, last, DAY):
        if offset(day + DAY) != distances[-1]:
            low, high = day, day + DAY
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(middle) == distances[-1] else (low, middle)
            changes.append(high)
            distances.append(offset(high))
    return np.array(changes), np.array(distances)


def to_utc(local: np.ndarray, zone: np.ndarray) -> np.ndarray:
    """Wall-clock seconds in the zones of ZONES (by index) as UNIX time."""
    found = np.empty(len(local), dtype=np.int64)
    for number, name in enumerate(ZONES):
        mine = zone == number
        if mine.any():
            changes, distances = _offsets(name)
            walls = changes + np.maximum(distances[:-1], distances[1:])
            found[mine] = local[mine] - distances[np.searchsorted(walls, local[mine], side="right")]
    return found


def to_local(utc: np.ndarray, zone: np.ndarray) -> np.ndarray:
    """UNIX time as wall-clock seconds in the zones of ZONES (by index)."""
    found = np.empty(len(utc), dtype=np.int64)
    for number, name in enumerate(ZONES):
        mine = zone == number
        if mine.any():
            changes, distances = _offsets(name)
            found[mine] = utc[mine] + distances[np.searchsorted(changes, utc[mine], side="right")]
    return found


@dataclass(frozen=True)
class Campaign:
    """One send to many: an e-mail, SMS or push; promotional unless it says otherwise. `family` is what it promotes."""

    campaign_id: int
    name: str
    channel: str
    family: str | None
    category: str | None
    sent_at: int  # UNIX time
    share: float  # of the people with consent
    promotion_id: int | None


@cache
def campaigns(start: date) -> tuple[Campaign, ...]:
    """Every second week an e-mail about one family, every fourth a push, with each promotion an e-mail and an SMS."""
    found: list[Campaign] = []
    families = tuple(dict.fromkeys((product.family, product.category) for product in PRODUCTS if product.popularity))

    def add(name: str, channel: str, day: date, hour: int, share: float, family=None, category=None, promotion=None):
        sent_at = seconds(day) + hour * 3600
        found.append(Campaign(len(found) + 1, name, channel, family, category, sent_at, share, promotion))

    for week in range(1, (HORIZON - start).days // 7):
        day = start + timedelta(days=7 * week + 2)
        family, category = families[week // 2 % len(families)]
        if week % 2 == 0:
            add(f"{family} of the fortnight {day:%Y-%m-%d}", "email", day, 15, 0.35, family, category)
        if week % 4 == 1:
            add(f"App news {day:%Y-%m-%d}", "push", day, 17, 0.5, family, category)
    for promotion in promotions(start):
        add(f"{promotion.name} e-mail", "email", promotion.begins, 14, 0.8, promotion=promotion.promotion_id)
        add(f"{promotion.name} SMS", "sms", promotion.begins, 16, 0.7, promotion=promotion.promotion_id)
    return tuple(found)


@dataclass(frozen=True)
class Tier:
    name: str
    at_least_cents: int  # net spend of the trailing 365 days
    points_per_unit: float


TIERS = (Tier("Bronze", 0, 1.0), Tier("Silver", 15_000, 1.25), Tier("Gold", 40_000, 1.5))
PENDING_DAYS = 14
EXPIRY_DAYS = 365  # the first day without the points is this many days after they became usable
UNLOCK_ABOVE = 100  # points; a reward needs more than this
REWARD_MINIMUM_CENTS = 1_000
REWARDS = ((0, 0), (100, 500), (200, 1_000))  # points, cents off
