"""Invoices in whatever they come: UBL, CII, in a transport envelope, inside a PDF. One door for all of them.

:func:`take` finds what an invoice is wrapped in and gives it out; what leaves is never rewritten where it need not be. :mod:`exports.ubl` and
:mod:`exports.cii` read the two syntaxes.
"""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from exports import cii, hybrid, ubl
from exports.model import Document, Finding
from exports.numbers import company_number
from exports.ubl import envelope, kinds
from exports.ubl.check import Profile
from exports.ubl.envelope import Enclosed, Header
from exports.ubl.tokens import Unreadable

Syntax = Literal["ubl", "cii"]
MOST_NESTED = 3  #: envelopes in envelopes

TEXTS = {
    "ENVELOPE-TYPE": "The envelope announces another document than the one inside.",
    "ENVELOPE-RECEIVER": "The envelope is addressed to somebody who is not the customer of the invoice.",
}


class Taken(Struct, frozen=True, kw_only=True):
    """An invoice out of what it came in.

    Attributes:
        document: What it says, with what its wrapping contradicts among ``reading_remarks``.
        syntax: How it is written.
        data: Its own bytes: the file's, or those that were cut out of it.
        wrapped: Whether they are not the whole file.
        added: Whether something was added so that they stand alone, see :mod:`exports.ubl.envelope`.
        header: Of the envelope it came in.
    """

    document: Document
    syntax: Syntax
    data: bytes
    wrapped: bool = False
    added: bool = False
    header: Header | None = None


class SeveralError(Unreadable):
    """An envelope holds several documents. Reason: ``several``.

    Attributes:
        documents: They, each to be taken by itself.
    """

    def __init__(self, documents: tuple[Enclosed, ...]) -> None:
        super().__init__("several", params={"found": str(len(documents))})
        self.documents = documents


def take(data: bytes) -> Taken:
    """The invoice in XML: a UBL, a CII, or one of them in an envelope.

    Raises:
        Unreadable: It is none, or lacks what no invoice is without; ``enclosed`` when what is in an envelope is none.
        SeveralError: It is an envelope with several documents.
    """
    return _take(data, MOST_NESTED)


def _take(data: bytes, nested: int) -> Taken:
    try:
        return Taken(document=ubl.read(data), syntax="ubl", data=data)
    except Unreadable as error:
        if error.reason != "not_ubl":
            raise
        kind = kinds.kind_of(error.params["root"], error.params["namespace"])
        if kind == "cii":
            return Taken(document=cii.read(data), syntax="cii", data=data)
        if kind != "envelope" or not nested:
            raise
    opened = envelope.opened(data)
    first, *others = opened.documents
    if others:
        raise SeveralError(opened.documents)
    return _enclosed(first, opened.header, nested)


def _enclosed(one: Enclosed, header: Header, nested: int) -> Taken:
    """The invoice of one document of an envelope."""
    try:
        inner = _take(one.data, nested - 1)
    except Unreadable as error:
        if error.reason in {"not_ubl", "pdf"}:
            raise Unreadable("enclosed", params=dict(error.params)) from error
        raise
    remarks = (*inner.document.reading_remarks, *_unlike(header, one, inner.document))
    return Taken(
        document=_remarked(inner.document, remarks),
        syntax=inner.syntax,
        data=inner.data,
        wrapped=True,
        added=one.added or inner.added,
        header=header,
    )


def _remarked(document: Document, remarks: tuple[Finding, ...]) -> Document:
    return replace(document, reading_remarks=remarks)


def _unlike(header: Header, one: Enclosed, document: Document) -> list[Finding]:
    """Where an envelope and the invoice in it contradict each other."""
    found = [
        _finding("ENVELOPE-TYPE", expected=announced, found=inside)
        for announced, inside in envelope.contradictions(header, one.root, one.namespace)
    ]
    receiver = document.supplier if document.is_self_billing else document.customer
    known = {
        (receiver.endpoint_id or ""),
        (receiver.legal_id or ""),
        (receiver.vat_id or ""),
        *(value for _scheme, value in receiver.identifiers),
    } - {""}
    scheme, _colon, number = header.receiver.rpartition("::")[2].partition(":")
    if number and known:
        pair = company_number(number, scheme=scheme)
        same = pair in receiver.company_numbers if pair else False
        if not same and _plain(number) not in {_plain(value) for value in known}:
            found.append(
                _finding("ENVELOPE-RECEIVER", expected=header.receiver, found=" · ".join(sorted(known)))
            )
    return found


def _plain(identifier: str) -> str:
    return "".join(sign for sign in identifier.casefold() if sign.isalnum())


def _finding(rule: str, **params: str) -> Finding:
    given = {name: value[:100] for name, value in params.items()}
    return Finding(rule=rule, severity="warning", location="", text=TEXTS[rule], params=given)


def from_pdf(contents: hybrid.Contents) -> tuple[hybrid.Inside, Taken]:
    """The invoice that a PDF carries, and which of its files that is; where it differs from the page stands among the remarks.

    Raises:
        Unreadable: ``pdf`` when it carries none; otherwise why the first file that should be one cannot be read.
    """
    first: Unreadable | None = None
    for one in contents.xml:
        try:
            taken = take(one.data or b"")
        except SeveralError:
            continue
        except Unreadable as error:
            if first is None and error.reason != "not_ubl":
                first = error
            continue
        remarks = (*taken.document.reading_remarks, *hybrid.unlike_page(taken.document, contents.text))
        return one, Taken(
            document=_remarked(taken.document, remarks),
            syntax=taken.syntax,
            data=taken.data,
            wrapped=True,
            added=taken.added,
            header=taken.header,
        )
    raise first or Unreadable("pdf", params={"what": kinds.WHAT["pdf"]})


def read(data: bytes) -> Taken:
    """As :func:`take`, of a PDF as well. It is opened in this process: for one's own files, not for a stranger's.

    Raises:
        Unreadable: See :func:`take` and :func:`from_pdf`.
        SeveralError: See :func:`take`.
    """
    if not kinds.is_pdf(data):
        return take(data)
    import pypdfium2

    try:
        opened = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise Unreadable("pdf", params={"what": kinds.WHAT["pdf"]}) from error
    try:
        return from_pdf(hybrid.contents(opened))[1]
    finally:
        opened.close()


def check(data: bytes, *, profile: Profile = "peppol-bis-3") -> list[Finding]:
    """What the rules say of an invoice, whatever it comes in; and where it contradicts what it came in.

    A CII is held against its schema and itself; the profile is for UBL.

    Raises:
        Unreadable: See :func:`read`.
        SeveralError: See :func:`read`.
        RulesUnavailableError: See :func:`exports.ubl.check`.
    """
    try:
        return ubl.check(data, profile=profile)
    except Unreadable as error:
        if error.reason not in {"not_ubl", "pdf"}:
            raise
    taken = read(data)
    about = [one for one in taken.document.reading_remarks if one.rule.startswith(("PAGE-", "ENVELOPE-"))]
    if taken.syntax == "cii":
        return [*cii.check(taken.data), *about]
    return [*ubl.check(taken.data, profile=profile), *about]
