"""What a suite is."""

from collections.abc import Iterable
from dataclasses import dataclass

from great_expectations import expectations as gx
from great_expectations.expectations.expectation import ColumnMapExpectation


@dataclass(frozen=True)
class Expect:
    """
    A sentence about a column, and the bounds (inclusive) or the values that make it true.

    With `mostly` below 1, that share of the rows is enough. A null passes: there was nothing to measure.
    """

    column: str
    sentence: str
    at_least: float | None = None
    at_most: float | None = None
    among: Iterable[str] | None = None
    mostly: float = 1

    def describe(self) -> str:
        """The sentence with its bounds, as the pages show it."""
        if self.among is not None:
            bounds = f"one of {', '.join(self.among)}"
        elif self.at_most is None:
            bounds = f"{self.at_least} or more"
        elif self.at_least is None:
            bounds = f"{self.at_most} or less"
        else:
            bounds = f"{self.at_least} to {self.at_most}"
        rows = "" if self.mostly == 1 else f", in {self.mostly:.0%} of the rows"
        return f"{self.sentence} Expected: {bounds}{rows}."

    def expectation(self) -> ColumnMapExpectation:
        shared = {"column": words(self.column), "mostly": self.mostly, "description": self.describe()}
        if self.among is not None:
            return gx.ExpectColumnValuesToBeInSet(value_set=list(self.among), **shared)
        return gx.ExpectColumnValuesToBeBetween(min_value=self.at_least, max_value=self.at_most, **shared)


@dataclass(frozen=True)
class Suite:
    """Sentences about the result of one query; `system` is the raw system without which there is nothing to ask."""

    name: str
    about: str
    query: str
    expects: tuple[Expect, ...]
    system: str | None = None


def words(column: str) -> str:
    """A column's name as a heading."""
    return column.replace("_", " ")
