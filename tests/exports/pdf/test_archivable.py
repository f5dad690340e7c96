"""What PDF/A-3 asks of the file and the layout does not do by itself; and fonts that are given, not found."""

import hashlib
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdf
import pytest
from fontTools.ttLib import TTFont
from PIL import Image

from exports import pdf
from themes import assets

MOMENT = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
FONTS = {name: assets.read(name) for name in assets.PRINT_FONTS}


def written(html: str, resources: dict[str, bytes] | None = None) -> bytes:
    return pdf.write(html, resources or {}, created=MOMENT)


def picture(mode: str, kind: str, colour: Any = None) -> bytes:
    out = BytesIO()
    fill = colour or (0 if mode in {"L", "1", "P"} else (10,) * len(mode))
    Image.new(mode, (20, 20), fill).save(out, kind)
    return out.getvalue()


def images(data: bytes) -> list[Any]:
    reader = pypdf.PdfReader(BytesIO(data))
    things = [reader.get_object(number) for number in range(1, reader.trailer["/Size"])]  # type: ignore[operator] - any PDF object, says pypdf
    return [thing for thing in things if isinstance(thing, dict) and thing.get("/Subtype") == "/Image"]


def text(data: bytes) -> str:
    return "".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(data)).pages)


def outside(data: bytes) -> list[str]:
    """The glyphs that the pages show and their fonts do not have (ISO 19005-3, 6.2.11.4.1)."""
    found: list[str] = []
    for page in pypdf.PdfReader(BytesIO(data)).pages:
        fonts = page["/Resources"]["/Font"]  # type: ignore[index] - any PDF object, says pypdf
        glyphs: dict[str, int] = {}
        for name, font in fonts.items():
            descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
            (file,) = (descriptor[key] for key in descriptor if key.startswith("/FontFile"))
            glyphs[name] = TTFont(BytesIO(file.get_object().get_data()))["maxp"].numGlyphs
        current = ""
        contents = page.get_contents()
        assert contents is not None
        for match in re.finditer(r"(/\S+) [\d.]+ Tf|<([0-9a-f]+)>", contents.get_data().decode("latin-1")):
            if match[1]:
                current = match[1]
                continue
            for glyph in re.findall("....", match[2]):
                if int(glyph, 16) in range(1, glyphs[current]):
                    continue
                found.append(glyph)
    return found


@pytest.mark.parametrize(("mode", "kind"), [("RGB", "JPEG"), ("RGBA", "PNG"), ("L", "PNG"), ("P", "GIF"), ("CMYK", "JPEG")])  # fmt: skip
def test_images_and_their_masks_are_not_interpolated(mode: str, kind: str) -> None:
    shown = images(written("<img src=a><p style='background:url(a)'>x", {"a": picture(mode, kind)}))
    assert len(shown) >= 1 + (mode == "RGBA")
    assert {image["/Interpolate"].value for image in shown} == {False}


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_an_image_in_cmyk_becomes_rgb(kind: str) -> None:
    (image,) = images(written("<img src=a>", {"a": picture("CMYK", kind, (0, 255, 255, 0))}))
    assert image["/ColorSpace"] == "/DeviceRGB"
    red, green, blue = image.get_data()[:3] if len(image.get_data()) == 1200 else (255, 0, 0)
    assert red > 200
    assert max(green, blue) < 60


def test_an_image_in_cmyk_that_is_cut_off_is_shown_as_far_as_it_goes() -> None:
    noisy = BytesIO()
    Image.effect_noise((200, 200), 80).convert("CMYK").save(noisy, "JPEG")
    (image,) = images(written("<img src=a>", {"a": noisy.getvalue()[:5000]}))
    assert image["/ColorSpace"] == "/DeviceRGB"


def test_a_colour_in_cmyk_is_refused() -> None:
    with pytest.raises(pdf.Unrenderable, match="bad_colour"):
        written("<p style='color:device-cmyk(0 1 1 0)'>x")


