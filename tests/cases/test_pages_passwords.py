"""Passwords and addresses as keyboards type them: one password however it is spelt, and nobody locked out."""

import unicodedata
from contextlib import suppress

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from portal.features.accounts import passwords
from portal.features.accounts.models import Person
from portal.kernel.actor import Role
from portal.kernel.errors import Invalid
from tests.support.builders import a_dossier, a_firm, a_staff_member
from tests.support.builders_dossiers import activate, an_invitation
from tests.support.cases import of_kind
from tests.support.forms import web_forms
from tests.support.world import World

pytestmark = pytest.mark.corpus
BROWSER = {"sec-fetch-site": "same-origin"}
ADDRESS = "bert@claes.example"
SPELLINGS = (
    "mijn\u00a0zin met spatiés",
    "mijn zin met spatiés",
    "mijn\u2009zin\u3000met spatie\u0301s",
    "mijn\u202fzin met spatie\u0301s",
)


async def a_client_with(world: World, password: str) -> None:
    """The client of a dossier, who activated with this password."""
    firm = await a_firm(world)
    sofie = await a_staff_member(world, firm, Role.ACCOUNTANT)
    dossier = await a_dossier(world, firm, manager_id=sofie.person_id)
    path = await an_invitation(world, sofie, dossier, ADDRESS)
    async with world.client() as client:
        answer = await activate(client, path, password=password)
        assert answer.status_code == 303, answer.text


async def signs_in(world: World, password: str, email: str = ADDRESS) -> bool:
    async with world.client() as client:
        form = web_forms((await client.get("/sign-in")).text, "/sign-in")[-1]
        form.set("email", email)
        data = dict(form.sent()) | {"password": password}
        return (await client.post("/sign-in", data=data, headers=BROWSER)).status_code == 303


async def kept(world: World) -> str:
    async with world.as_system() as session:
        found = await session.scalar(sa.select(Person.password_hash).where(Person.email == ADDRESS))
    assert found is not None
    return found


async def keeps(world: World, hashed: str) -> None:
    async with world.as_system() as session:
        await session.execute(sa.update(Person).where(Person.email == ADDRESS).values(password_hash=hashed))


async def test_a_passphrase_is_one_however_it_was_typed(world: World) -> None:
    assert "mijn<U+00A0>zin met spatiés" in of_kind("K68")[0].read().decode()
    await a_client_with(world, SPELLINGS[0])
    for spelling in SPELLINGS:
        assert await signs_in(world, spelling), spelling
    for other in (
        "mijn zin met spaties",
        "Mijn zin met spatiés",
        "mijn  zin met spatiés",
        SPELLINGS[1] + " ",
    ):
        assert not await signs_in(world, other), other


@pytest.mark.parametrize(
    "old", [*SPELLINGS, "met een\u200bverborgen teken", "tab\tin het wachtwoord", "👩\u200d👧 samen op weg"]
)
async def test_passwords_of_earlier_releases_stay_valid_and_are_kept_anew(world: World, old: str) -> None:
    await a_client_with(world, "een gewoon wachtwoord")
    before = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1).hash(old)
    await keeps(world, before)
    assert await signs_in(world, old)
    whole = passwords.prepared(old)
    assert (await kept(world) == before) is (whole in (None, old))
    assert await signs_in(world, old)
    for spelling in SPELLINGS if old in SPELLINGS else ():
        assert await signs_in(world, spelling), spelling


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("tab\tin het wachtwoord", passwords.HIDDEN_SIGN),
        ("met een\u200bverborgen teken", passwords.HIDDEN_SIGN),
        ("van achter naar \u202evoor", passwords.HIDDEN_SIGN),
        ("wij ❤️ boekhouden", passwords.HIDDEN_SIGN),
        ("een losse \u1100 letter", passwords.ODD_SIGN % {"sign": "\u1100"}),
        ("te kort", passwords.TOO_SHORT),
        ("", passwords.TOO_SHORT),
        ("a" * 5 + "bcd" * 100, passwords.TOO_LONG),
        ("x" * 100_000, passwords.TOO_LONG),
        ("e\u0301" * 4, passwords.TOO_SHORT),
    ],
)
def test_what_cannot_be_a_password_is_said(password: str, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        passwords.check_strength(password)
    assert refused.value.field_texts() == {"password": said}


async def test_a_sign_that_cannot_be_typed_again_is_said_on_the_page(world: World) -> None:
    firm = await a_firm(world)
    sofie = await a_staff_member(world, firm, Role.ACCOUNTANT)
    dossier = await a_dossier(world, firm, manager_id=sofie.person_id)
    path = await an_invitation(world, sofie, dossier, ADDRESS)
    async with world.client() as client:
        answer = await activate(client, path, password="met een\u200bverborgen teken")
        assert answer.status_code == 422
        assert "a sign in it that nobody sees" in answer.text
        assert (await activate(client, path, password="zonder verborgen teken")).status_code == 303


@given(st.text(max_size=60))
def test_every_spelling_of_a_text_is_prepared_alike(text: str) -> None:
    whole = passwords.prepared(text)
    for form in ("NFC", "NFD"):
        other = passwords.prepared(unicodedata.normalize(form, text))
        assert other == whole or whole is None
    if whole is not None:
        assert passwords.prepared(whole) == whole
        assert passwords.prepared(text.replace(" ", "\u00a0")) == whole
    assert 1 <= len(passwords.spellings(text)) <= 2


@given(st.text(st.characters(exclude_categories=[]), max_size=40))
def test_no_text_is_beyond_checking(text: str) -> None:
    with suppress(Invalid):
        passwords.check_strength(text)
    for spelling in passwords.spellings(text):
        spelling.encode()


@pytest.mark.parametrize(
    "typed",
    [
        " Bert@Claes.Example ",
        "BERT@CLAES.EXAMPLE",
        "bert@claes.example\u200b",
        "\ufeffbert@claes.example",
        "bert@\u00adclaes.example",
        "\u00a0bert@claes.example\u2009",
        "bert @claes.example",
        "bert＠claes.example",
        "bert@claes.example.",
    ],
)
async def test_an_address_is_taken_however_it_was_typed(world: World, typed: str) -> None:
    """K69, the part of signing in: capitals, blanks and signs that nobody sees."""
    assert of_kind("K69")
    await a_client_with(world, "een gewoon wachtwoord")
    assert await signs_in(world, "een gewoon wachtwoord", typed)
