"""UBL bytes to a :class:`~exports.model.Document`."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - lxml has no types

from exports.model import ZERO, Document, Finding, Kind, Party
from exports.ubl.check.names import locate
from exports.ubl.kinds import named
from exports.ubl.plan import Record
from exports.ubl.tables import table
from exports.ubl.tokens import (
    AGGREGATES,
    BASICS,
    SHORT,
    MalformedError,
    Unreadable,
    cut,
    cut_written,
    decode,
    head,
    lightened,
    normalised,
    parsed,
    unescaped,
)
from exports.ubl.values import NO_ORDER, ValueFault
from exports.ubl.walk import FaultAtError, Root, quick_walk, walk

_ROOTS: Mapping[str, tuple[str, Kind, str]] = {
    "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2": ("Invoice", "invoice", "380"),
    "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2": ("CreditNote", "credit_note", "381"),
}
_URI = re.compile(r"[A-Za-z0-9:/?#@!$&'()*+,;=._~-]*")
#: Of a value that could not be understood, what its remark has of it.
LONGEST_VALUE = 100
_LISTS = (
    "lines",
    "billing_references",
    "allowances_charges",
    "payment_means",
    "settlement_discounts",
    "attachments",
)


def read(data: bytes) -> Document:
    """Read a UBL 2.0 or 2.1 invoice or credit note, whatever specification it follows.

    The values are the issuer's: VAT, totals and signs are kept as they stand, right or wrong. Elements and
    attributes the model does not have are skipped, among them taxes other than VAT, lines below lines and
    ``PrepaidPayment`` (their sum, ``PrepaidAmount``, is kept). Prefixes, byte order marks and encodings do not matter.

    A date, amount or attachment of a wrong form is left out, and ``reading_remarks`` says so (the first hundred times); only in the number, the
    issue date, the totals, VAT amounts and the amounts of lines, allowances and charges it makes the document
    unreadable. A currency that is not named is the payable amount's.

    Args:
        data: The file, at most :data:`~exports.ubl.tokens.MAX_BYTES`.

    Raises:
        Unreadable: When it is not a UBL invoice or credit note; with a reason, and the line where one is to
        blame. What it is instead, where that is known, :mod:`exports.ubl.kinds` says.
    """
    try:
        return _read(data)
    except Unreadable as error:
        if (known := named(error, data)) is not error:
            raise known from error
        raise


def _read(data: bytes) -> Document:
    document = _read_light(data)
    if document is not None:
        return document
    text = decode(data)
    parts = cut(data, text)
    if parts is not None:
        try:
            return _document(parts, lambda: text, strict=True, references="&" in text)
        except MalformedError:
            pass  # lxml says what is wrong, or writes it in the form this reader knows
    return _read_written(text)


def _read_written(text: str) -> Document:
    """The document as lxml understands its text."""
    written = normalised(text)
    try:
        return _document(cut_written(written), lambda: text, strict=False, references="&" in written)
    except MalformedError as error:
        raise Unreadable("not_xml", params={"message": str(error)}) from error


def _read_light(data: bytes) -> Document | None:
    """The document of a file that embeds others, read without looking into them; nothing where that does not do."""
    light = lightened(data)
    if light is None:
        return None
    try:
        text = decode(light.data)
    except Unreadable:  # its line is one of the whole file
        return None
    parts = cut(light.data, text)
    if parts is None:
        return None
    light.restored(parts)
    try:
        return _document(parts, lambda: decode(data), strict=True, references="&" in text)
    except MalformedError:
        return None


def _document(parts: list[str], whole: Callable[[], str], *, strict: bool, references: bool) -> Document:
    """The document of its parts; ``whole`` gives the text, from which a fault's line is."""
    root = _short_root(parts[1], strict) if len(parts[1]) <= SHORT else _root(parts[1], strict)
    remarks: list[FaultAtError] = []
    try:
        record = quick_walk(parts, root, strict=strict, references=references)
        if record is None:
            record = walk(parts, root, remarks, strict=strict, references=references)
    except FaultAtError as fault:
        raise _unreadable(fault, parts, whole()) from fault
    except IndexError as error:
        raise MalformedError("the root does not end") from error
    if remarks:
        record["reading_remarks"] = tuple(_remarks(remarks, parts, whole()))
    if any(one.content is None and one.external_uri is None for one in record.get("attachments", ())):
        record["reading_remarks"] = (*record.get("reading_remarks", ()), *_empty_objects(parts))
    try:
        return _finished(record, root)
    except ValueFault as fault:
        raise Unreadable(fault.reason, params={"element": fault.value}) from fault


