"""A form with files that comes without script after the session's end: its texts come back, its files are named."""

from portal.features.accounts.models import KeptForm
from tests.support.builders import sign_in
from tests.support.builders_scene import an_office
from tests.support.ended import BROWSER, HOST, email_of, end, enter_on
from tests.support.world import World


async def test_files_without_script_are_asked_for_again_and_the_page_is_kept(world: World) -> None:
    office = await an_office(world)
    async with sign_in(world, office.entrepreneur) as client:
        token = client.headers.pop("x-csrf-token")
        end(client)
        for size in (10, 200_000):
            over = await client.post(
                "/hand-in",
                data={"csrf_token": token},
                files={"files": ("a.pdf", b"%PDF-" + b"x" * size)},
                headers={"referer": f"{HOST}/hand-in", **BROWSER},
            )
            assert over.status_code == 401
            assert "choose them again" in over.text
        entered = await enter_on(client, over, await email_of(world, office.entrepreneur))
        assert entered.headers["location"].startswith("/hand-in")


async def test_texts_beside_files_come_back_and_the_files_are_named(world: World) -> None:
    office = await an_office(world)
    async with sign_in(world, office.entrepreneur) as client:
        token = client.headers.pop("x-csrf-token")
        end(client)
        over = await client.post(
            "/hand-in",
            # The texts stand around the files, and the files are larger than a visitor's whole body.
            data={"csrf_token": token, "note": "Twee bonnen"},
            files=[
                ("files", ("maart \u202efdp.exe", b"%PDF-" + b"x" * 300_000)),
                ("files", ("april.pdf", b"%PDF-" + b"y" * 300_000)),
                ("after", (None, "Ook dit")),
            ],
            headers={"referer": f"{HOST}/hand-in", **BROWSER},
        )
        assert over.status_code == 401
        assert "april.pdf" in over.text
        assert "\u202e" not in over.text
        assert "nothing is lost" in over.text
        where = (await enter_on(client, over, await email_of(world, office.entrepreneur))).headers["location"]
        page = await client.get(where)
        assert page.status_code == 200
        assert "Choose these again" in page.text
        for word in ("april.pdf", "Twee bonnen", "Ook dit"):
            assert word in page.text, word
        assert "\u202e" not in page.text


async def test_a_form_with_files_of_nobody_is_not_read(world: World) -> None:
    office = await an_office(world)
    async with sign_in(world, office.entrepreneur) as client:
        client.headers.pop("x-csrf-token")
        end(client)
        for token in ("x" * 43, None):
            data = {} if token is None else {"csrf_token": token}
            over = await client.post(
                "/hand-in",
                data=data,
                files={"files": ("a.pdf", b"%PDF-" + b"x" * 200_000)},
                headers={"referer": f"{HOST}/hand-in", **BROWSER},
            )
            assert over.status_code == 401
            assert "a.pdf" not in over.text
            assert "could not be kept" in over.text
    assert await office.count(KeptForm) == 0
