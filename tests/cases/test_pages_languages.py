"""Pages in the reader's language, all of them: no English word of ours is left, and the greeting is in the language of the page."""

import lxml.html
import pytest
import sqlalchemy as sa
from babel.messages.pofile import read_po

from portal.kernel.language import Language
from tests.support.builders import a_firm
from tests.support.cases import of_kind
from tests.support.every_page import Seen, every_page
from tests.support.servers import ROOT
from tests.support.world import World

pytestmark = pytest.mark.corpus
SHOWN = ("title", "aria-label", "placeholder", "alt")
OTHERS = [one.value for one in Language if one is not Language.EN]


def translated(language: str) -> dict[str, str]:
    """Every text of ours whose translation is another one."""
    path = ROOT / "portal" / "locale" / language / "LC_MESSAGES" / "portal.po"
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    return {
        str(one.id): str(one.string)
        for one in catalogue
        if isinstance(one.id, str) and one.id and one.string and one.string != one.id and "%" not in one.id
    }


def english(seen: Seen, ours: dict[str, str]) -> set[str]:
    """The texts of a page that are ours and in English."""
    page = lxml.html.document_fromstring(seen.html)
    said: set[str] = set()
    for element in page.iter():
        if not isinstance(element.tag, str) or element.tag in ("script", "style"):
            continue
        if element.get("lang") or any(
            one.get("lang") for one in element.iterancestors() if one.tag != "html"
        ):
            continue
        said |= {(element.text or "").strip(), (element.tail or "").strip()}
        said |= {element.get(name, "").strip() for name in SHOWN}
    translations = set(ours.values())
    return {
        one for one in said if (one in ours or one[:1].lower() + one[1:] in ours) and one not in translations
    }


@pytest.mark.parametrize("language", OTHERS)
async def test_no_english_word_is_left_on_any_page(world: World, language: str) -> None:
    ours = translated(language)
    async with every_page(world, language) as pages:
        left = {f"{one.who} {one.path}: {text}" for one in pages.seen for text in english(one, ours)}
        known = {lxml.html.document_fromstring(one.html).get("lang") for one in pages.seen}
    assert known == {language}
    assert not left, "\n".join(sorted(left))


GREETINGS = {
    Language.NL: "Welkom",
    Language.FR: "Bienvenue",
    Language.DE: "Willkommen",
    Language.EN: "Welcome",
}
ASKED = {
    "fr-BE,fr;q=0.9,en;q=0.1": Language.FR,
    "nl-BE": Language.NL,
    "de-BE,de;q=0.8": Language.DE,
    "it": Language.EN,
    "*": Language.EN,
    "en;q=0.1,fr;q=0.9": Language.FR,
    "NL-be": Language.NL,
}


@pytest.mark.parametrize(("accepted", "language"), ASKED.items())
async def test_the_greeting_follows_the_language_of_the_page(
    world: World, accepted: str, language: Language
) -> None:
    """The office wrote a greeting in its own language; a page in another one greets in that."""
    assert "Accept-Language" in of_kind("K79")[0].read().decode()
    firm = await a_firm(world)
    async with world.as_system() as session:
        await session.execute(sa.text("update firm set language = 'nl' where id = :id"), {"id": firm.id})
        await session.execute(sa.text("update firm_brand set login_title = 'Dag, fijn u te zien'"))
    async with world.client() as client:
        page = await client.get("/sign-in", headers={"accept-language": accepted})
    found = lxml.html.document_fromstring(page.text)
    assert found.get("lang") == language.value
    heading = found.findtext(".//h1")
    assert heading == ("Dag, fijn u te zien" if language is Language.NL else GREETINGS[language])


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("noordzee.localhost", 200),
        ("NOORDZEE.localhost", 200),
        ("noordzee.localhost.", 200),
        ("www.noordzee.localhost", 404),
        ("xn--nordzee-xxa.localhost", 404),
    ],
)
async def test_a_host_is_the_offices_or_nobodys(world: World, host: str, status: int) -> None:
    assert of_kind("K79")
    await a_firm(world)
    async with world.client() as client:
        page = await client.get("/sign-in", headers={"host": host})
    assert page.status_code == status
    assert ("Kantoor" in page.text) is (status == 200)
