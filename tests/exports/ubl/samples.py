"""Invoices of our own, as values and as files, and ways to change them."""

from datetime import date
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from exports import ubl
from exports.model import Document, Line, Party, PaymentMeans
from exports.ubl import codes

DAY = date(2026, 11, 22)
SELLER = Party(
    name="Bakkerij Zonder Naam",
    legal_name="Bakkerij Zonder Naam BV",
    vat_id="BE0000000196",
    legal_id="0000000196",
    legal_id_scheme="0208",
    endpoint_id="0000000196",
    endpoint_scheme="0208",
    street="Kerkstraat 1",
    city="Gent",
    postcode="9000",
    country="BE",
)
BUYER = replace(
    SELLER,
    name=None,
    legal_name="Client Sans Nom SRL",
    vat_id="BE0000000295",
    legal_id="0000000295",
    endpoint_id="0000000295",
    city="Namur",
    postcode="5000",
)


def line(price: str = "100.00", *, quantity: str = "1", percent: str | None = "21", **fields: Any) -> Line:
    """A line with its net amount; at 21 % unless it says otherwise."""
    values: dict[str, Any] = {
        "id": "1",
        "name": "Brood",
        "quantity": Decimal(quantity),
        "unit_code": "C62",
        "price": Decimal(price),
        "tax_category": "S",
        "tax_percent": None if percent is None else Decimal(percent),
        "net_amount": Decimal(0),
    }
    made = Line(**{**values, **fields})
    return replace(made, net_amount=ubl.net_amount(made))


def invoice(*lines: Line, **fields: Any) -> Document:
    """A valid invoice of 100 at 21 %, or of the lines given, with its totals."""
    values: dict[str, Any] = {
        "kind": "invoice",
        "number": "2026/17",
        "issue_date": DAY,
        "due_date": date(2026, 12, 22),
        "buyer_reference": "K12",
        "supplier": SELLER,
        "customer": BUYER,
        "payment_means": (
            PaymentMeans(code="30", payment_id="+++123/4567/89002+++", account_id="BE68539007547034"),
        ),
        "lines": tuple(replace(one, id=str(place)) for place, one in enumerate(lines or (line(),), 1)),
    }
    return ubl.totals(Document(**{**values, **fields}))


def credit_note(*lines: Line, **fields: Any) -> Document:
    """The same as a credit note."""
    return invoice(*lines, **{"kind": "credit_note", "type_code": "381", **fields})


def in_category(code: str, price: str = "100.00") -> Line:
    """A line under a Belgian code."""
    known = codes.tax_code(code, DAY)
    assert known is not None
    (made,) = ubl.categorised([line(price)], known)
    return made


def file(*changes: tuple[str, str], document: Document | None = None) -> bytes:
    """A valid invoice as a file, with texts in it replaced; each must be there."""
    text = ubl.write(document or invoice()).decode()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text.encode()
