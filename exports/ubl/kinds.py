"""What a file is that is no UBL invoice: told by name, in the same words whoever reads it.

Everything here is by the first bytes or the root element; nothing is parsed. Sources: OASIS UBL 2.1 (document types),
Peppol BIS (which of them travel), UN/CEFACT (Cross Industry Invoice), Factur-X, Order-X, GS1 (SBDH 1.3).
"""

import re
from collections.abc import Mapping

from exports.ubl.tokens import Unreadable

CII, ZUGFERD_1, ENVELOPE = "CrossIndustryInvoice", "CrossIndustryDocument", "StandardBusinessDocument"
CII_NAMESPACE = "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:"
ZUGFERD_1_NAMESPACE = "urn:ferd:CrossIndustryDocument:invoice:"
ENVELOPE_NAMESPACE = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"

#: Root element → what it is. The words of ``WHAT`` say it.
_ROOTS: Mapping[str, str] = {
    CII: "cii",
    ZUGFERD_1: "cii",
    ENVELOPE: "envelope",
    "ApplicationResponse": "response",
    "DebitNote": "debit_note",
    "SelfBilledInvoice": "self_billed",
    "SelfBilledCreditNote": "self_billed",
    "FreightInvoice": "freight",
    "Reminder": "reminder",
    "Statement": "statement",
    "UtilityStatement": "statement",
    **dict.fromkeys(
        (
            "Order",
            "OrderChange",
            "OrderResponse",
            "OrderResponseSimple",
            "OrderCancellation",
            "Quotation",
            "RequestForQuotation",
            "Catalogue",
            "SCRDMCCBDACIOMessageStructure",
            "CrossIndustryOrder",
        ),
        "order",
    ),
    **dict.fromkeys(
        (
            "DespatchAdvice",
            "ReceiptAdvice",
            "TransportationStatus",
            "Waybill",
            "BillOfLading",
            "PackingList",
            "CrossIndustryDespatchAdvice",
            "SCRDMCCBDACIDAMessageStructure",
        ),
        "delivery",
    ),
    **dict.fromkeys(("RemittanceAdvice", "TransactionStatement"), "remittance"),
    **dict.fromkeys(
        ("FatturaElettronica", "Facturae", "Faktura", "Finvoice", "SzamlaXml", "InvoiceData"), "national"
    ),
}
WHAT: Mapping[str, str] = {
    "pdf": "a PDF; an invoice inside one is read by exports.invoices",
    "cii": "a UN/CEFACT Cross Industry Invoice (CII); it is read by exports.cii",
    "envelope": "a transport envelope (SBDH); the invoice inside is read by exports.invoices",
    "response": "a message about an invoice (ApplicationResponse)",
    "debit_note": "a debit note",
    "self_billed": "a self-billed document in a form of its own (Peppol sends it as Invoice, type 389)",
    "freight": "a freight invoice",
    "reminder": "a reminder",
    "statement": "a statement of account",
    "order": "an order, or an answer to one",
    "delivery": "a delivery note, or a notice of receipt",
    "remittance": "a remittance advice",
    "national": "an invoice in the format of another country",
}
_NOT_XML = frozenset({"encoding", "not_xml", "empty"})
_WHITE_SPACE = b" \t\r\n"


def kind_of(root: str, namespace: str = "") -> str | None:
    """What a root element's name stands for; nothing for one that is not known.

    Args:
        root: Its local name.
        namespace: Its namespace, where it is known: ``Order`` of a shop's own format is not UBL's.
    """
    kind = _ROOTS.get(root)
    ours = ("urn:oasis:names:specification:ubl:", "urn:un:unece:", "urn:ferd:", "http://www.unece.org/")
    if kind is None or not namespace or kind == "national" or namespace.startswith(ours):
        return kind
    return None


def is_pdf(data: bytes) -> bool:
    """Whether bytes are a PDF, whatever their file is called."""
    return b"%PDF-" in data[:1024] and not data.lstrip(_WHITE_SPACE).startswith(b"<")


_CLARK = re.compile(r"(?:\{([^}]*)\})?(.+)", re.DOTALL)


def named(error: Unreadable, data: bytes) -> Unreadable:
    """The error for bytes that are no UBL invoice, with what they are: readers and checks say the same.

    ``pdf`` where the bytes are one; ``not_ubl`` gets the plain names ``root`` and ``namespace``, and ``what`` for a root that is known.
    """
    if error.reason in _NOT_XML and is_pdf(data):
        return Unreadable("pdf", params={"what": WHAT["pdf"]})
    if error.reason != "not_ubl" or "root" not in error.params:
        return error
    match = _CLARK.match(error.params["root"])
    namespace, root = (match[1] or "", match[2]) if match else ("", error.params["root"])
    namespace = namespace or error.params.get("namespace", "")
    params = {"root": root[:200], "namespace": namespace[:200]}
    kind = kind_of(root, namespace)
    return Unreadable("not_ubl", error.line, params if kind is None else {**params, "what": WHAT[kind]})
