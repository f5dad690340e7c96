"""PDFs that carry their own invoice as data: Factur-X, ZUGFeRD, XRechnung, or a UBL laid in.

:func:`contents` looks into the PDF (in a confined process, where the bytes are a stranger's). :func:`unlike_page` holds the data against what a
person reads on the page: both are the same invoice, or one of the two is wrong.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from msgspec import Struct

from exports.model import Document, Finding, Party

MAX_FILES = 100  #: inside one PDF; those after them are not looked at
MAX_XML_BYTES = 24 * 1024 * 1024  #: of all data together
MAX_PAGES = 30  #: whose text is read
MAX_TEXT = 200_000  #: characters
LEAST_TEXT = 20  #: letters and digits; a page with fewer is a picture
_HEAD = 1024
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


class Inside(Struct):
    """One file inside a PDF."""

    name: str
    size: int
    data: bytes | None = None  #: of XML alone, as far as it is not too large


class Contents(Struct):
    """What a PDF holds besides its pages. ``text`` is only read where there is XML."""

    pages: int
    files: list[Inside] = []
    text: str = ""
    most: bool = False  #: whether there are more files than are looked at

    @property
    def xml(self) -> list[Inside]:
        """The files that are XML."""
        return [one for one in self.files if one.data is not None]


def contents(document: Any) -> Contents:
    """The files inside an opened PDF, and its text.

    Args:
        document: A ``pypdfium2.PdfDocument``.
    """
    count = document.count_attachments()
    files: list[Inside] = []
    left = MAX_XML_BYTES
    for place in range(min(count, MAX_FILES)):
        inside = _inside(document, place, left)
        left -= len(inside.data or b"")
        files.append(inside)
    found = Contents(pages=len(document), files=files, most=count > MAX_FILES)
    if found.xml:
        found.text = _text(document)
    return found


def _inside(document: Any, place: int, left: int) -> Inside:
    """One file; a damaged one is named without its bytes."""
    import pypdfium2

    name, data = "", b""
    try:
        one = document.get_attachment(place)
        name = _shown(one.get_name())
        data = bytes(one.get_data())
    except (pypdfium2.PdfiumError, ValueError):
        return Inside(name=name or "?", size=0)
    return Inside(
        name=name or "?", size=len(data), data=data if _is_xml(data) and len(data) <= left else None
    )


def _is_xml(data: bytes) -> bool:
    head = data[:_HEAD]
    for mark in _MARKS:
        head = head.removeprefix(mark)
    return head.replace(b"\x00", b"").lstrip(b" \t\r\n").startswith(b"<")


def _shown(name: str) -> str:
    """A name without folders and signs that do not show, at most 100 characters."""
    bare = name.replace("\\", "/").rpartition("/")[2]
    return "".join(one for one in bare if not unicodedata.category(one).startswith("C"))[:100]


def _text(document: Any) -> str:
    import pypdfium2

    texts: list[str] = []
    size = 0
    for number in range(min(len(document), MAX_PAGES)):
        try:
            page = document[number].get_textpage().get_text_range()
        except pypdfium2.PdfiumError:
            continue
        texts.append(page[: MAX_TEXT - size])
        size += len(texts[-1])
        if size >= MAX_TEXT:
            break
    return "\n".join(texts)


TEXTS: Mapping[str, str] = {
    "PAGE-NUMBER": "The number in the data is not on the page.",
    "PAGE-DATE": "The date in the data is not on the page.",
    "PAGE-AMOUNT": "The amount in the data is not on the page.",
    "PAGE-VAT-NUMBER": "The supplier's number in the data is not on the page.",
    "PAGE-PICTURE": "The page is a picture; it could not be compared with the data.",
}


def unlike_page(document: Document, text: str) -> list[Finding]:
    """Where the data of a PDF and its page differ: number, date, amount and supplier's number of the data are looked for in the text.

    Whatever way a person may write them counts; a page without text cannot be compared, and that is said.
    """
    text = unicodedata.normalize("NFKC", text)
    compact = _compact(text)
    if len(compact) < LEAST_TEXT:
        return [_finding("PAGE-PICTURE")]
    found: list[Finding] = []
    if _compact(document.number) not in compact:
        found.append(_finding("PAGE-NUMBER", document.number))
    if not _has_day(document.issue_date, text):
        found.append(_finding("PAGE-DATE", document.issue_date.isoformat()))
    amounts = [document.payable, document.tax_inclusive, document.tax_inclusive - document.prepaid]
    asked = next((one for one in amounts if one), Decimal(0))
    if asked and abs(asked) not in _amounts(text):
        found.append(_finding("PAGE-AMOUNT", f"{asked:f}"))
    numbers = _numbers(document.supplier)
    if numbers and not any(one in compact for one in numbers):
        found.append(_finding("PAGE-VAT-NUMBER", document.supplier.vat_id or numbers[0]))
    return found


def _finding(rule: str, value: str = "") -> Finding:
    params = {"expected": value[:100]} if value else {}
    return Finding(rule=rule, severity="warning", location="", text=TEXTS[rule], params=params)


def _compact(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())


def _numbers(party: Party) -> list[str]:
    """How a party's numbers may stand on a page, without signs between: with or without country and leading zero."""
    found: list[str] = []
    for country, number in party.company_numbers:
        found += [number.casefold(), *([number.lstrip("0")] if country == "BE" else [])]
    given = (party.vat_id, party.legal_id, party.tax_registration_id)
    return [*found, *(_compact(one) for one in given if one and not found)]


