"""A brand's values are checked, and its stylesheet is a pure function of its colours."""

from __future__ import annotations

import hashlib
import re

import pytest

from themes.css import derive, stylesheet
from themes.tokens import Brand, BrandError

NOORDZEE = Brand("Kantoor Noordzee", "#0B5394", "#0B3954", "#E69138")


@pytest.mark.parametrize(
    "colour",
    ["", "red", "#fff", "#0B539", "#0B53944", "0B5394", "#0B539g", "#0B5394\n", " #0B5394", "#٠٠٠٠٠٠",
     "#0B5394;}body{display:none", "url(//x)", "expression(1)"],
)  # fmt: skip
@pytest.mark.parametrize("field", ["main", "navigation", "button"])
def test_only_a_plain_hex_colour_is_taken(field: str, colour: str) -> None:
    values = {"main": "#000000", "navigation": "#000000", "button": "#000000"} | {field: colour}
    with pytest.raises(BrandError) as caught:
        Brand("Firm", **values)
    assert caught.value.field == field


@pytest.mark.parametrize("url", ["https://elsewhere.example/logo.png", "//elsewhere/logo.png", "logo.png",
                                 "/\\elsewhere/logo.png", "javascript:alert(1)", "data:image/png;base64,AA"])  # fmt: skip
@pytest.mark.parametrize("field", ["logo_url", "favicon_url", "login_image_url"])
def test_images_stay_on_our_host(field: str, url: str) -> None:
    with pytest.raises(BrandError) as caught:
        Brand("Firm", "#000000", "#000000", "#000000", **{field: url})
    assert caught.value.field == field


def test_a_brand_needs_a_name() -> None:
    with pytest.raises(BrandError):
        Brand("  ", "#000000", "#000000", "#000000")


def test_the_same_colours_give_the_same_bytes_and_name() -> None:
    again = Brand("Another name", "#0B5394", "#0B3954", "#E69138", login_title="Hello", logo_url="/x.png")
    assert stylesheet(NOORDZEE) == stylesheet(again)


def test_the_name_is_the_hash_of_the_content() -> None:
    sheet = stylesheet(NOORDZEE)
    assert sheet.digest == hashlib.sha256(sheet.text.encode()).hexdigest()
    assert sheet.name == f"brand.{sheet.digest[:16]}.css"


def test_other_colours_give_another_name() -> None:
    other = Brand("Kantoor Noordzee", "#0B5395", "#0B3954", "#E69138")
    assert stylesheet(other).name != stylesheet(NOORDZEE).name


def test_nothing_a_firm_typed_stands_in_the_stylesheet() -> None:
    brand = Brand("</style><b>", "#0B5394", "#0B3954", "#E69138", login_title="}body{display:none}")
    text = stylesheet(brand).text
    assert "<" not in text
    assert "display" not in text
    value = r"(?:#[0-9a-fA-F]{6}|\d{1,3}, \d{1,3}, \d{1,3})"
    block = rf"\{{(?:--(?:tblr|brand)-[a-z-]+:{value};)+\}}"
    assert re.fullmatch(
        rf":root{block}\n@media \(prefers-color-scheme:dark\)\{{:root:not\(\[data-bs-theme=light\]\){block}\}}\n"
        rf":root\[data-bs-theme=dark\]{block}\n",
        text,
    )


def test_light_dark_and_automatic_set_the_same_properties() -> None:
    blocks = re.findall(r"\{((?:--[^{}]+;)+)\}", stylesheet(NOORDZEE).text)
    names = [re.findall(r"(--[a-z-]+):", block) for block in blocks]
    assert len(blocks) == 3
    assert names[0] == names[1] == names[2]
    assert blocks[1] == blocks[2]
    for needed in (
        "--tblr-primary",
        "--tblr-primary-rgb",
        "--tblr-primary-fg",
        "--brand-bar",
        "--brand-selected",
    ):
        assert needed in names[0]


def test_what_was_chosen_and_what_is_used_are_both_told() -> None:
    accent = derive(Brand("Firm", "#E69138", "#E69138", "#E69138")).light.accent
    assert accent.yours == "#E69138"
    assert accent.changed
    assert accent.ratio_yours < 4.5 <= accent.ratio_used
