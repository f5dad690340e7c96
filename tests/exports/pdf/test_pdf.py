"""PDFs for people: reproducible, sealed, archivable."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path
from threading import Thread
from typing import Any

import pypdf
import pytest

from exports import pdf

MOMENT = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
HTML = """<html lang="nl"><head><title>Factuur 2026-77</title><link rel="stylesheet" href="css/print.css"></head>
<body><h1>Factuur</h1><img src="logo.png" alt=""><a href="https://example.com/">betalen</a></body></html>"""
# One grey pixel.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010800000000"
    "3a7e9b550000000a49444154789c63a80700008100815456eb6e0000000049454e44ae426082"
)
RESOURCES = {"css/print.css": b"h1 { color: #123456 }", "logo.png": PNG}
UBL = pdf.EmbeddedFile(
    name="factuur.xml", media_type="application/xml", data=b"<Invoice/>", description="UBL"
)


def written(html: str = HTML, resources: dict[str, bytes] = RESOURCES, **options: Any) -> bytes:
    return pdf.write(html, resources, **({"created": MOMENT, "attachments": (UBL,)} | options))


def read(data: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(BytesIO(data))


def associated(data: bytes) -> list[Any]:
    return [entry.get_object() for entry in read(data).trailer["/Root"]["/AF"]]  # type: ignore[index] - any PDF object, says pypdf


def test_the_same_input_gives_the_same_bytes() -> None:
    assert written() == written()


def test_the_same_moment_in_another_zone_gives_the_same_bytes() -> None:
    brussels = MOMENT.astimezone(timezone(timedelta(hours=1))) + timedelta(milliseconds=400)
    assert written(created=brussels) == written()
    assert written(created=MOMENT + timedelta(seconds=1)) != written()


def test_the_same_input_gives_the_same_bytes_in_another_process() -> None:
    program = (
        "import sys, hashlib; sys.path.insert(0, sys.argv[1]);"
        "from datetime import datetime, UTC; from exports import pdf;"
        "html = '<html lang=nl><title>x</title><p>Zelfde bytes</p>';"
        "data = pdf.write(html, {}, created=datetime(2026, 11, 22, tzinfo=UTC));"
        "print(hashlib.sha256(data).hexdigest())"
    )
    root = str(Path(__file__).parents[3])
    digests = {
        subprocess.run(
            [sys.executable, "-c", program, root],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "America/Lima"))
    }
    assert len(digests) == 1


def _variable_font() -> bytes:
    """A small font with a weight axis, made here: variable fonts are rewritten, and dated, when embedded."""
    from fontTools.designspaceLib import AxisDescriptor, DesignSpaceDocument, SourceDescriptor
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.ttGlyphPen import TTGlyphPen
    from fontTools.varLib import build as merge

    space = DesignSpaceDocument()
    space.addAxis(AxisDescriptor(tag="wght", name="Weight", minimum=100, default=100, maximum=900))
    for weight, width in ((100, 200), (900, 500)):
        pen = TTGlyphPen(None)
        for corner, point in enumerate([(0, 0), (0, 700), (width, 700), (width, 0)]):
            pen.lineTo(point) if corner else pen.moveTo(point)
        pen.closePath()
        builder = FontBuilder(1000, isTTF=True)
        builder.setupGlyphOrder([".notdef", "A"])
        builder.setupCharacterMap({0x41: "A"})
        builder.setupGlyf({".notdef": TTGlyphPen(None).glyph(), "A": pen.glyph()})
        builder.setupHorizontalMetrics({".notdef": (600, 0), "A": (600, 0)})
        builder.setupHorizontalHeader(ascent=800, descent=-200)
        builder.setupNameTable({"familyName": "Boxes", "styleName": "Regular"})
        builder.setupOS2(sTypoAscender=800, usWinAscent=800, usWinDescent=200)
        builder.setupPost()
        stream = BytesIO()
        builder.save(stream)
        from fontTools.ttLib import TTFont

        space.addSource(
            SourceDescriptor(font=TTFont(BytesIO(stream.getvalue())), location={"Weight": weight})
        )
    font, _, _ = merge(space)
    out = BytesIO()
    font.save(out)
    return out.getvalue()


def test_given_fonts_are_dated_by_the_moment_and_not_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    html = "<style>@font-face{font-family:Boxes;src:url(b.ttf)} p{font:700 20px Boxes}</style><p>AAA</p>"
    resources = {"b.ttf": _variable_font()}
    first = written(html, resources)
    later = time.time() + 100_000
    monkeypatch.setattr(time, "time", lambda: later)
    assert written(html, resources) == first
    fonts = read(first).pages[0]["/Resources"]["/Font"]  # type: ignore[index] - any PDF object, says pypdf
    assert any("Boxes" in str(font.get_object()["/BaseFont"]) for font in fonts.values())


def test_the_environment_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    first = written()
    assert "SOURCE_DATE_EPOCH" not in os.environ
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "17")
    assert written() == first
    assert os.environ["SOURCE_DATE_EPOCH"] == "17"


def test_threads_get_the_same_bytes_too() -> None:
    results: list[bytes] = []
    threads = [Thread(target=lambda: results.append(written())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(results) == {written()}


def test_it_says_that_it_is_pdf_a_3b_with_the_moment_of_creation() -> None:
    reader = read(written())
    metadata = reader.trailer["/Root"]["/Metadata"].get_object().get_data().decode()  # type: ignore[index] - any PDF object, says pypdf
    assert 'pdfaid:part="3"' in metadata
    assert 'pdfaid:conformance="B"' in metadata
    assert "<xmp:CreateDate>2026-11-22T10:30:00Z</xmp:CreateDate>" in metadata
    assert reader.metadata is not None
    assert reader.metadata["/CreationDate"] == reader.metadata["/ModDate"] == "D:20261122103000Z"
    assert reader.metadata.title == "Factuur 2026-77"
    root = reader.trailer["/Root"]
    assert root["/OutputIntents"][0].get_object()["/S"] == "/GTS_PDFA1"  # type: ignore[index] - any PDF object, says pypdf
    assert root["/Lang"] == "nl"  # type: ignore[index] - any PDF object, says pypdf
    assert "/ID" in reader.trailer


def test_the_attachment_is_embedded_once_with_its_type_and_relationship() -> None:
    data = written()
    assert read(data).attachments == {"factuur.xml": [b"<Invoice/>"]}
    (file,) = associated(data)
    assert file["/AFRelationship"] == "/Alternative"
    assert file["/Desc"] == "UBL"
    stream = file["/EF"]["/F"].get_object()
    assert stream["/Subtype"] == "/application/xml"
    assert stream["/Params"]["/ModDate"] == "D:20261122103000Z"


def test_several_attachments_are_sorted_by_name_and_keep_their_types() -> None:
    files = [
        pdf.EmbeddedFile(name=name, media_type=kind, data=name.encode(), relationship="Supplement")
        for name, kind in (("b.zip", "application/zip"), ("a.xml", "text/xml"), ("é.csv", "text/csv"))
    ]
    found = associated(written(attachments=files))
    assert [(file["/UF"], file["/EF"]["/F"].get_object()["/Subtype"]) for file in found] == [
        ("a.xml", "/text/xml"),
        ("b.zip", "/application/zip"),
        ("é.csv", "/text/csv"),
    ]


@pytest.mark.parametrize(
    "values",
    [
        {"name": ""},
        {"name": "../up.xml"},
        {"name": "a\nb.xml"},
        {"name": "x" * 201},
        {"media_type": "xml"},
        {"media_type": "text/xml /JS (evil)"},
    ],
)
def test_an_attachment_without_a_usable_name_or_type_is_refused(values: dict[str, Any]) -> None:
    usable: dict[str, Any] = {"name": "a.xml", "media_type": "text/xml", "data": b""}
    file = pdf.EmbeddedFile(**(usable | values))
    with pytest.raises(pdf.Unrenderable, match="bad_attachment"):
        written(attachments=[file])


def test_two_attachments_of_one_name_are_refused() -> None:
    with pytest.raises(pdf.Unrenderable, match="bad_attachment"):
        written(attachments=[UBL, UBL])


@pytest.mark.parametrize(
    "html",
    [
        "<img src='{}'>",
        "<link rel=stylesheet href='{}'>",
        "<style>@import url('{}');</style>",
        "<style>@font-face{{font-family:x;src:url('{}')}} p{{font-family:x}}</style><p>x</p>",
        "<style>body{{background:url('{}')}}</style>x",
        "<object data='{}'></object>",
        "<embed src='{}'>",
        "<svg width=9 height=9><image href='{}' width=9 height=9 /></svg>",
    ],
)
@pytest.mark.parametrize(
    "scheme", ["file://{}", "http://127.0.0.1:9/{}", "https://example.com{}", "ftp://x{}"]
)
def test_nothing_outside_the_resources_is_ever_read(html: str, scheme: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("a secret")
    with pytest.raises(pdf.Unrenderable) as fault:
        written(html.format(scheme.format(secret)))
    assert fault.value.reason == "resource_refused"
    assert "secret.txt" in fault.value.params["url"]


def test_a_base_element_does_not_open_the_disk() -> None:
    with pytest.raises(pdf.Unrenderable, match=r"resource_refused: url=file:///etc/hostname"):
        written("<base href='file:///etc/'><img src='hostname'>")


@pytest.mark.parametrize("html", ["<link rel=attachment href='{}'>", "<a rel=attachment href='{}'>open</a>"])
@pytest.mark.parametrize("url", ["file:///etc/hostname", "data:text/plain,x", "logo.png"])
def test_the_html_embeds_no_files_of_its_own(html: str, url: str) -> None:
    assert list(read(written(html.format(url))).attachments) == ["factuur.xml"]


def test_a_missing_resource_is_told_by_its_name() -> None:
    with pytest.raises(pdf.Unrenderable, match=r"url=css/print\.css"):
        written(resources={"logo.png": PNG})


def test_data_addresses_and_given_resources_are_shown() -> None:
    page = read(
        written(
            "<img src='data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklE"
            "QVR4nGOoBwAAgQCBVFbrbgAAAABJRU5ErkJggg=='><img src='logo.png?v=1#x'>"
        )
    ).pages[0]
    assert len(page["/Resources"]["/XObject"]) == 2  # type: ignore[arg-type,index] - any PDF object, says pypdf


def test_links_lead_out_but_never_to_the_resources() -> None:
    page = read(written("<a href='https://example.com/pay'>a</a> <a href='css/print.css'>b</a>")).pages[0]
    links = [entry.get_object()["/A"]["/URI"] for entry in page["/Annots"]]  # type: ignore[attr-defined] - any PDF object, says pypdf
    assert links == ["https://example.com/pay"]


@pytest.mark.parametrize(
    "html", ["", "plain", "<", "<html>" * 50, "<table><tr><td rowspan=999999999>x", "\x00\ud7ff"]
)
def test_odd_html_is_still_a_pdf(html: str) -> None:
    assert written(html).startswith(b"%PDF-1.7")


def test_a_local_time_is_refused() -> None:
    with pytest.raises(pdf.Unrenderable, match="local_time"):
        written(created=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the fault


def test_a_moment_that_utc_does_not_have_is_refused() -> None:
    with pytest.raises(pdf.Unrenderable, match="bad_moment"):
        written(created=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))))
