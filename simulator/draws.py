"""
Random numbers as a function of what they decide.

Every number is a hash of the seed, a name and the keys of the thing decided ("delay", order 4711). Nothing depends on
how many numbers were drawn before, so a longer history, another list of systems or another order of computation leaves
every earlier decision as it was.
"""

import hashlib

import numpy as np

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_A = np.uint64(0xBF58476D1CE4E5B9)
_MIX_B = np.uint64(0x94D049BB133111EB)


def _mix(bits: np.ndarray) -> np.ndarray:
    """The finaliser of splitmix64; overwrites its argument."""
    bits += _GOLDEN
    bits ^= bits >> np.uint64(30)
    bits *= _MIX_A
    bits ^= bits >> np.uint64(27)
    bits *= _MIX_B
    bits ^= bits >> np.uint64(31)
    return bits


class Draws:
    """All random numbers of one shop."""

    def __init__(self, seed: int):
        self.seed = seed

    def _name(self, what: str) -> int:
        return int.from_bytes(hashlib.blake2b(f"{self.seed}/{what}".encode(), digest_size=8).digest())

    def bits(self, what: str, *keys) -> np.ndarray:
        """64 random bits per key; keys are integer arrays of one shape (or scalars)."""
        state = np.full(np.broadcast_shapes(*(np.shape(key) for key in keys)), self._name(what), dtype=np.uint64)
        with np.errstate(over="ignore"):
            for key in keys:
                state ^= np.asarray(key, dtype=np.int64).astype(np.uint64) * _GOLDEN
                _mix(state)
        return state

    def uniform(self, what: str, *keys) -> np.ndarray:
        """In the open interval (0, 1)."""
        return ((self.bits(what, *keys) >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53

    def chance(self, what: str, probability, *keys) -> np.ndarray:
        return self.uniform(what, *keys) < probability

    def between(self, what: str, low, high, *keys) -> np.ndarray:
        """A number in [low, high)."""
        return low + self.uniform(what, *keys) * (np.asarray(high) - low)

    def whole(self, what: str, low: int, high, *keys) -> np.ndarray:
        """A whole number from low to high, both included."""
        return (low + np.floor(self.uniform(what, *keys) * (np.asarray(high) - low + 1))).astype(np.int64)

    def pick(self, what: str, weights, *keys) -> np.ndarray:
        """An index into the weights."""
        edges = np.cumsum(np.asarray(weights, dtype=float))
        return np.searchsorted(edges / edges[-1], self.uniform(what, *keys)).clip(max=len(edges) - 1)

    def exponential(self, what: str, *keys) -> np.ndarray:
        return -np.log(self.uniform(what, *keys))

    def normal(self, what: str, *keys) -> np.ndarray:
        radius = np.sqrt(2 * self.exponential(what, *keys))
        return radius * np.cos(2 * np.pi * self.uniform(what + "/angle", *keys))

    def generator(self, what: str, stream: int) -> np.random.Generator:
        """For distributions without a simple inverse: always drawn for the whole stream."""
        return np.random.default_rng([self.seed & 0x7FFFFFFF, self._name(what) >> 1, stream])
