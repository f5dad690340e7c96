"""Bundles with honest defaults. The makers are of session scope, so that generated tests may use them."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from io import BytesIO
from typing import Any

import pytest

from exports import bundle, layouts

MakeFile = Callable[..., bundle.ItemFile]
MakeItem = Callable[..., bundle.Item]
MakeHeader = Callable[..., bundle.Header]


@pytest.fixture(scope="session")
def make_file() -> MakeFile:
    def make(role: bundle.Role = "ubl", data: bytes = b"<Invoice/>", **values: Any) -> bundle.ItemFile:
        media_type, name = {
            "ubl": ("application/xml", "invoice.xml"),
            "pdf": ("application/pdf", "invoice.pdf"),
            "coda": ("text/plain", "statement.cod"),
            "original": ("image/jpeg", "photo.jpg"),
        }[role]
        defaults: dict[str, Any] = {
            "role": role,
            "name": name,
            "media_type": media_type,
            "size": len(data),
            "sha256": sha256(data).hexdigest(),
            "origin": "received",
            "open": lambda: BytesIO(data),
        }
        return bundle.ItemFile(**(defaults | values))

    return make


@pytest.fixture(scope="session")
def make_item(make_file: MakeFile) -> MakeItem:
    def make(id: str = "item-1", **values: Any) -> bundle.Item:  # noqa: A002 - the field's name
        defaults: dict[str, Any] = {
            "id": id,
            "version": 1,
            "kind": bundle.Kind.purchase_invoice,
            "number": "2026/77",
            "date": date(2026, 11, 2),
            "counterparty": "Drukkerij Café",
            "currency": "EUR",
            "net": Decimal("100.00"),
            "tax": Decimal("21.00"),
            "gross": Decimal("121.00"),
            "tax_subtotals": (bundle.TaxAmount("S", Decimal(21), Decimal("100.00"), Decimal("21.00")),),
            "files": (make_file(data=f"<Invoice>{id}</Invoice>".encode()),),
        }
        return bundle.Item(**(defaults | values))

    return make


@pytest.fixture(scope="session")
def make_statement(make_file: MakeFile, make_item: MakeItem) -> MakeItem:
    def make(id: str = "statement-1", **values: Any) -> bundle.Item:  # noqa: A002 - the field's name
        data = values.pop("data", f"0000{id}".encode())
        defaults: dict[str, Any] = {
            "kind": bundle.Kind.statement,
            "number": "012",
            "net": None,
            "tax": None,
            "gross": None,
            "tax_subtotals": (),
            "account": "BE71 0961 2345 6769",
            "statement_number": "012",
            "files": (make_file("coda", data),),
        }
        return make_item(id, **(defaults | values))

    return make


@pytest.fixture(scope="session")
def make_header() -> MakeHeader:
    def make(**values: Any) -> bundle.Header:
        defaults: dict[str, Any] = {
            "dossier_id": "dossier-1",
            "dossier_code": "0042",
            "dossier_name": "Bakkerij Peeters",
            "company_number": "0202239951",
            "number": 1,
            "previous_sha256": None,
            "policy": "last_full_month",
            "created": datetime(2026, 12, 1, 6, 0, tzinfo=UTC),
            "software": "test 1",
        }
        return bundle.Header(**(defaults | values))

    return make


@pytest.fixture(scope="session")
def build(make_header: MakeHeader) -> Callable[..., tuple[bytes, bundle.Manifest]]:
    def make(*items: bundle.Item, layout: str = "generic", **header: Any) -> tuple[bytes, bundle.Manifest]:
        out = BytesIO()
        manifest = bundle.build(make_header(**header), items, layouts.get(layout), out)
        return out.getvalue(), manifest

    return make
