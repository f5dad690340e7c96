"""Items to be placed; their bytes are never read here."""

from collections.abc import Callable
from datetime import date
from hashlib import sha256
from io import BytesIO
from typing import Any

import pytest

from exports import bundle


@pytest.fixture(scope="session")
def make_file() -> Callable[..., bundle.ItemFile]:
    def make(
        role: bundle.Role, media_type: str = "application/octet-stream", **values: Any
    ) -> bundle.ItemFile:
        defaults: dict[str, Any] = {
            "role": role,
            "name": "file",
            "media_type": media_type,
            "size": 1,
            "sha256": sha256(f"{role}{media_type}".encode()).hexdigest(),
            "origin": "received",
            "open": lambda: BytesIO(b"x"),
        }
        return bundle.ItemFile(**(defaults | values))

    return make


@pytest.fixture(scope="session")
def make_item(make_file: Callable[..., bundle.ItemFile]) -> Callable[..., bundle.Item]:
    def make(**values: Any) -> bundle.Item:
        defaults: dict[str, Any] = {
            "id": "item",
            "version": 1,
            "kind": bundle.Kind.purchase_invoice,
            "number": "2026/77",
            "date": date(2026, 11, 2),
            "counterparty": "Drukkerij",
            "currency": "EUR",
            "files": (make_file("ubl"),),
        }
        return bundle.Item(**(defaults | values))

    return make
