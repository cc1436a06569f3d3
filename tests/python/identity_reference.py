"""Identity resolution in plain Python, after definitions and not after the models: one edge at a time, union-find.

The rules are those of seeds/identity_rules.csv. Records are dicts with `id`, the identifiers as compared
(`customer_number`, `loyalty_id`, `email`, `phone`, `first_name`, `last_name`), `is_email_verified` and `day`, the
number of the day it was made. The result is a partition: a set of frozensets of record ids; records with nothing usable
are in none.
"""

import csv
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path

RULES = {
    rule["identifier_type"]: rule
    for rule in csv.DictReader((Path(__file__).parents[2] / "seeds" / "identity_rules.csv").open())
}
DAY_ZERO = date(2020, 1, 1)  # of the records' days
FIELDS = ("customer_number", "loyalty_id", "email", "phone", "first_name", "last_name", "own_key")


def distance(one: str, other: str) -> int:
    """Levenshtein's edit distance."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        previous, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (a != b))
    return row[-1]


def names_agree(one: tuple[str, str | None], other: tuple[str, str | None]) -> bool:
    """Whether (first, last) names may be one person's: the first names agree, or the fields are swapped."""
    if parts_agree(one[0], other[0]):
        return True
    return bool(one[1] and other[1]) and parts_agree(one[0], other[1]) and parts_agree(one[1], other[0])


def parts_agree(one: str, other: str) -> bool:
    shorter = min(len(one), len(other))
    if one[:shorter] == other[:shorter]:
        return True
    steps = distance(one, other)
    return steps <= (2 if shorter >= 6 else 1 if shorter >= 4 else 0) or (steps == 2 and sorted(one) == sorted(other))


def turns(accounts: dict) -> dict:
    """Per account its phone, with #n after the n-th silence longer than the window."""
    window = int(RULES["phone"]["window_days"])
    by_phone = defaultdict(list)
    for key, account in accounts.items():
        if account["phone"]:
            by_phone[account["phone"]].append((min(account["days"]), key))
    found = {}
    for phone, seen in by_phone.items():
        turn, last = 0, None
        for first, key in sorted(seen):
            turn += last is not None and first - last > window
            last = max(accounts[key]["days"] + ([] if last is None else [last]))
            found[key] = phone + (f"#{turn}" if turn else "")
    return found


def identifiers(accounts: dict) -> list[tuple]:
    """(account key, type, value, rule) of everything that an account could be matched by."""
    phones = turns(accounts)
    found = []
    for key, account in accounts.items():
        for kind in ("customer_number", "loyalty_id"):
            if account[kind]:
                found.append((key, kind, account[kind], kind))
        if account["email"]:
            found.append((key, "email", account["email"], "verified_email" if account["verified"] else "email"))
        if account["phone"]:
            found.append((key, "phone", phones[key], "phone"))
    return found


def full_name(account: dict) -> tuple[str, str | None] | None:
    return (account["first_name"], account["last_name"]) if account["first_name"] else None


def without_shared(accounts: dict, found: list[tuple]) -> list[tuple]:
    """What several people use matches only with a first name, or accounts that tell nothing else."""
    users = defaultdict(list)
    for key, kind, value, _ in found:
        users[kind, value].append(accounts[key])
    shared = set()
    for (kind, value), using in users.items():
        names = [name for name in map(full_name, using) if name]
        ids = Counter()
        for strong in ("customer_number", "loyalty_id"):
            for each in {account[strong] for account in using if account[strong]}:
                ids[strong, each.rpartition(":")[0]] += 1
        if max(ids.values(), default=0) > 1 or any(not names_agree(*pair) for pair in combinations(names, 2)):
            shared.add((kind, value))
    kept = []
    for key, kind, value, rule in found:
        account = accounts[key]
        if kind not in ("email", "phone") or (kind, value) not in shared:
            kept.append((key, kind, value, rule))
            continue
        if account["first_name"]:
            kept.append((key, f"named_{kind}", f"{value}|{account['first_name']}", f"named_{kind}"))
        elif not account["customer_number"] and not account["loyalty_id"]:
            kept.append((key, kind, value, rule))
    return kept


