"""The statement for people: everything on it, nothing of it executable, card numbers masked."""

import gettext
import re
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from jinja2 import Template
from lxml import html

from exports import coda, pdf
from exports.coda import codes
from themes.assets import Assets
from themes.environment import create_environment

NOW = datetime(2026, 11, 3, tzinfo=UTC)
ROOT = Path(__file__).parents[3]
LOCALE = ROOT / "portal" / "locale"


LANGUAGES = ("en", "nl", "fr", "de")


def template_in(language: str) -> Template:
    """The template with the catalogue that readers of this language get."""
    environment = create_environment(
        assets=cast("Assets", lambda name: name),
        translations=CATALOGUES[language],
        language=lambda: language,
        now=lambda: NOW,
    )
    return environment.get_template("print/statement.html")


def catalogue(language: str) -> gettext.NullTranslations:
    """The catalogue as it is kept, compiled here."""
    if language == "en":
        return gettext.NullTranslations()
    compiled = BytesIO()
    with (LOCALE / language / "LC_MESSAGES" / "portal.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


CATALOGUES = {language: catalogue(language) for language in LANGUAGES}


@pytest.fixture(scope="module")
def template() -> Template:
    return template_in("en")


def shown(template: Template, data: bytes, **more: Any) -> str:
    (statement,) = coda.read(data).statements
    context = {"language": "en", "firm": "Kantoor", "logo": None, "colour": "#0B5394", "sha256": "ab" * 32}
    return template.render(statement=statement, **(context | more))


def words(page: str) -> str:
    return " ".join(html.fromstring(page).body.text_content().split())


def test_balances_movements_details_information_and_free_text_are_on_it(
    template: Template, make: SimpleNamespace
) -> None:
    lines = [
        make.m21(1, 97000, code="30150000", nxt="1"),
        make.m22(1, reference="E2E-77", nxt="1"),
        make.m23(1, account=make.ACCOUNT, name="JANSEN NV", link="1"),
        make.i31(1, 1, text="FREE INFORMATION"),
        make.m21(1, 100000, detail=2, code="80150100", text="GROSS"),
        make.m21(1, -3000, detail=3, code="80137013", text="COSTS"),
        make.m21(2, -5000, text="101090933755493", structured=True, code="00101000"),
    ]
    text = words(
        shown(template, make.to_bytes(make.whole(lines, balance=1000, frees=[make.free(0, "CLOSED MONDAY")])))
    )
    for part in (
        "BE68 5390 0754 7034",
        "HOLDER BV",
        "€1.00",
        "€97.00",
        "-€5.00",
        "€93.00",
        "JANSEN NV",
        "E2E-77",
        "FREE INFORMATION",
        "GROSS",
        "€100.00",
        "COSTS",
        "-€3.00",
        "+++090/9337/55493+++",
        "CLOSED MONDAY",
        "Transfer received",
        "2 Nov 2026",
        "Gross amount",
        "Kantoor",
        "abab",
    ):
        assert part in text, part
    assert text.index("JANSEN") < text.index("GROSS") < text.index("COSTS") < text.index("+++090")


def test_t53_texts_of_strangers_are_escaped(template: Template, make: SimpleNamespace) -> None:
    evil = '<script>alert("1")</script>'
    lines = [make.m21(1, 10, text="=cmd|x <img src=x>", nxt="1"), make.m23(1, name=evil)]
    page = shown(
        template,
        make.to_bytes(make.whole(lines, frees=[make.free(0, "<b>bold</b>")])),
        firm="<i>",
        sha256="<u>",
    )
    assert evil in words(page)
    assert not html.fromstring(page).xpath("//script | //img | //b | //i | //u")


def test_t54_card_numbers_are_masked_on_it(template: Template, make: SimpleNamespace) -> None:
    card = "113" + "4871041234567890" + "1" + "000123" + "000456" + "021126" + "1015" + "1" + "SHOP"
    lines = [
        make.m21(1, -1000, text=card, structured=True, code="00402000", link="1"),
        make.i31(1, 1, text="115" + "4871041234567890", structured=True),
    ]
    page = shown(template, make.to_bytes(make.whole(lines)))
    assert "4871041234567890" not in page
    assert page.count("487104******7890") == 2
    assert "SHOP" in page


def test_an_empty_an_open_and_an_extract_statement_say_so(template: Template, make: SimpleNamespace) -> None:
    assert "No movements." in words(shown(template, make.to_bytes(make.whole(balance=5))))
    open_end = [line for line in make.whole([make.m21(1, 10)]) if line[0] not in "89"]
    assert "not whole" in words(shown(template, make.to_bytes(open_end)))
    orphan = [*open_end[:2], make.m21(7, 10, detail=1, code="50150000", text="ALONE")]
    assert "ALONE" in words(shown(template, make.to_bytes(orphan)))
    extract = make.whole([make.m21(1, 10)], first=make.header(separate="01005"))
    text = words(shown(template, make.to_bytes(extract)))
    assert "An extract" in text
    assert "Balance on" not in text


def test_it_prints_as_a_pdf_that_is_the_same_each_time(template: Template, make: SimpleNamespace) -> None:
    import pypdfium2

    data = make.to_bytes(make.whole([make.m21(n, 1000 * n, text=f"NUMBER {n}") for n in range(1, 61)]))
    page = shown(template, data)
    printed = pdf.write(page, {}, created=NOW)
    assert printed == pdf.write(page, {}, created=NOW)
    document = pypdfium2.PdfDocument(printed)
    try:
        text = "".join(document[number].get_textpage().get_text_range() for number in range(len(document)))
        assert len(document) > 1
    finally:
        document.close()
    assert all(f"NUMBER {n}" in text for n in range(1, 61))


@pytest.mark.parametrize(
    ("language", "parts"),
    [
        ("en", ("Account statement", "€1,097.00", "2 Nov 2026", "Transfer received", "No movements.")),
        ("nl", ("Rekeninguittreksel", "Ontvangen overschrijving", "€ 1.097,00", "2 nov 2026", "Geen verrichtingen.")),
        ("fr", ("Extrait de compte", "1 097,00 €", "2 nov. 2026", "Virement reçu", "Aucun mouvement.")),
        ("de", ("Kontoauszug", "Eingegangene Überweisung", "1.097,00 €", "02.11.2026", "Keine Bewegungen.")),
    ],
)  # fmt: skip
def test_it_is_in_the_readers_language(language: str, parts: tuple[str, ...], make: SimpleNamespace) -> None:
    movement = [make.m21(1, 1_097_000, code="30150000")]
    template = template_in(language)
    pages = [shown(template, make.to_bytes(make.whole(lines)), language=language) for lines in (movement, [])]
    text = re.sub("[\u202f\xa0]", " ", " ".join(map(words, pages)))
    for part in parts:
        assert part in text, part
    assert all(html.fromstring(page).get("lang") == language for page in pages)


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_every_text_of_it_and_every_kind_of_transaction_is_translated(language: str) -> None:
    source = (ROOT / "themes" / "templates" / "print" / "statement.html").read_text(encoding="utf-8")
    texts = set(re.findall(r'_\("([^"]+)"\)', source)) | {
        *codes.FAMILIES.values(),
        *codes.CATEGORIES.values(),
    }
    assert len(texts) > 40
    kept = read_po(BytesIO((LOCALE / language / "LC_MESSAGES" / "portal.po").read_bytes()), locale=language)
    found = {text: kept.get(text) for text in texts}
    assert [
        text for text, message in found.items() if not (message and message.string) or message.fuzzy
    ] == []
