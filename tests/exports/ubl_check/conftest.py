"""Documents to check."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from exports.ubl.check import close
from tests.exports.ubl_check.samples import CREDIT_NOTE, INVOICE, Build, changed


@pytest.fixture(scope="session")
def invoice() -> Build:
    return lambda *changes: changed(INVOICE, changes)


@pytest.fixture(scope="session")
def credit_note() -> Build:
    return lambda *changes: changed(CREDIT_NOTE, changes)


@pytest.fixture(scope="session")
def documents(corpus: Path) -> Path:
    """The UBL documents written by others."""
    return corpus / "ubl"


@pytest.fixture(scope="session", autouse=True)
def _rules_process() -> Iterator[None]:
    yield
    close()