def quarantined(accounts: dict, found: list[tuple]) -> set:
    users = defaultdict(lambda: defaultdict(set))
    for key, kind, value, _ in found:
        for what in ("customer_number", "loyalty_id", "first_name"):
            if accounts[key][what]:
                users[kind, value][what].add(accounts[key][what])
    limits = {"email": min(int(RULES[kind]["people_limit"]) for kind in ("email", "verified_email"))}
    limits["phone"] = int(RULES["phone"]["people_limit"])
    return {
        (kind, value)
        for (kind, value), people in users.items()
        if kind in limits and max((len(each) for each in people.values()), default=0) > limits[kind]
    }


def edges_of(accounts: dict, found: list[tuple], must: list[tuple]) -> list[tuple]:
    """(one node, other node, is strong), the strongest first, then what was decided, whose strength is None."""
    account_number = {key: number for number, key in enumerate(sorted(accounts), 1)}
    values = sorted({(kind, value) for _, kind, value, _ in found})
    identifier_number = {each: len(accounts) + number for number, each in enumerate(values, 1)}
    ranked, decided = [], []
    for key, kind, value, rule in found:
        ranked.append((
            int(RULES[rule]["match_order"]), -len(accounts[key]["ids"]), identifier_number[kind, value],
            account_number[key], key, (kind, value), RULES[rule]["is_strong"] == "true",
        ))  # fmt: skip
    for one, other in must:
        low, high = sorted((one, other), key=account_number.get)
        decided.append((account_number[high], account_number[low], low, high, None))
    return [edge[4:] for edge in sorted(ranked, key=lambda edge: edge[:4])] + [
        edge[2:] for edge in sorted(decided, key=lambda edge: edge[:2])
    ]


@dataclass
class Matching:
    """Who is who, and why: nodes are account keys and (type, value) of identifiers."""

    accounts: dict
    account_of: dict[str, str]  # by record id
    people: set[frozenset] = field(default_factory=set)
    root_of: dict = field(default_factory=dict)
    followed: list[tuple] = field(default_factory=list)  # edges that joined two clusters, in their order
    cut: list[tuple] = field(default_factory=list)  # (edge, its reason) between two people, the strongest first

    def joined_by(self, one: str, other: str) -> tuple:
        """The edge at which two accounts came together: the latest on the way between them, as there is but one way."""
        neighbours = defaultdict(list)
        for position, (a, b) in enumerate(self.followed):
            neighbours[a].append((b, position))
            neighbours[b].append((a, position))
        if one == other:
            return self.followed[min(position for _, position in neighbours[one])]
        latest, waiting = {one: -1}, [one]
        while waiting:
            node = waiting.pop()
            for neighbour, position in neighbours[node]:
                if neighbour not in latest:
                    latest[neighbour] = max(latest[node], position)
                    waiting.append(neighbour)
        return self.followed[latest[other]]


def resolve(records: list[dict], must: list[tuple] = (), cannot: list[tuple] = ()) -> set[frozenset]:
    """The people behind records. `must` and `cannot` are pairs of record ids that belong together or apart."""
    return matching(records, must, cannot).people