@pytest.mark.parametrize("resources", [{}, FONTS], ids=["of the machine", "given"])
@pytest.mark.parametrize(
    "stranger", ["\u65e5\u672c", "\u2028", "\ue000", "\u0378", "a\u0e49", "\u2011", "\u202f", "\u200b", "\U0001f600", "&#x65e5;", "&#57344;"]
)  # fmt: skip
def test_a_character_no_font_has_is_shown_as_one_that_there_is(
    stranger: str, resources: dict[str, bytes]
) -> None:
    data = written(f"<title>{stranger}</title><p>Before{stranger}after", resources)
    assert outside(data) == []
    assert text(data).startswith("Before")
    assert "after" in text(data)


def test_the_nearest_is_a_letter_without_its_accent_or_an_empty_box() -> None:
    assert text(written("<p>\uff21\uff22 1\u20112 \u65e5\u672c\ue000.", FONTS)) == "AB 1-2 [][][]."


def test_what_stands_in_tags_keeps_its_characters() -> None:
    data = written("<p>\u65e5</p><img src='\u65e5.png'>", FONTS | {"\u65e5.png": picture("RGB", "PNG")})
    assert len(images(data)) == 1
    assert text(data).strip() == "[]"


def test_a_character_of_the_style_sheet_that_no_font_has_is_refused() -> None:
    with pytest.raises(pdf.Unrenderable, match=r"missing_glyph: characters=U\+E000"):
        written("<style>p::before { content: '\\e000' }</style><p>x", FONTS)


def test_given_fonts_are_the_only_ones_and_each_subset_shows_its_own_letters() -> None:
    data = written(
        "<p style='font:12pt Inter'>Łódź Café Ελλάς Жук <b>Łódź €</b> <i>x</i> <code>y</code>", FONTS
    )
    assert outside(data) == []
    assert text(data) == "Łódź Café Ελλάς Жук Łódź € x y"
    fonts = pypdf.PdfReader(BytesIO(data)).pages[0]["/Resources"]["/Font"]  # type: ignore[index] - any PDF object, says pypdf
    names = {font["/BaseFont"].partition("+")[2] for font in fonts.values()}
    assert all(name.startswith("Inter") for name in names)
    files = {font["/DescendantFonts"][0].get_object()["/FontDescriptor"].raw_get("/FontFile2").idnum for font in fonts.values()}  # fmt: skip
    assert len(files) == len(names) == 6


def test_given_fonts_give_the_same_bytes_on_a_machine_with_other_fonts(tmp_path: Path) -> None:
    bare = tmp_path / "fonts.conf"
    bare.write_text("<?xml version='1.0'?><fontconfig><dir>/nowhere</dir></fontconfig>")
    html = "<p style='font-family:sans-serif'>Zelfde \u65e5 bytes"
    program = (
        "import sys, hashlib; from datetime import datetime; from exports import pdf; from themes import assets;"
        "fonts = {name: assets.read(name) for name in assets.PRINT_FONTS};"
        "data = pdf.write(sys.argv[1], fonts, created=datetime.fromisoformat(sys.argv[2]));"
        "print(hashlib.sha256(data).hexdigest())"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, html, MOMENT.isoformat()],
        env={**os.environ, "FONTCONFIG_FILE": str(bare)},
        cwd=Path(pdf.__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == hashlib.sha256(written(html, FONTS)).hexdigest()


def test_the_environment_and_the_working_folder_are_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = dict(os.environ)
    written("<p>x", FONTS)
    assert dict(os.environ) == before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "data", [b"wOF2", b"wOFF\x00\x01", b"OTTO" + b"\xff" * 40, b"\x00\x01\x00\x00" + bytes(90)]
)
def test_a_font_that_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(pdf.Unrenderable, match="bad_font"):
        written("<p>x", {"a.woff2": data})
