"""What an invoice embeds is decoded when somebody asks for it, and says beforehand whether it can be."""

import base64
import binascii
import copy
import pickle
import random
import tracemalloc
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import json
from msgspec.structs import replace

from exports import embedded, ubl
from exports.embedded import Embedded, decoded, is_base64
from exports.model import Attachment, Document
from exports.ubl import reader, tokens
from tests.exports.ubl.samples import file, invoice

PDF = b"%PDF-1.7\n" + random.Random(8).randbytes(20_000)
TEXT = base64.b64encode(PDF).decode()
#: The same with line ends, as mail programs write it.
WRAPPED = "\r\n" + "\r\n".join(TEXT[at : at + 76] for at in range(0, len(TEXT), 76)) + "\r\n  "


def with_file(content: bytes = PDF, **fields: Any) -> Document:
    return invoice(attachments=(Attachment(id="A", content=content, **fields),))


SAMPLE = file(document=with_file(filename="a.pdf"))


@pytest.fixture
def decodings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How much was decoded at a time."""
    sizes: list[int] = []

    def counted(text: Any, **options: Any) -> bytes:
        sizes.append(len(text))
        return a2b_base64(text, **options)

    a2b_base64 = binascii.a2b_base64
    monkeypatch.setattr(embedded.binascii, "a2b_base64", counted)
    return sizes


@pytest.mark.parametrize("text", [TEXT, WRAPPED, TEXT.rstrip("=")], ids=["plain", "wrapped", "unpadded"])
@pytest.mark.parametrize("comment", ["", "<!-- lxml reads this -->"], ids=["fast", "by lxml"])
def test_reading_decodes_nothing_but_the_first_bytes(decodings: list[int], text: str, comment: str) -> None:
    data = file((TEXT, text), ("<cbc:IssueDate>", comment + "<cbc:IssueDate>"), document=with_file())
    read = ubl.read(data)
    assert (read.attachments[0].filename, read.attachments[0].mime_code) == ("A.pdf", "application/pdf")
    assert read.pdf is read.attachments[0]
    assert read.attachments[0].is_embedded
    assert sum(decodings) < 2000
    assert read.attachments[0].decoded() == PDF
    once = sum(decodings)
    assert read.attachments[0].decoded() == PDF
    assert sum(decodings) == once, "what was decoded is kept"


def test_the_text_is_neither_decoded_nor_cut_with_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    decode, cut = tokens.decode, tokens.cut
    monkeypatch.setattr(reader, "decode", lambda data: seen.append(len(data)) or decode(data))
    monkeypatch.setattr(reader, "cut", lambda data, text: seen.append(len(text)) or cut(data, text))
    assert ubl.read(SAMPLE).attachments[0].decoded() == PDF
    assert max(seen) < len(SAMPLE) - len(TEXT) + 1


def test_reading_a_big_file_takes_no_second_one() -> None:
    content = random.Random(8).randbytes(3_000_000)
    data = file(document=with_file(content, filename="a.pdf"))
    tracemalloc.start()
    read = ubl.read(data)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < len(content) / 4
    assert read.attachments[0].decoded() == content


def test_a_document_with_an_undecoded_file_is_as_good_as_any() -> None:
    as_written = replace(with_file(filename="a.pdf", mime_code="application/pdf"), customization_id="x")
    read = replace(
        ubl.read(file(document=as_written)), customization_id="x", profile_id=as_written.profile_id
    )
    assert read == as_written
    assert as_written == read
    for other in (ubl.read(SAMPLE), copy.copy(read), copy.deepcopy(read), replace(read, note="n")):
        assert other.attachments == as_written.attachments
    fresh = ubl.read(SAMPLE).attachments[0]
    assert pickle.loads(pickle.dumps(fresh)).decoded() == PDF  # noqa: S301 - our own
    fresh = ubl.read(SAMPLE).attachments[0]
    assert hash(fresh) == hash(replace(fresh, content=PDF))
    assert fresh != replace(fresh, content=PDF + b"x")
    assert ubl.read(ubl.write(ubl.read(SAMPLE))).attachments[0].decoded() == PDF
    fresh = ubl.read(SAMPLE).attachments[0]
    assert replace(fresh, id="B").decoded() == PDF
    assert json.encode(fresh, enc_hook=bytes) == json.encode(replace(fresh, content=PDF))
    assert "%PDF-1.7" in repr(ubl.read(SAMPLE).attachments[0])


# ---- what is taken for base64 is, and the other way round --------------------------------------------------------


def by_decoding(text: str) -> bytes | None:
    try:
        return decoded(text) or None
    except ValueError:
        return None


SIGNS = st.text("AZaz09+/= \n\t\r-_!\xa0é\x00", max_size=40)


@settings(max_examples=1500, deadline=None)
@given(st.text("AZaz09+/", max_size=30), SIGNS, st.integers(0, 600))
@example("", "=", 0)
@example("A", "===", 0)
@example("AAAA", "====", 0)
@example("AA=", "A", 0)
@example("AA", "", 300)
def test_what_is_sure_to_be_base64_is(begin: str, end: str, spaces: int) -> None:
    text = begin + " " * spaces + end
    expected = by_decoding(text)
    if not is_base64(text):
        return
    assert expected is not None
    held = Embedded(text)
    assert held.decoded() == expected
    for size in (1, 4, 1024):
        assert held.first_bytes(size) == expected[:size]
    view = memoryview(text.encode())
    assert is_base64(view)
    assert Embedded(view).decoded() == expected
    assert Embedded(view).first_bytes(7) == expected[:7]


@settings(max_examples=500, deadline=None)
@given(
    st.binary(min_size=1, max_size=300),
    st.integers(1, 80),
    st.booleans(),
    st.sampled_from(["", "\n", "\r\n ", " "]),
)
def test_usual_base64_is_sure_to_be(content: bytes, width: int, padded: bool, space: str) -> None:
    text = base64.b64encode(content).decode()
    text = space.join(text[at : at + width] for at in range(0, len(text), width)) + space
    if not padded:
        text = text.replace("=", "")
    assert is_base64(text)
    assert Embedded(text).decoded() == content


def test_long_texts_are_looked_at_to_their_end() -> None:
    text = "QUJD" * 50_000
    assert is_base64(text)
    for place in (0, 65_535, 65_536, 131_072, 199_700, 199_999):
        assert not is_base64(text[:place] + "!" + text[place + 1 :])
        assert not is_base64(text[:place] + "=" + text[place + 1 :]) or place == 199_999


# ---- laying it aside changes nothing ------------------------------------------------------------------------------


def either(data: bytes) -> Document | tuple[str, int | None, dict[str, str]]:
    try:
        return ubl.read(data)
    except ubl.Unreadable as error:
        return error.reason, error.line, dict(error.params)


def with_nothing_laid_aside(data: bytes) -> Document | tuple[str, int | None, dict[str, str]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "lightened", lambda _data: None)
        return either(data)


OBJECT = '<cbc:EmbeddedDocumentBinaryObject mimeCode="application/pdf" filename="a.pdf">'
NOTE = "<cbc:Note>"
ODD = {
    "a sign that is none": (TEXT[:100], TEXT[:99] + "!"),
    "a bracket": (TEXT[:100], TEXT[:99] + ">"),
    "a control character": (TEXT[:100], TEXT[:99] + "\x01"),
    "a reference": (TEXT[:100], TEXT[:99] + "&#65;"),
    "one sign less": (TEXT[-9:], ""),
    "padding inside": (TEXT[:100], TEXT[:99] + "="),
    "a comment inside": (TEXT[:100], TEXT[:100] + "<!-- x -->"),
    "in a comment": (
        "<cbc:IssueDate>",
        f"<!-- {OBJECT}{TEXT}</cbc:EmbeddedDocumentBinaryObject> --><cbc:IssueDate>",
    ),
    "in CDATA": ("<cbc:IssueDate>", f"{NOTE}<![CDATA[{OBJECT}{TEXT}<]]></cbc:Note><cbc:IssueDate>"),
    "of another name": (
        "<cbc:IssueDate>",
        f"<cbc:Note EmbeddedDocumentBinaryObject=''>{TEXT}</cbc:Note><cbc:IssueDate>",
    ),
    "another's attribute": (
        "<cbc:IssueDate>",
        f"<cbc:Note a='EmbeddedDocumentBinaryObject'>{TEXT}</cbc:Note><cbc:IssueDate>",
    ),
    "another's name": (
        "<cbc:IssueDate>",
        f"<cbc:NoteEmbeddedDocumentBinaryObject>{TEXT}</cbc:NoteEmbeddedDocumentBinaryObject><cbc:IssueDate>",
    ),
    "where no document is": (
        "<cbc:IssueDate>",
        f"{OBJECT}{TEXT}</cbc:EmbeddedDocumentBinaryObject><cbc:IssueDate>",
    ),
    "in an empty element": (OBJECT, OBJECT[:-1] + "/>"),
    "a bracket in an attribute": ('filename="a.pdf"', 'filename="a>.pdf"'),
    "never closed": ("</cbc:EmbeddedDocumentBinaryObject>", ""),
    "twice": (OBJECT, f"{OBJECT}{TEXT}</cbc:EmbeddedDocumentBinaryObject>{OBJECT}"),
    "a fault before it": ("<cbc:IssueDate>2026-11-22", "\n\n<cbc:IssueDate>2026-02-30"),
    "a fault behind it": ('currencyID="EUR">100.00', 'currencyID="EUR">\n100,00'),
    "a remark behind it": ('unitCode="C62">1', 'unitCode="C62">\none'),
    "an entity": ("<Invoice", "<!-- \n\n --><!DOCTYPE x [<!ENTITY a 'b'>]><Invoice"),
    "a hidden entity": ("<Invoice", f"<!-- {OBJECT}\n{TEXT}\n<x> --><!DOCTYPE x [<!ENTITY a 'b'>]><Invoice"),
}


@pytest.mark.parametrize("change", ODD.values(), ids=ODD.keys())
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_odd_files_are_read_as_without(change: tuple[str, str], encoding: str) -> None:
    old, new = change
    document = with_file(filename="a.pdf", mime_code="application/pdf")
    text = file((old, new), document=replace(document, note="né")).decode()
    data = text.replace("UTF-8", encoding.replace("-sig", "")).encode(encoding)
    assert either(data) == with_nothing_laid_aside(data)


@settings(max_examples=400, deadline=None)
@given(
    st.integers(0, len(SAMPLE)),
    st.sampled_from(["", "<", ">", "=", "x", " ", "\n", "&", "/", "<!-- -->"]),
    st.integers(0, 9),
)
def test_files_that_differ_a_little_are_read_as_without(at: int, text: str, less: int) -> None:
    data = SAMPLE[:at] + text.encode() + SAMPLE[at + less :]
    assert either(data) == with_nothing_laid_aside(data)


def test_several_files_stay_apart() -> None:
    files = [bytes([65 + n]) * (100 if n % 3 else 9000 + n) for n in range(9)]
    document = invoice(
        attachments=tuple(
            Attachment(id=str(n), filename=f"{n}.bin", content=one) for n, one in enumerate(files)
        )
    )
    assert [one.decoded() for one in ubl.read(file(document=document)).attachments] == files
