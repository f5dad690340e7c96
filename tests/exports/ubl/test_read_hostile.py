"""Files made to hurt: they are refused with a reason, quickly, and nothing is fetched or expanded."""

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - lxml has no types
from msgspec.structs import replace

from exports import ubl
from exports.model import Document
from exports.ubl import reader, tokens
from tests.exports.ubl.samples import file, invoice

SAMPLE = file(document=invoice())
BODY = SAMPLE.partition(b"?>\n")[2].decode()


def reason_of(data: bytes) -> str:
    with pytest.raises(ubl.Unreadable) as caught:
        ubl.read(data)
    return caught.value.reason


DOCTYPES = {
    "a plain one": "<!DOCTYPE Invoice>",
    "an entity": '<!DOCTYPE Invoice [<!ENTITY e "x">]>',
    "a file of this machine": '<!DOCTYPE Invoice [<!ENTITY e SYSTEM "file:///etc/hostname">]>',
    "something of the network": '<!DOCTYPE Invoice SYSTEM "http://127.0.0.1:9/x.dtd">',
    "a parameter entity": '<!DOCTYPE Invoice [<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;]>',
    "a billion laughs": '<!DOCTYPE Invoice [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    + "".join(f'<!ENTITY {chr(99 + n)} "{("&" + chr(98 + n) + ";") * 8}">' for n in range(10))
    + "]>",
    "one behind a comment": "<!-- x --><?pi y?>\n <!DOCTYPE Invoice>",
}


@pytest.mark.parametrize("doctype", DOCTYPES.values(), ids=DOCTYPES.keys())
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "iso-8859-1"])
def test_any_document_type_declaration_is_refused_in_any_encoding(doctype: str, encoding: str) -> None:
    declaration = f'<?xml version="1.0" encoding="{encoding[:6] if "16" in encoding else encoding.removesuffix("-sig")}"?>'
    data = (declaration + doctype + BODY.replace("Brood", "&j;")).encode(encoding)
    assert reason_of(data) == "doctype"


@pytest.mark.parametrize(
    "encoding", ["utf-7", "utf-32", "cp037", "unicode-escape", "punycode", "shift_jis", "hz", ""]
)
def test_encodings_that_hide_things_are_refused(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?>' + BODY
    assert reason_of(text.encode()) == "encoding"


def test_utf_7_without_a_declaration_is_no_xml() -> None:
    assert reason_of(b"+ADw-Invoice+AD4-") == "not_xml"


def test_a_file_deeper_than_any_invoice_is_refused_either_way() -> None:
    deep = "<cac:X>" * 3000 + "</cac:X>" * 3000
    data = file(("<cac:AccountingSupplierParty>", deep + "<cac:AccountingSupplierParty>"))
    assert reason_of(data) == "too_deep"
    assert reason_of(data.replace(b"<cac:X>", b"<!-- --><cac:X>", 1)) == "too_deep"


def test_a_file_beyond_the_limit_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MAX_BYTES", 1000)
    assert reason_of(b"\x00" * 1001) == "too_large"


@pytest.mark.parametrize(
    "data", [b"", b"  \n", b"\xef\xbb\xbf", b'<?xml version="1.0"?>', b"<!-- nothing -->"]
)
def test_a_file_without_an_element_is_empty(data: bytes) -> None:
    assert reason_of(data) == "empty"


@pytest.mark.parametrize(
    "data",
    [
        b"<rsm:CrossIndustryInvoice xmlns:rsm='urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100'/>",
        b"<html><body>Invoice</body></html>",
        b"<Invoice/>",
        b"<Invoice xmlns='urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2'/>",
        b"<Order xmlns='urn:oasis:names:specification:ubl:schema:xsd:Order-2'><ID>1</ID></Order>",
    ],
)
def test_other_xml_is_not_ubl(data: bytes) -> None:
    assert reason_of(data) == "not_ubl"


@pytest.mark.parametrize("data", [b"PK\x03\x04", b"{}", b"\x00\x01", b"<a", b"<a>&lt</a>", b"<a>&x;</a>"])
def test_what_is_no_xml_says_so(data: bytes) -> None:
    assert reason_of(data) == "not_xml"


def test_a_pdf_is_called_one() -> None:
    assert reason_of(b"%PDF-1.7") == "pdf"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("</cbc:ID>", "</cbc:IDx>"),
        ("</cac:Party>", ""),
        ("<cbc:Name>", "<cbc:Name a='1' a='2'>"),
        ("<cbc:Name>", "<cbc:Name a=1>"),
        ("<cbc:Name>", "<x:Name/><cbc:Name>"),
        ("Brood", "a & b"),
        ("Brood", "&copy;"),
        ("Brood", "&#0;"),
        ("Brood", "\x0b"),
        ("Brood", "]]>"),
        ("Brood", "a < b"),
        ("</Invoice>", "</Invoice><x/>"),
        ("</Invoice>", "</Invoice>x"),
        ("</Invoice>", ""),
        ("<cbc:Name>Brood", "<cbc:Name<cbc:Name>Brood"),
        ("<cbc:Name>", "<cbc:Name x:y='1'>"),
    ],
)
def test_malformed_xml_is_refused_by_its_line(old: str, new: str) -> None:
    assert reason_of(file((old, new))) == "not_xml"


