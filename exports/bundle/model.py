"""What goes into a bundle: the header of the sending, its items, and their files.

Amounts are Decimals in the item's currency with the signs of the document, as given: nothing here is
recomputed. Dates are legal dates, moments are UTC. Hashes are SHA-256 in lower-case hexadecimal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import BinaryIO, Literal, NamedTuple, Protocol

Role = Literal["ubl", "pdf", "coda", "original"]
"""What a file is to its item: the invoice as UBL, its image for people, a CODA file, or another original."""

Origin = Literal["received", "own", "derived"]
"""``received``: bytes of others, forwarded unchanged; ``own``: written by us for the company;
``derived``: made by us out of something received (UBL keyed from a PDF, a CODA cut per account)."""


class Kind(StrEnum):
    """What an item is; a layout gives each kind its folder."""

    sales_invoice = "sales_invoice"
    sales_credit_note = "sales_credit_note"
    purchase_invoice = "purchase_invoice"
    purchase_credit_note = "purchase_credit_note"
    expense_receipt = "expense_receipt"
    daily_receipts = "daily_receipts"
    payroll = "payroll"
    tax_letter = "tax_letter"
    contract = "contract"
    other = "other"
    statement = "statement"


class TaxAmount(NamedTuple):
    """One VAT breakdown line of a document (EN 16931 BG-23).

    ``category`` is the UNCL5305 code (BT-118), ``percent`` its rate (BT-119; None where the category has
    none), ``taxable`` the taxable amount (BT-116) and ``tax`` the VAT amount (BT-117).
    """

    category: str
    percent: Decimal | None
    taxable: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a bundle says about itself.

    ``number`` counts the bundles of the dossier from 1 without gaps; ``previous_sha256`` is the SHA-256 of
    the manifest of the bundle before it (``Manifest.sha256``), None for the first. ``policy`` is the export
    policy or the word for a sending by hand. ``created`` is aware and in UTC; ``software`` the name and
    version to show in the manifest.
    """

    dossier_id: str
    dossier_code: str | None
    dossier_name: str
    company_number: str | None
    number: int
    previous_sha256: str | None
    policy: str
    created: datetime
    software: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFile:
    """One file of an item.

    ``name`` is the name it came with (kept in the manifest, never used as a path), ``size`` its length in
    bytes. ``open`` gives a fresh binary stream, which the bundle reads once and closes. ``embeds_pdf``
    tells of a UBL whether it carries its PDF inside, so that no loose one is laid beside it; None means the
    usual: what we wrote or derived does, what was received does not.
    """

    role: Role
    name: str
    media_type: str
    size: int
    sha256: str
    origin: Origin
    open: Callable[[], BinaryIO]
    embeds_pdf: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One document or statement of a bundle.

    ``number`` is the document's number as printed on it, for a statement the statement's number.
    ``net``, ``tax`` and ``gross`` are BT-109, BT-110 and BT-112, None where there is none to give
    (statements, loose papers). ``account`` is the account number and ``statement_number`` the CODA number
    of a statement. ``made_here`` tells of a statement that its CODA is none of the bank's but was made out of another form: its file's name
    says so. ``reexport`` marks what left before, in the bundle ``first_exported_in``; ``replaces``
    names the item version that this one amends.
    """

    id: str
    version: int
    kind: Kind
    number: str
    date: date
    counterparty: str
    currency: str
    net: Decimal | None = None
    tax: Decimal | None = None
    gross: Decimal | None = None
    tax_subtotals: tuple[TaxAmount, ...] = ()
    files: tuple[ItemFile, ...]
    account: str | None = None
    statement_number: str | None = None
    reexport: bool = False
    first_exported_in: int | None = None
    replaces: str | None = None
    made_here: bool = False


class Placement(NamedTuple):
    """Where a layout puts one file: its path inside the bundle, relative to the dossier's folder."""

    file: ItemFile
    path: str


class Layout(Protocol):
    """What ``build`` needs of a layout; ``exports.layouts`` has one per bookkeeping package."""

    @property
    def name(self) -> str:
        """The layout's name as in ``layouts.get``; written into the manifest."""
        ...

    def place(self, item: Item, *, bundle: int, sequence: int) -> tuple[Placement, ...]:
        """The files of an item that leave, with their paths, in the order in which a reader may see them."""
        ...


def import_order(item: Item) -> tuple[date, str, str, str]:
    """The sort key for items: by legal date, then kind, number and id.

    Most packages import in file-name order, and file names begin with the date: items given to ``build`` in
    this order get names that sort the same way.
    """
    return (item.date, item.kind.value, item.number, item.id)