def _unreadable(at: FaultAtError, parts: list[str], text: str) -> Unreadable:
    (remark,) = _remarks([at], parts, text)
    params = dict(remark.params)
    line = int(params.pop("line"))
    if remark.rule == "missing":
        params = {"element": at.fault.value}
    return Unreadable(remark.rule, line, params)


def _remarks(faults: list[FaultAtError], parts: list[str], text: str) -> Iterator[Finding]:
    """The faults, each at the last element that began before it; lxml finds it, only now that it is needed."""
    elements = parsed(text).iter()
    element: Any = None
    at = 1
    for one in faults:
        while at < one.position:
            if parts[at][:1] != "/":
                element = next(elements, element)
            at += 2
        fault = one.fault
        name = etree.QName(element).localname
        yield Finding(
            rule=fault.reason,
            severity="warning",
            location=locate(element),
            text=f"The value of {name} is left out: {fault.reason.replace('_', ' ')}.",
            params={
                "element": name,
                "value": fault.value[:LONGEST_VALUE],
                "line": str(element.sourceline),
                **({"filename": element.get("filename")} if element.get("filename") else {}),
            },
        )


_OBJECT = "EmbeddedDocumentBinaryObject"
_FILENAME = re.compile(r"""\sfilename\s*=\s*(?:"([^"]*)"|'([^']*)')""")


def _empty_objects(parts: list[str]) -> Iterator[Finding]:
    """Embedded files of which nothing is there: a program wrote the place of one, and forgot it."""
    for place in range(1, len(parts) - 1, 2):
        tag = parts[place]
        if tag[:1] == "/" or _OBJECT not in tag[:60] or not (tag[-1:] == "/" or not parts[place + 1].strip()):
            continue
        match = _FILENAME.search(tag)
        filename = unescaped(match[1] or match[2] or "") if match else ""
        yield Finding(
            rule="not_base64",
            severity="warning",
            location="",
            text=f"The value of {_OBJECT} is left out: it is empty.",
            params={"element": _OBJECT, "value": "", **({"filename": filename} if filename else {})},
        )


def _root(tag: str, strict: bool) -> Root:
    root = head(tag, strict)
    declared: dict[str, list[str]] = {}
    for attribute, uri in root.attributes.items():
        if strict and attribute[:5] == "xmlns" and not _URI.fullmatch(uri):
            raise MalformedError("a namespace lxml may refuse")
        if attribute == "xmlns":
            declared.setdefault(uri, []).append("")
        elif attribute.startswith("xmlns:"):
            declared.setdefault(uri, []).append(attribute[6:] + ":")
    prefix, colon, local = root.name.rpartition(":")
    namespace = next((uri for uri, names in declared.items() if prefix + colon in names), "")
    if prefix and not namespace:
        raise MalformedError("undeclared prefix")
    expected, kind, type_code = _ROOTS.get(namespace, ("", "invoice", ""))
    if local != expected:
        raise Unreadable("not_ubl", params={"root": local, "namespace": namespace})
    if root.empty:
        raise Unreadable("missing", params={"element": "cbc:ID"})
    aggregates, basics = tuple(declared.get(AGGREGATES, ())), tuple(declared.get(BASICS, ()))
    children, quick_children = (table(aggregates, basics, quick=quick) for quick in (False, True))
    prefixes = frozenset(one for names in declared.values() for one in names)
    return Root(root.name, kind, type_code, children, quick_children, prefixes)