def matching(records: list[dict], must: list[tuple] = (), cannot: list[tuple] = ()) -> Matching:
    named = {record for pair in (*must, *cannot) for record in pair}
    accounts, account_of = {}, {}
    for record in records:
        told = {field: record.get(field) for field in FIELDS}
        told["own_key"] = record["own_key"] if record["id"] in named else None
        if not any(told[field] for field in FIELDS[:4]):
            continue
        key = "\x1f".join(told[field] or "" for field in FIELDS)
        if not any(told[field] for field in ("customer_number", "loyalty_id", "email", "first_name")):
            key += f"\x1f{DAY_ZERO + timedelta(record['day'])}"  # a number alone may be somebody else's next year
        account = accounts.setdefault(key, told | {"ids": [], "days": [], "verified": False})
        account["ids"].append(record["id"])
        account["days"].append(record["day"])
        account["verified"] |= bool(record.get("is_email_verified"))
        account_of[record["id"]] = key
    found = identifiers(accounts)
    out = quarantined(accounts, found)
    found = without_shared(accounts, [each for each in found if (each[1], each[2]) not in out])

    parent = {}

    def root(node):
        while parent.setdefault(node, node) != node:
            node = parent[node]
        return node

    limited = defaultdict(lambda: defaultdict(set))  # root: kind: values
    limits = {}
    names = defaultdict(set)
    for key, account in accounts.items():
        if full_name(account):
            names[key].add(full_name(account))
    for _, kind, value, rule in found:
        if RULES[rule]["limit_per_person"]:
            scope = value.rpartition(":")[0] if kind in ("customer_number", "loyalty_id") else ""
            limited[kind, value][kind, scope].add(value)
            limits[kind, scope] = int(RULES[rule]["limit_per_person"])
    for number, pair in enumerate(cannot):
        for side, record in enumerate(pair):
            limited[account_of[record]]["cannot", number].add(side)
        limits["cannot", number] = 1

    def reasons(a, b, is_strong: bool | None) -> list[tuple]:
        """Kinds of what forbids to join two clusters: a decision first, names last."""
        if is_strong is None:
            return sorted(
                kind
                for kind in limited[a].keys() & limited[b].keys()
                if kind[0] == "cannot" and len(limited[a][kind] | limited[b][kind]) > 1
            )
        found = [kind for kind in limited[a] if len(limited[a][kind] | limited[b][kind]) > limits[kind]]
        if not is_strong and any(not names_agree(x, y) for x in names[a] for y in names[b]):
            found.append(("name", ""))
        order = {"cannot": 1, "customer_number": 2, "loyalty_id": 3, "name": 5}
        return sorted(found, key=lambda kind: (order.get(kind[0], 4), kind[0], str(kind[1])))

    joined = [(account_of[one], account_of[other]) for one, other in must]
    done = Matching(accounts, account_of)
    edges = edges_of(accounts, found, joined)
    for one, other, is_strong in edges:
        a, b = root(one), root(other)
        if a == b or reasons(a, b, is_strong):
            continue
        parent[b] = a
        names[a] |= names[b]
        for kind, values in limited[b].items():
            limited[a][kind] |= values
        done.followed.append((one, other))
    for one, other, is_strong in edges:
        a, b = root(one), root(other)
        if a != b:
            done.cut.append(((one, other), reasons(a, b, is_strong)[0]))
    people = defaultdict(set)
    linked = {key for key, *_ in found} | {key for pair in joined for key in pair}
    for record, key in account_of.items():
        if key in linked:
            people[root(key)].add(record)
    done.people = {frozenset(each) for each in people.values()}
    done.root_of = {node: root(node) for node in list(parent)}
    return done


def scores(found: dict, truth: dict) -> dict[str, float]:
    """Pairwise precision and recall and B-cubed F1 of one label per record against another; same keys in both."""
    both = Counter((found[key], truth[key]) for key in truth)
    ours, theirs = Counter(found[key] for key in truth), Counter(truth.values())

    def pairs(counts) -> int:
        return sum(n * (n - 1) // 2 for n in counts.values())

    precision = sum(n * n / ours[label] for (label, _), n in both.items()) / len(truth)
    recall = sum(n * n / theirs[person] for (_, person), n in both.items()) / len(truth)
    return {
        "precision": pairs(both) / pairs(ours) if pairs(ours) else 1.0,
        "recall": pairs(both) / pairs(theirs) if pairs(theirs) else 1.0,
        "b_cubed_f1": 2 * precision * recall / (precision + recall),
    }


def brute_pairs(partition: set[frozenset]) -> set[frozenset]:
    return {frozenset(pair) for cluster in partition for pair in combinations(sorted(cluster), 2)}