def test_hostile_shapes_take_no_more_time_than_their_size() -> None:
    """No expression of the reader runs wild: each of these is read or refused within a second."""
    megabyte = 1_000_000
    shapes = (
        b"<" * megabyte,
        b"<a " + b"x" * megabyte,
        b"<a " + b'b="' * (megabyte // 3),
        b"<!--" + b"-" * megabyte,
        b"<?" * (megabyte // 2),
        b"<a>" + b"&amp" * (megabyte // 4),
        b'<?xml version="1.0" encoding="' + b"a" * megabyte,
        b" " * megabyte + b"<a>",
        b"<a" + b" " * megabyte + b"/>",
        b"<EmbeddedDocumentBinaryObject>" * (megabyte // 30),
        (b"<EmbeddedDocumentBinaryObject>" + b"A" * 4100) * (megabyte // 4000),
        b"<EmbeddedDocumentBinaryObject" * (megabyte // 30),
        b"<EmbeddedDocumentBinaryObject>" + b"=" * megabyte + b"<",
    )
    for shape in shapes:
        start = time.process_time()
        assert reason_of(shape) in {"not_xml", "not_ubl", "encoding", "empty", "too_deep"}
        assert time.process_time() - start < 5


# ---- the fast way and lxml agree ---------------------------------------------------------------------------------


def by_lxml(data: bytes) -> Document | str:
    """What the way through lxml says: the document, or the reason."""
    try:
        return reader._read_written(tokens.decode(data))
    except ubl.Unreadable as error:
        return error.reason


def either(data: bytes) -> Document | str:
    try:
        return ubl.read(data)
    except ubl.Unreadable as error:
        return error.reason


@pytest.mark.corpus
def test_both_ways_say_the_same_about_every_file_of_others(corpus: Path) -> None:
    seen = 0
    for path in sorted((corpus / "ubl").rglob("*.xml")):
        data = path.read_bytes()
        assert either(data) == by_lxml(data), path
        seen += 1
    assert seen > 500


def by_walking_slowly(data: bytes) -> Document | str:
    """What the reader says without its short cuts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "quick_walk", lambda *_parts, **_options: None)
        return either(data)


@pytest.mark.corpus
def test_short_cuts_change_nothing_about_any_file_of_others(corpus: Path) -> None:
    for path in sorted((corpus / "ubl").rglob("*.xml")):
        data = path.read_bytes()
        assert either(data) == by_walking_slowly(data), path


LINE = BODY[BODY.index("<cac:InvoiceLine>") : BODY.index("</Invoice>")]
LINES = BODY.replace(LINE, LINE * 4)


@settings(max_examples=400, deadline=None)
@given(
    st.integers(LINES.index(LINE), len(LINES)),
    st.sampled_from(["", " ", "x", "1", "NaN", "&amp;", "١", "\n"]),
    st.integers(0, 12),
)
@example(LINES.index("C62", LINES.index(LINE) + len(LINE)), "X", 3)
@example(LINES.index("Brood", LINES.index(LINE) + len(LINE)), "", 5)
@example(LINES.index("100.00</cbc:Price", LINES.index(LINE) + len(LINE)), "1_0", 6)
def test_short_cuts_change_nothing_about_lines_that_differ_a_little(at: int, text: str, less: int) -> None:
    data = (LINES[:at] + text + LINES[at + less :]).encode()
    assert either(data) == by_walking_slowly(data)


def test_lines_that_look_alike_are_all_read() -> None:
    read = either(
        LINES.replace(LINE * 4, "".join(LINE.replace("Brood", f"Brood {n}") for n in range(4))).encode()
    )
    assert isinstance(read, Document)
    assert [one.name for one in read.lines] == ["Brood 0", "Brood 1", "Brood 2", "Brood 3"]


def test_a_line_unlike_the_others_is_read_wherever_it_stands() -> None:
    """Lines are read off by the dozen: what one of them has is not lost, nor what those before and after it have."""
    many = [LINE.replace("Brood", f"Brood {n}") for n in range(100)]
    others = (
        LINE.replace("Brood", ""),
        LINE.replace(">1</cbc:Inv", ">1_0</cbc:Inv"),
        LINE.replace(">VAT<", ">IGIC<"),
        LINE.replace("<cbc:Name>Brood</cbc:Name>", ""),
        LINE.replace("<cbc:ID>1</cbc:ID>", ""),
        LINE.replace(">Brood<", "> Brood &amp; <"),
        LINE + "<cbc:Note>between</cbc:Note>",
    )
    for other in others:
        assert other != LINE
        for places in ((0,), (1,), (32,), (33,), (34, 35), (99,), range(100), range(50)):
            data = BODY.replace(
                LINE, "".join(other if n in places else one for n, one in enumerate(many))
            ).encode()
            read = either(data)
            assert isinstance(read, Document)
            assert len(read.lines) == 100
            assert read == by_walking_slowly(data)


def test_a_reference_that_stands_in_cdata_alone_is_a_text() -> None:
    """What lxml writes has references of its own, where the file had none."""
    read = either(BODY.replace("Brood", "<![CDATA[a < b]]>").encode())
    assert isinstance(read, Document)
    assert read.lines[0].name == "a < b"


def test_lines_without_a_number_are_numbered() -> None:
    read = either(BODY.replace(LINE, LINE.replace("<cbc:ID>1</cbc:ID>", "") * 3).encode())
    assert isinstance(read, Document)
    assert [one.id for one in read.lines] == ["1", "2", "3"]


TAGS = ["cbc:ID", "cbc:Name", "cac:Party", "cac:InvoiceLine", "x", "cbc:Note"]
PIECES = st.sampled_from(
    [f"<{tag}>" for tag in TAGS]
    + [f"</{tag}>" for tag in TAGS]
    + [f"<{tag}/>" for tag in TAGS]
    + [
        "<",
        ">",
        "</",
        "/>",
        "&amp;",
        "&",
        "&#65;",
        "]]>",
        "<![CDATA[x]]>",
        "<!-- y -->",
        "<?z z?>",
        '"',
        "'",
        "=",
        " ",
        "\n",
    ]
    + [
        ' a="1"',
        " a='1'",
        ' schemeID="0208"',
        ' xmlns="urn:x"',
        ' xmlns:cbc="urn:x"',
        "1",
        "é",
        "\x01",
        "\r\n",
        "\u2028",
    ]
)


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join), st.integers(0, len(BODY)), st.integers(0, 30))
@example("<cbc:ID<1>/cbc:ID>", BODY.index("<cbc:IssueDate"), 0)
def test_the_fast_way_never_takes_what_lxml_refuses_nor_reads_it_differently(
    text: str, at: int, less: int
) -> None:
    data = (BODY[:at] + text + BODY[at + less :]).encode()
    try:
        decoded = tokens.decode(data)
        parts = tokens.cut(data, decoded)
        if parts is None:
            return
        read: Document | str = reader._document(
            parts, lambda: decoded, strict=True, references="&" in decoded
        )
    except tokens.MalformedError:
        return
    except ubl.Unreadable as error:
        read = error.reason
    by_the_book = by_lxml(data)
    assert read == by_the_book or (isinstance(read, str) and isinstance(by_the_book, str))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_make_anything_but_unreadable(data: bytes) -> None:
    either(data)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(SAMPLE)), st.binary(max_size=8), st.integers(0, 40))
def test_no_damage_to_an_invoice_makes_anything_but_unreadable(at: int, inserted: bytes, less: int) -> None:
    either(SAMPLE[:at] + inserted + SAMPLE[at + less :])


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, len(BODY)),
    st.sampled_from(
        [
            "",
            " ",
            "\n",
            "\t",
            "&#13;",
            "&#10;",
            "&#9;",
            "&amp;",
            "é",
            "\u2028",
            "\xa0",
            "-",
            "E5",
            "<![CDATA[x]]>",
            "<!-- -->",
        ]
    ),
    st.integers(0, 6),
)
@example(BODY.index("C62"), "&#10;", 0)
@example(BODY.index("Brood"), "&#13;", 0)
@example(BODY.index("EUR"), "\n", 0)
def test_what_is_read_after_all_comes_back_from_what_is_written(at: int, text: str, less: int) -> None:
    read = either((BODY[:at] + text + BODY[at + less :]).encode())
    if isinstance(read, Document):
        apart = {"customization_id": None, "profile_id": None, "reading_remarks": ()}
        assert replace(ubl.read(ubl.write(read)), **apart) == replace(read, **apart)


def test_thousands_of_wrong_values_are_remarked_a_hundred_times() -> None:
    wrong = "<cac:InvoiceLine>" + LINE.removeprefix("<cac:InvoiceLine>").replace(
        ">1</cbc:Inv", ">one</cbc:Inv"
    )
    assert wrong != LINE
    read = either(BODY.replace(LINE, wrong * 5000).encode())
    assert isinstance(read, Document)
    assert (len(read.lines), len(read.reading_remarks)) == (5000, 100)


def test_the_parser_itself_loads_and_resolves_nothing(tmp_path: Path) -> None:
    """The second wall: should a declaration ever get past the first, lxml is refused all the same."""
    secret = tmp_path / "secret"
    secret.write_text("leaked")
    text = f'<!DOCTYPE a [<!ENTITY e SYSTEM "{secret.as_uri()}">]><a>&e;</a>'
    with pytest.raises(ubl.Unreadable) as caught:
        tokens.parsed(text)
    assert caught.value.reason == "doctype"
    assert "leaked" not in str(caught.value)
    assert etree.LIBXML_VERSION >= (2, 11)
