"""PDFs that carry their invoice as data: it is found, whatever it is called, and held against the page."""

from datetime import date
from decimal import Decimal

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from exports import hybrid, invoices, ubl
from tests.support.builders_cii import a_page, an_envelope, cii, page_of
from tests.support.builders_papers import a_ubl

INVOICE = ubl.read(a_ubl(number="F-2026/17", net="1091.54", tax="229.22"))
ORDER = b'<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2"/>'


def inside(data: bytes) -> hybrid.Contents:
    """What is in a PDF."""
    return hybrid.contents(pypdfium2.PdfDocument(data))


@pytest.mark.parametrize(
    "name", ["factur-x.xml", "ZUGFeRD-invoice.xml", "zugferd-invoice.xml", "xrechnung.xml", "beliebig.dat"]
)
@pytest.mark.parametrize("xml", [cii(INVOICE), a_ubl(number="F-2026/17", net="1091.54", tax="229.22")])
def test_an_invoice_is_found_by_what_it_is_and_not_by_its_name(name: str, xml: bytes) -> None:
    found = inside(a_page(page_of(INVOICE), {name: xml, "a.csv": b"a;b", "order.xml": ORDER}))
    assert (found.pages, len(found.files)) == (1, 3)
    one, taken = invoices.from_pdf(found)
    assert (one.name, taken.data, taken.wrapped) == (name, xml, True)
    assert taken.document.number == "F-2026/17"
    assert taken.document.reading_remarks == ()  # the page says the same


def test_an_envelope_inside_a_pdf_is_opened_too() -> None:
    found = inside(a_page(page_of(INVOICE), {"message.xml": an_envelope(a_ubl())}))
    assert invoices.from_pdf(found)[1].header is not None


@pytest.mark.parametrize("files", [{}, {"order.xml": ORDER}, {"a.txt": b"text"}, {"b.xml": b"<a"}])
def test_a_pdf_without_an_invoice_says_what_is_in_it(files: dict[str, bytes]) -> None:
    found = inside(a_page(["Brief"], files))
    assert [one.name for one in found.files] == sorted(files)
    with pytest.raises(ubl.Unreadable) as refused:
        invoices.from_pdf(found)
    assert refused.value.reason == ("not_xml" if "b.xml" in files else "pdf")


def test_so_many_files_are_looked_at_and_no_more() -> None:
    found = inside(a_page(["Brief"], {f"{number:03}.xml": ORDER for number in range(130)}))
    assert len(found.files) == hybrid.MAX_FILES
    assert found.most


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"number": "F-2026/18"}, "PAGE-NUMBER"),
        ({"issue_date": date(2026, 10, 29)}, "PAGE-DATE"),
        ({"payable": Decimal("1320.77")}, "PAGE-AMOUNT"),
        ({"supplier": replace(INVOICE.supplier, vat_id="BE0999888767", endpoint_id=None)}, "PAGE-VAT-NUMBER"),
    ],
)
def test_data_that_differ_from_the_page_are_told_by_what_differs(
    change: dict[str, object], rule: str
) -> None:
    page = "\n".join(page_of(INVOICE))
    assert hybrid.unlike_page(INVOICE, page) == []
    assert [one.rule for one in hybrid.unlike_page(replace(INVOICE, **change), page)] == [rule]


def test_a_page_without_text_cannot_be_compared() -> None:
    found = inside(a_page([], {"factur-x.xml": cii(INVOICE)}))
    assert [one.rule for one in invoices.from_pdf(found)[1].document.reading_remarks] == ["PAGE-PICTURE"]


@pytest.mark.parametrize(
    "shown",
    [
        "30/10/2026", "30.10.26", "30-10-2026", "2026-10-30", "10/30/2026", "30 oktober 2026", "30 octobre 2026",
        "den 30. Oktober 2026", "October 30, 2026", "30 oct. 2026", "30 OKT 2026", "20261030", "le 30 / 10 / 2026",
    ],
)  # fmt: skip
def test_a_day_is_found_in_every_way_people_write_one(shown: str) -> None:
    page = "\n".join(page_of(INVOICE)).replace("30/10/2026", shown)
    assert hybrid.unlike_page(INVOICE, page) == []


@pytest.mark.parametrize(
    "shown", ["29/10/2026", "130/10/2026", "3/10/2026", "30/11/2026", "30 september 2026"]
)
def test_another_day_is_not_taken_for_it(shown: str) -> None:
    page = "\n".join(page_of(INVOICE)).replace("30/10/2026", shown)
    assert [one.rule for one in hybrid.unlike_page(INVOICE, page)] == ["PAGE-DATE"]


@pytest.mark.parametrize(
    "shown",
    ["1.320,76", "1,320.76", "1 320,76", "1\u00a0320,76", "1'320.76", "1320.76", "€1320,76", "-1.320,76"],
)
def test_an_amount_is_found_in_every_way_people_write_one(shown: str) -> None:
    page = "\n".join(page_of(INVOICE)).replace("1.320,76", shown)
    assert hybrid.unlike_page(INVOICE, page) == []
    credit = replace(INVOICE, payable=-INVOICE.payable)
    assert hybrid.unlike_page(credit, page) == []


@given(st.integers(1, 10**9), st.sampled_from([(".", ","), (",", "."), (" ", ","), ("'", "."), ("", ",")]))
def test_any_amount_is_found_in_any_writing(cents: int, marks: tuple[str, str]) -> None:
    thousands, point = marks
    amount = Decimal(cents).scaleb(-2)
    shown = f"{amount:,.2f}".replace(",", "t").replace(".", point).replace("t", thousands)
    page = "\n".join(page_of(INVOICE)).replace("1.320,76", shown)
    assert hybrid.unlike_page(replace(INVOICE, payable=amount), page) == []


@pytest.mark.parametrize("shown", ["BE 0417.497.106", "BE0417497106", "417.497.106", "BTW BE-0417 497 106"])
def test_a_number_is_found_in_every_way_people_write_one(shown: str) -> None:
    page = "\n".join(page_of(INVOICE)).replace("BE0417497106", shown)
    assert hybrid.unlike_page(INVOICE, page) == []
