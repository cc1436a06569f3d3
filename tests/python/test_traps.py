"""The list of traps (tests/traps.py) is complete and true of the files; `python -m tests.traps` tries it out."""

import subprocess
import sys

import pytest
from conftest import ROOT

from simulator.settings import TRAPS as SIMULATED
from tests.traps import HANDLINGS, LIMITS, TRAPS, listing, simulated


def test_every_trap_is_simulated_and_handled():
    assert list(TRAPS) == list(range(1, 38))
    assert [number for number in TRAPS if not simulated(number)] == []
    assert {handling.trap for handling in HANDLINGS} == TRAPS.keys() >= LIMITS.keys()
    assert {trap.number for trap in SIMULATED.values()} <= TRAPS.keys() | {0}


@pytest.mark.parametrize("file", sorted({handling.file for handling in HANDLINGS}))
def test_what_is_to_be_removed_is_there_once(file):
    text = (ROOT / file).read_text()
    here = [handling for handling in HANDLINGS if handling.file == file]
    assert [handling.old for handling in here if text.count(handling.old) != 1 or handling.old == handling.new] == []


def test_every_named_test_is_there():
    """pytest ends with an error if it finds none under a name."""
    tests = sorted({handling.test for handling in HANDLINGS})
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *tests]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_page_is_the_list():
    page = (ROOT / "tests" / "TRAPS.md").read_text()
    assert page == listing() + "\n", "python -m tests.traps --list > tests/TRAPS.md"