_AMOUNT = re.compile(r"\d[\d.,'’\u00a0\u202f ]*", re.ASCII)
_GROUPED = re.compile(r"\d{1,3}(?:[.,'’ ]\d{3})+(?:[.,]\d{1,3})?|\d+(?:[.,]\d{1,3})?", re.ASCII)


def _amounts(text: str) -> set[Decimal]:
    """Every amount a text may be read to have: ``1.091,54``, ``1,091.54``, ``1 091.54``, ``1'091.54``, ``1091,5``."""
    found: set[Decimal] = set()
    for run in _AMOUNT.findall(text):
        for one in _GROUPED.findall(" ".join(run.split())):
            found.update(_readings(one))
        for one in run.split():
            found.update(_readings(one.strip(".,'’")))
    return found


def _readings(text: str) -> Iterator[Decimal]:
    """The values of a number whose last mark may be the decimal one, or, before three figures, one more of thousands."""
    text = re.sub(r"['’\s]", "", text)
    mark = max(text.rfind("."), text.rfind(","))
    readings = {re.sub(r"[.,]", "", text)} if mark < 0 or len(text) - mark == 4 else set[str]()
    if mark > 0:
        readings.add(re.sub(r"[.,]", "", text[:mark]) + "." + text[mark + 1 :])
    for one in readings:
        try:
            if 0 < len(one) <= 20:
                yield Decimal(one)
        except InvalidOperation:
            continue


_MONTHS: tuple[tuple[str, ...], ...] = (
    ("januari", "janvier", "january", "januar", "jan", "janv", "jänner"),  # codespell:ignore
    ("februari", "fevrier", "february", "februar", "feb", "fevr", "fev"),  # codespell:ignore
    ("maart", "mars", "march", "marz", "mrt", "mar", "mrz"),  # codespell:ignore
    ("april", "avril", "apr", "avr"),
    ("mei", "mai", "may"),
    ("juni", "juin", "june", "jun"),  # codespell:ignore
    ("juli", "juillet", "july", "jul", "juil"),  # codespell:ignore
    ("augustus", "aout", "august", "aug"),
    ("september", "septembre", "sep", "sept"),
    ("oktober", "octobre", "october", "okt", "oct"),
    ("november", "novembre", "nov"),
    ("december", "decembre", "dezember", "dec", "dez"),  # codespell:ignore
)


def _has_day(day: date, text: str) -> bool:
    """Whether a day stands in a text, in figures of any order or with the month's name in Belgium's languages or English."""
    plain = "".join(
        one for one in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(one)
    )
    year = rf"(?:{day.year}|'?{day.year % 100:02d})"
    month, number = rf"0?{day.month}", rf"0?{day.day}"
    sign = r"\s?[-./\s]\s?"
    names = "|".join(sorted(map(_without_accents, _MONTHS[day.month - 1]), key=len, reverse=True))
    named = rf"(?:{names})\.?"
    patterns: Iterable[str] = (
        rf"{number}{sign}{month}{sign}{year}",
        rf"{month}{sign}{number}{sign}{year}",
        rf"{day.year}{sign}{month}{sign}{number}",
        rf"{day.year}{day.month:02d}{day.day:02d}",
        rf"{day.day:02d}{day.month:02d}{day.year}",
        rf"{number}(?:\.|er|st|nd|rd|th|e)?[\s-]*(?:de\s)?{named}[\s,-]*{year}",
        rf"{named}\s*{number}(?:st|nd|rd|th)?\s*,?\s*{year}",
    )
    return any(re.search(rf"(?<!\d){one}(?!\d)", plain) for one in patterns)


def _without_accents(text: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFD", text) if not unicodedata.combining(one))
