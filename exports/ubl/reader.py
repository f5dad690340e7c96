"""UBL bytes to a :class:`~exports.model.Document`."""

from collections.abc import Mapping
from functools import lru_cache
from itertools import islice

from exports.model import ZERO, Document, Kind, Party
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
    normalised,
    parsed,
)
from exports.ubl.values import ValueFault
from exports.ubl.walk import FaultAtError, Root, quick_walk, walk

_ROOTS: Mapping[str, tuple[str, Kind, str]] = {
    "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2": ("Invoice", "invoice", "380"),
    "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2": ("CreditNote", "credit_note", "381"),
}
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
    attributes the model does not have are skipped. Prefixes, byte order marks and encodings do not matter.

    Args:
        data: The file, at most :data:`~exports.ubl.tokens.MAX_BYTES`.

    Raises:
        Unreadable: When it is not a UBL invoice or credit note; with a reason, and the line where one is to
        blame.
    """
    text = decode(data)
    parts = cut(data, text)
    if parts is not None:
        try:
            return _document(parts, text, strict=True)
        except MalformedError:
            pass  # lxml says what is wrong, or writes it in the form this reader knows
    try:
        return _document(cut_written(normalised(text)), text, strict=False)
    except MalformedError as error:
        raise Unreadable("not_xml", params={"message": str(error)}) from error


def _document(parts: list[str], text: str, *, strict: bool) -> Document:
    root = _short_root(parts[1], strict) if len(parts[1]) <= SHORT else _root(parts[1], strict)
    references = "&" in text
    try:
        record = quick_walk(parts, root, strict=strict, references=references)
        if record is None:
            record = walk(parts, root, strict=strict, references=references)
    except FaultAtError as fault:
        raise _unreadable(fault, parts[: fault.position], text) from fault
    except IndexError as error:
        raise MalformedError("the root does not end") from error
    try:
        return _finished(record, root)
    except ValueFault as fault:
        raise Unreadable(fault.reason, params={"element": fault.value}) from fault


def _unreadable(at: FaultAtError, seen: list[str], text: str) -> Unreadable:
    """The fault with the line of the last element that began; looked up by lxml, only now that it is needed."""
    starts = [tag for tag in seen[1::2] if tag[:1] != "/"]
    element = next(islice(parsed(text).iter(), len(starts) - 1, None), None)
    line = None if element is None else element.sourceline
    fault = at.fault
    if fault.reason == "missing":
        return Unreadable(fault.reason, line, {"element": fault.value})
    name = starts[-1].partition(" ")[0].rpartition(":")[2]
    return Unreadable(fault.reason, line, {"element": name, "value": fault.value})


def _root(tag: str, strict: bool) -> Root:
    root = head(tag, strict)
    declared: dict[str, list[str]] = {}
    for attribute, uri in root.attributes.items():
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
    children = table(tuple(declared.get(AGGREGATES, ())), tuple(declared.get(BASICS, ())))
    prefixes = frozenset(one for names in declared.values() for one in names)
    return Root(root.name, kind, type_code, children, prefixes)


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
    if root.kind == "credit_note" and "attachments" in record:
        _settle_project(record)
    for field in _LISTS:
        if field in record:
            record[field] = tuple(record[field])
    return Document(**record)


def _settle_project(record: Record) -> None:
    """The project of a credit note, which UBL 2.1 has no element for: a document of type 50 (Peppol BIS)."""
    for one in record["attachments"]:
        if one.document_type_code == "50" and one.content is None and one.external_uri is None:
            record.setdefault("project_reference", one.id)
            record["attachments"].remove(one)
            return


def _settle_tax(record: Record) -> None:
    """The tax total and breakdown in the document's currency, and the total in the tax currency."""
    totals: list[Record] = record.pop("tax_totals", [])
    if not totals:
        return
    currency = record.get("currency", "EUR")
    main = next(
        (one for one in totals if "subtotals" in one and one.get("currency", currency) == currency),
        next((one for one in totals if one.get("currency", currency) == currency), totals[0]),
    )
    record["tax_subtotals"] = tuple(main.get("subtotals", ()))
    record["tax_total"] = main.get("amount", ZERO)
    for other in totals:
        if other is not main and "amount" in other and other.get("currency", currency) != currency:
            record["tax_total_in_tax_currency"] = other["amount"]
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
