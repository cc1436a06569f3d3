"""Columns of one length under one name each, and how they become Arrow tables."""

import numpy as np
import pyarrow as pa

from simulator.settings import NEVER


class Columns(dict):
    """A table as numpy arrays of one length; columns are also attributes."""

    def __getattr__(self, name: str) -> np.ndarray:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, values) -> None:
        self[name] = values

    def size(self) -> int:
        return len(next(iter(self.values())))

    def take(self, rows: np.ndarray) -> "Columns":
        return Columns({name: values[rows] for name, values in self.items()})

    @staticmethod
    def stack(parts: list["Columns"]) -> "Columns":
        """The rows of all parts, which have the same columns."""
        return Columns({name: np.concatenate([part[name] for part in parts]) for name in parts[0]})


def only(values: np.ndarray, where: np.ndarray) -> pa.Array:
    """The values, null elsewhere."""
    return pa.array(values, mask=~np.asarray(where, dtype=bool))


def words(names, index: np.ndarray) -> pa.Array:
    """Texts by position in a list; a None in it is null."""
    return pa.array(list(names), pa.string()).take(pa.array(index))


def arrow(columns: dict) -> pa.Table:
    """Columns as an Arrow table; names in _at hold UNIX seconds, in _on days since 1970, NEVER is null."""
    made = {}
    for name, values in columns.items():
        if isinstance(values, np.ndarray) and name.endswith("_at"):
            values = pa.array(values.astype("datetime64[s]"), pa.timestamp("s")).cast(pa.timestamp("us"))
        elif isinstance(values, np.ndarray) and name.endswith("_on"):
            values = pa.array(values.astype("datetime64[D]"), pa.date32())
        made[name] = values
    return pa.table(made)


def ranks(groups: np.ndarray) -> np.ndarray:
    """Position of each row within its group; rows of a group are next to each other."""
    if not len(groups):
        return np.zeros(0, dtype=np.int64)
    starts = np.flatnonzero(np.concatenate([[True], groups[1:] != groups[:-1]]))
    sizes = np.diff(np.append(starts, len(groups)))
    return np.arange(len(groups)) - np.repeat(starts, sizes)


def sums(values: np.ndarray, group: np.ndarray, count: int) -> np.ndarray:
    """Whole numbers added up by group index."""
    return np.bincount(group, weights=values, minlength=count).round().astype(np.int64)


def shares(total: np.ndarray, weights: np.ndarray, group: np.ndarray) -> np.ndarray:
    """
    Split whole amounts by weight without losing a cent: `total` by group, rows of a group next to each other. A row
    gets the difference of the rounded running shares.
    """
    count = len(total)
    whole = sums(weights, group, count)
    running = np.cumsum(weights)
    first = np.flatnonzero(ranks(group) == 0)
    before = np.zeros(count, dtype=np.int64)
    before[group[first]] = running[first] - weights[first]
    upto = running - before[group]
    divisor = np.maximum(whole[group], 1)
    given = total[group]
    return (given * upto + divisor // 2) // divisor - (given * (upto - weights) + divisor // 2) // divisor


def later(at: np.ndarray, delay, where) -> np.ndarray:
    """Instants moved on where a condition holds, NEVER elsewhere."""
    return np.where(where & (at != NEVER), at + np.asarray(delay).astype(np.int64), NEVER)
