"""What fuzzing found once is found never again: every kept case, and every seed, goes through its target."""

import importlib
from collections.abc import Callable
from pathlib import Path

import pytest

from fuzz import harness

TARGETS = ("bundle_verify", "cii_read", "coda_read", "ubl_read")


def target(name: str) -> Callable[[bytes], None]:
    return importlib.import_module(f"fuzz.{name}").one_input


@pytest.mark.parametrize(
    ("name", "case"),
    [(name, case) for name in TARGETS for case in harness.kept(name)],
    ids=lambda value: value.name if isinstance(value, Path) else value,
)
def test_a_case_that_was_found_stays_fixed(name: str, case: Path) -> None:
    target(name)(case.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_every_seed_passes_its_target(name: str) -> None:
    module = importlib.import_module(f"fuzz.{name}")
    assert module.seeds()
    for seed in module.seeds():
        module.one_input(seed)
        module.one_input(seed[: len(seed) // 2])
