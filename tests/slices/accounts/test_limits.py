"""How many tries there are: guesses count, what succeeds does not, and a refusal says when to come back."""

import httpx
import pytest

from portal.features.accounts.service.sessions import TRIES_PER_ADDRESS, TRIES_PER_EMAIL
from portal.kernel.errors import TooMany
from portal.kernel.language import Language, use_language
from tests.support.builders import PASSWORD, a_firm, a_staff_member, sign_in
from tests.support.world import World


async def tries(client: httpx.AsyncClient, email: str, password: str) -> httpx.Response:
    await client.get("/sign-in")
    form = {"email": email, "password": password, "csrf_token": client.cookies["visitor"]}
    return await client.post("/sign-in", data=form)


async def test_a_whole_office_signs_in_from_one_address(world: World) -> None:
    firm = await a_firm(world)
    person = await a_staff_member(world, firm)
    for _ in range(TRIES_PER_ADDRESS + 1):
        async with sign_in(world, person):
            pass


async def test_a_success_does_not_forgive_the_guesses_before_it(world: World) -> None:
    firm = await a_firm(world)
    await a_staff_member(world, firm, email="an@noordzee.example")
    for _ in range(TRIES_PER_EMAIL - 1):
        async with world.client() as client:
            assert (await tries(client, "an@noordzee.example", "wrong")).status_code == 422
    async with world.client() as client:
        assert (await tries(client, "an@noordzee.example", PASSWORD)).status_code == 303
    async with world.client() as client:
        assert (await tries(client, "an@noordzee.example", "wrong")).status_code == 422
        refused = await tries(client, "an@noordzee.example", PASSWORD)
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "600"
    assert "Try again in 10 minutes" in refused.text


async def test_every_refusal_says_when_to_come_back(world: World) -> None:
    firm = await a_firm(world)
    async with sign_in(world, await a_staff_member(world, firm)) as client:
        for path, form in (
            ("/forgot", {"email": "an@noordzee.example"}),
            ("/account/password", {"current": "wrong", "password": "een andere lange zin"}),
            ("/reset/x", {"password": "een andere lange zin"}),
            ("/activate/x", {"password": "een andere lange zin"}),
        ):
            for _ in range(100):
                answer = await client.post(path, data=form)
                if answer.status_code == 429:
                    break
            assert answer.status_code == 429, path
            assert 0 < int(answer.headers["retry-after"]) <= 3600, path
            assert "Try again in" in answer.text, path
        for _ in range(100):
            answer = await client.post(
                "/api/v1/agent/pair",
                json={"code": "AAAA-AAAA", "name": "x", "platform": "x", "version": "1"},
            )
            if answer.status_code == 429:
                break
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "in a minute"),
        (60, "in a minute"),
        (61, "in 2 minutes"),
        (7200, "in 120 minutes"),
        (7201, "in 3 hours"),
        (86400, "in 24 hours"),
    ],
)
def test_the_time_is_said_in_words(seconds: int, words: str) -> None:
    with use_language(Language.EN):
        assert words in TooMany(retry_after=seconds).text()


def test_a_message_of_its_own_stays() -> None:
    with use_language(Language.EN):
        assert TooMany("Later.", retry_after=1).text() == "Later."