_short_root = lru_cache(maxsize=256)(_root)


def _finished(record: Record, root: Root) -> Document:
    """The document of the collected values, what is absent derived where the model asks for it."""
    for field, element in (("number", "cbc:ID"), ("issue_date", "cbc:IssueDate")):
        if field not in record:
            raise ValueFault("missing", element)
    record["kind"] = root.kind
    record.setdefault("type_code", root.type_code)
    record.setdefault("supplier", Party())
    record.setdefault("customer", Party())
    _settle_tax(record)
    _settle_totals(record)
    if "payment_terms" in record:
        record["payment_terms"] = "\n".join(record["payment_terms"])
    if "due_date" not in record:
        dates = [
            one.due_date
            for one in (*record.get("payment_means", ()), *record.get("settlement_discounts", ()))
            if one.due_date
        ]
        if dates:
            record["due_date"] = dates[0]
    if "sales_order_reference" in record and record.get("order_reference") == NO_ORDER:
        del record["order_reference"]
    if root.kind == "credit_note" and "attachments" in record:
        _settle_project(record)
    for field in _LISTS:
        if field in record:
            record[field] = tuple(record[field])
    return Document(**record)


def _settle_project(record: Record) -> None:
    """The project of a credit note, which UBL 2.1 has no element for: a document of type 50 (Peppol BIS)."""
    for one in record["attachments"]:
        if one.document_type_code == "50" and not one.is_embedded and one.external_uri is None:
            record.setdefault("project_reference", one.id)
            record["attachments"].remove(one)
            return


def _settle_currency(record: Record, totals: list[Record]) -> None:
    """The currency of a document that names none: the payable amount's, else the VAT's."""
    payable = record.pop("payable_currency", None)
    if "currency" in record:
        return
    for currency in (payable, *(one.get("currency") for one in totals)):
        if currency:
            record["currency"] = currency
            return


def _settle_tax(record: Record) -> None:
    """The tax total and breakdown in the document's currency, and the total in the tax currency.

    Some issuers give a total for each rate: they are one, with all their subtotals.
    """
    totals: list[Record] = record.pop("tax_totals", [])
    _settle_currency(record, totals)
    if not totals:
        return
    currency = record.get("currency", "EUR")
    own = [one for one in totals if one.get("currency", currency) == currency]
    main = [one for one in own if "subtotals" in one] or own[:1] or totals[:1]
    record["tax_subtotals"] = tuple(subtotal for one in main for subtotal in one.get("subtotals", ()))
    record["tax_total"] = sum((one.get("amount", ZERO) for one in main[1:]), main[0].get("amount", ZERO))
    for other in totals:
        if other is not main[0] and "amount" in other and other.get("currency", currency) != currency:
            record["tax_total_in_tax_currency"] = other["amount"]
            record.setdefault("tax_currency", other["currency"])
            break


def _settle_totals(record: Record) -> None:
    if "payable" not in record and "tax_inclusive" not in record:
        raise ValueFault("missing", "cbc:PayableAmount")
    if "line_extension" not in record:
        record["line_extension"] = sum((line.net_amount for line in record.get("lines", ())), ZERO)
    tax = record.get("tax_total", ZERO)
    if "tax_inclusive" not in record:
        record["tax_inclusive"] = (
            record["tax_exclusive"] + tax
            if "tax_exclusive" in record
            else record["payable"] + record.get("prepaid", ZERO) - record.get("rounding", ZERO)
        )
    if "tax_exclusive" not in record:
        record["tax_exclusive"] = record["tax_inclusive"] - tax
    if "payable" not in record:
        record["payable"] = (
            record["tax_inclusive"] - record.get("prepaid", ZERO) + record.get("rounding", ZERO)
        )
