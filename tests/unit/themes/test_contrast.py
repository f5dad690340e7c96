"""Every colour a firm can choose gives readable pages."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from themes.contrast import BLACK, WHITE, apart, ratio, readable, shifted, softened, text_on, worst
from themes.css import Scheme, derive
from themes.oklch import channels, mix, to_hex, to_oklch
from themes.states import Tone
from themes.tokens import DARK_SURFACES, LIGHT_SURFACES, Brand

STEPS = ("00", "33", "66", "99", "cc", "ff")
GRID = [f"#{r}{g}{b}" for r, g, b in itertools.product(STEPS, STEPS, STEPS)]
HARD = ["#ffffff", "#000000", "#ffff00", "#777777", "#767676", "#ff0000", "#00ff00", "#0000ff", "#e69138"]
COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def test_the_ratio_agrees_with_known_pairs() -> None:
    assert ratio("#ffffff", "#000000") == pytest.approx(21)
    assert ratio("#767676", "#ffffff") == pytest.approx(
        4.54, abs=0.01
    )  # the lightest grey that passes on white
    assert ratio("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert ratio("#ffffff", "#777777") == ratio("#777777", "#ffffff")


def test_the_threshold_is_the_standards_and_not_the_old_erratum() -> None:
    # At 10/255 = 0.0392 the two thresholds (0.03928, 0.04045) choose different formulas.
    from themes.oklch import linear

    assert linear("#0a0a0a").red == pytest.approx(10 / 255 / 12.92)


@pytest.mark.parametrize("colour", GRID + HARD)
def test_text_on_any_colour_reads(colour: str) -> None:
    assert ratio(text_on(colour), colour) >= 4.5


@given(COLOURS)
def test_black_or_white_gives_at_least_4_58_on_every_colour(colour: str) -> None:
    assert ratio(text_on(colour), colour) >= 4.58


@given(COLOURS)
def test_a_colour_survives_the_way_to_oklch_and_back(colour: str) -> None:
    there = channels(to_hex(to_oklch(colour)))
    assert all(abs(one - two) <= 1 for one, two in zip(there, channels(colour), strict=True))


@pytest.mark.parametrize("surfaces", [LIGHT_SURFACES, DARK_SURFACES])
@pytest.mark.parametrize("colour", GRID + HARD)
def test_links_read_on_every_surface(colour: str, surfaces: tuple[str, ...]) -> None:
    link = readable(colour, surfaces)
    assert worst(link.used, surfaces) >= 4.5
    assert link.ratio_used == worst(link.used, surfaces)
    assert link.ratio_yours == worst(colour, surfaces)


@pytest.mark.parametrize("colour", ["#0b5394", "#2e5339", "#000000"])
def test_a_colour_that_reads_is_left_alone(colour: str) -> None:
    link = readable(colour, LIGHT_SURFACES)
    assert link.used == colour
    assert not link.changed


def test_an_unreadable_colour_is_changed_as_little_as_possible_and_keeps_its_hue() -> None:
    link = readable("#e69138", LIGHT_SURFACES)
    assert link.changed
    assert link.yours == "#e69138"
    assert 4.5 <= link.ratio_used < 4.7
    assert abs(to_oklch(link.used).hue - to_oklch("#e69138").hue) < 4


@pytest.mark.parametrize("colour", GRID + HARD)
def test_hover_and_pressed_keep_the_text_readable_and_can_be_seen(colour: str) -> None:
    text = text_on(colour)
    for by in (0.045, 0.08):
        assert ratio(text, shifted(colour, text, by)) >= 4.5
        assert shifted(colour, text, by) != colour


@pytest.mark.parametrize("colour", GRID)
def test_second_rank_words_on_the_bar_read(colour: str) -> None:
    assert ratio(softened(text_on(colour), colour), colour) >= 4.5


def test_the_selected_item_is_told_from_a_bar_of_the_same_colour_at_night() -> None:
    assert ratio(apart("#13283e", "#13283e", 1.35), "#13283e") >= 1.35


def scheme_pairs(scheme: Scheme) -> list[tuple[str, str]]:
    return [
        (scheme.bar_text, scheme.bar),
        (scheme.bar_muted, scheme.bar),
        (scheme.bar_text, scheme.bar_hover),
        (scheme.selected_text, scheme.selected),
        (scheme.button_text, scheme.button),
        (scheme.button_text, scheme.button_hover),
        (scheme.button_text, scheme.button_active),
        (scheme.accent_text, scheme.accent.used),
    ]


@given(COLOURS, COLOURS, COLOURS)
def test_every_pair_of_every_brand_reads_in_light_and_dark(main: str, navigation: str, button: str) -> None:
    palette = derive(Brand("Firm", main, navigation, button))
    for scheme, surfaces in ((palette.light, LIGHT_SURFACES), (palette.dark, DARK_SURFACES)):
        for text, background in scheme_pairs(scheme):
            assert ratio(text, background) >= 4.5, (text, background)
        for word in (scheme.accent.used, scheme.heading.used):
            assert worst(word, surfaces) >= 4.5
        # a link as chosen filter or selected row
        assert ratio(scheme.accent.used, scheme.accent_soft) >= 3
        # links that one points at still read
        assert worst(scheme.accent_hover, surfaces) >= 4.5


def test_in_light_the_firms_own_colours_are_used_unchanged() -> None:
    light = derive(Brand("Firm", "#0B5394", "#0B3954", "#E69138")).light
    assert (light.bar, light.selected, light.button) == ("#0B5394", "#0B3954", "#E69138")
    assert light.button_text == BLACK
    assert ratio(BLACK, "#E69138") == pytest.approx(8.5, abs=0.1)
    assert light.bar_text == WHITE


# ---- our own tokens -------------------------------------------------------------------------------------------------

TOKENS = (Path(__file__).parents[3] / "themes/static/src/10-tokens.css").read_text(encoding="utf-8")
PAIRS = {
    name: (light, dark)
    for name, light, dark in re.findall(r"(--ui-[\w-]+): light-dark\((#\w{6}), (#\w{6})\)", TOKENS)
}


@pytest.mark.parametrize("tone", list(Tone))
@pytest.mark.parametrize("dark", [False, True])
def test_a_states_word_reads_on_its_chip(tone: Tone, dark: bool) -> None:
    assert ratio(PAIRS[f"--ui-{tone}"][dark], PAIRS[f"--ui-{tone}-text"][dark]) >= 4.5


@pytest.mark.parametrize("tone", list(Tone))
def test_a_tones_text_also_reads_on_every_surface(tone: Tone) -> None:
    light, dark = PAIRS[f"--ui-{tone}-text"]
    assert worst(light, LIGHT_SURFACES) >= 4.5
    assert worst(dark, DARK_SURFACES) >= 4.5


@pytest.mark.parametrize("name", ["--ui-text", "--ui-text-soft"])
def test_our_text_reads_on_every_surface(name: str) -> None:
    light, dark = PAIRS[name]
    assert worst(light, (*LIGHT_SURFACES, PAIRS["--ui-raised"][0])) >= 4.5
    assert worst(dark, (*DARK_SURFACES, PAIRS["--ui-raised"][1])) >= 4.5


def test_the_edge_of_a_field_can_be_seen() -> None:
    light, dark = PAIRS["--ui-line-strong"]
    assert worst(light, LIGHT_SURFACES[:2]) >= 3
    assert worst(dark, DARK_SURFACES[:2]) >= 3


def test_the_surfaces_in_python_and_in_the_stylesheet_are_the_same() -> None:
    names = ("--ui-surface", "--ui-page", "--ui-hover")
    assert tuple(PAIRS[name][0] for name in names) == LIGHT_SURFACES
    assert tuple(PAIRS[name][1] for name in names) == DARK_SURFACES


def test_mixing_is_what_a_browser_does() -> None:
    assert mix("#ffffff", "#000000", 0.5) == "#808080"
    assert mix("#ff0000", "#0000ff", 1) == "#ff0000"
