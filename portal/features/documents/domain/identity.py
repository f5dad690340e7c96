"""Who of the two parties of an invoice the company is, and what the invoice becomes in its books."""

import enum
import unicodedata
from collections.abc import Collection
from datetime import date

import msgspec

from exports import numbers
from exports.model import Document as Invoice
from exports.model import Party
from portal.features.documents.domain.documents import Issuer
from portal.kernel.kinds import Kind
from portal.kernel.money import cents
from portal.kernel.numbers import canonical

CREDIT_TYPES = frozenset({"381", "261", "396", "532"})
"""UNCL1001 codes that credit, also where a sender puts them into an Invoice."""


class Direction(enum.StrEnum):
    """Who of the two parties of an invoice the company is."""

    SUPPLIER = "supplier"
    CUSTOMER = "customer"
    BOTH = "both"
    NEITHER = "neither"


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Everything by which a company is known on invoices.

    `numbers` are normalised (country, number) pairs in the one form of each country (`kernel.numbers.canonical`), `texts` identifiers without a known form (a GLN, a foreign register's),
    compared without spaces and punctuation.
    """

    numbers: frozenset[tuple[str, str]]
    texts: frozenset[str]
    country: str = "BE"


def compact(text: str) -> str:
    """An identifier without spaces, punctuation and case, as it is compared."""
    # Capital at the end: of "nº 5" folding makes a small letter.
    folded = unicodedata.normalize("NFKC", text).upper()
    return "".join(character for character in folded if character.isalnum())


def identity(country: str, number: str | None, vat_id: str | None, others: Collection[str]) -> Identity:
    """The identity of a company from its stored identifiers."""
    pairs: set[tuple[str, str]] = set()
    texts: set[str] = set()
    if number:
        pairs.add(canonical(country, number))
        if country != "BE":
            texts.add(compact(number))
    for text in (vat_id, *others):
        if not text:
            continue
        pair = numbers.company_number(text, country=country)
        if pair is not None:
            pairs.add(canonical(*pair))
        else:
            texts.add(compact(text))
    return Identity(numbers=frozenset(pairs), texts=frozenset(texts), country=country)


def numbers_of(party: Party) -> list[tuple[str, str]]:
    """The company numbers of a party, each in its one form, the surest first; a SIRET among the identifiers of a French one too."""
    found = dict.fromkeys(canonical(*pair) for pair in party.company_numbers)
    if party.country == "FR":
        for text in (party.endpoint_id, party.legal_id, *(value for _scheme, value in party.identifiers)):
            bare = compact(text) if text else ""
            if len(bare) in (9, 14) and bare.isascii() and bare.isdigit():
                found[canonical("FR", bare)] = None
    return list(found)


def is_us(party: Party, us: Identity) -> bool:
    """Whether any identifier of the party is one of the company's."""
    if us.numbers.intersection(numbers_of(party)):
        return True
    given = (
        party.endpoint_id,
        party.legal_id,
        party.vat_id,
        party.tax_registration_id,
        *(value for _scheme, value in party.identifiers),
    )
    return any(compact(text) in us.texts for text in given if text)


def direction_of(invoice: Invoice, us: Identity) -> Direction:
    """Which party the company is. Both or neither is a question for a person, never guessed from a name."""
    supplier, customer = is_us(invoice.supplier, us), is_us(invoice.customer, us)
    if supplier and customer:
        return Direction.BOTH
    if supplier:
        return Direction.SUPPLIER
    return Direction.CUSTOMER if customer else Direction.NEITHER


def kind_of(invoice: Invoice, *, supplier_is_us: bool) -> tuple[Kind, Issuer]:
    """What an invoice is for the company, and who made the paper.

    Self-billing (389, 261) turns the issuer round: with us as supplier it is a received sale.
    """
    credit = invoice.kind == "credit_note" or invoice.type_code in CREDIT_TYPES
    if supplier_is_us:
        kind = Kind.SALES_CREDIT_NOTE if credit else Kind.SALES_INVOICE
    else:
        kind = Kind.PURCHASE_CREDIT_NOTE if credit else Kind.PURCHASE_INVOICE
    ours = supplier_is_us != invoice.is_self_billing
    return kind, Issuer.US if ours else Issuer.COUNTERPARTY


def supplier_key(party: Party) -> str:
    """What tells suppliers apart: the surest company number, else any identifier, else the name; empty without all of them."""
    for pair in party.company_numbers:
        country, number = canonical(*pair)
        return f"{country}:{number}"
    for text in (party.vat_id, party.legal_id, party.endpoint_id, party.tax_registration_id):
        if text and compact(text):
            return f"id:{compact(text)}"
    name = compact(party.display_name)
    return f"name:{name}" if name else ""


def own_key(us: Identity) -> str:
    """The company itself as a supplier (`supplier_key`): part of the duplicate keys of its sales."""
    for country, number in sorted(us.numbers, key=lambda one: (one[0] != us.country, one)):
        return f"{country}:{number}"
    return "us"


def duplicate_key(supplier: str, number: str, issued: date, type_code: str) -> str | None:
    """Supplier, number, date and type: the same four are the same document. None when supplier or number is missing."""
    shown = compact(number) or number.strip()
    if not supplier or not shown:
        return None
    return f"{supplier}|{shown}|{issued.isoformat()}|{type_code}"


def number_prefix(key: str) -> tuple[str, str]:
    """What the keys of one supplier, number and year begin with, and what they end with: the type. Any day lies between."""
    supplier_and_number, day, type_code = key.rsplit("|", 2)
    return f"{supplier_and_number}|{day[:4]}-", f"|{type_code}"


def key_beside(key: str | None, sha256: str) -> str | None:
    """The key of a document that is kept beside another one of its supplier, number, date and type."""
    return None if key is None else f"{key}|beside:{sha256[:16]}"


def invoice_columns(invoice: Invoice, *, supplier_is_us: bool) -> dict[str, object]:
    """The accounting columns of a document from its UBL: signs, VAT and totals are the issuer's, nothing is recomputed."""
    kind, issuer = kind_of(invoice, supplier_is_us=supplier_is_us)
    other = invoice.customer if supplier_is_us else invoice.supplier
    known = other.company_numbers
    country, number = known[0] if known else (other.country, other.vat_id or other.legal_id)
    return {
        "kind": kind,
        "issuer": issuer,
        "number": invoice.number,
        "issue_date": invoice.issue_date,
        "due_date": invoice.due_date,
        "currency": invoice.currency,
        "net": cents(invoice.tax_exclusive),
        "tax": cents(invoice.tax_total),
        "gross": cents(invoice.tax_inclusive),
        "payable": cents(invoice.payable),
        "tax_subtotals": [
            {
                "category": one.category or "",
                "percent": None if one.percent is None else str(one.percent),
                "taxable": str(one.taxable_amount),
                "tax": str(one.tax_amount),
            }
            for one in invoice.tax_subtotals
        ],
        "counterparty_name": other.display_name,
        "counterparty_number": number,
        "counterparty_country": country,
        "structured_communication": invoice.structured_communication,
        "references": [one.number for one in invoice.billing_references],
        "duplicate_key": duplicate_key(
            supplier_key(invoice.supplier), invoice.number, invoice.issue_date, invoice.type_code
        ),
    }
