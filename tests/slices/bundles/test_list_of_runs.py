"""The list of runs over all dossiers: found by dossier, sorted, and walked through page by page."""

import re

import pytest
import sqlalchemy as sa

from portal.features.bundles.domain import RunsQuery
from portal.features.bundles.repository import exports as exports_repository
from portal.features.dossiers.models import Dossier
from tests.support.builders import a_dossier, sign_in
from tests.support.builders_exports import Office, an_invoice, an_office, press_export
from tests.support.world import World


@pytest.fixture
async def three(world: World) -> Office:
    """Three dossiers with one run each, the largest last: Claes (1 item), Adam (2 items), Bakker (3 items)."""
    first = await an_office(world)
    offices = [first] + [
        Office(first.firm, first.owner, await a_dossier(world, first.firm, code=code))
        for code in ("01777", "01888")
    ]
    async with sign_in(world, first.owner, first.host) as client:
        for count, (office, name) in enumerate(zip(offices, ("Claes", "Adam", "Bakker"), strict=True), 1):
            async with world.as_system() as session:
                await session.execute(
                    sa.update(Dossier)
                    .where(Dossier.id == office.dossier.id)
                    .values(Dossier.keyed({"name": name}))
                )
            for number in range(count):
                await an_invoice(world, office, f"F-{name}-{number}")
            await press_export(client, office)
            await world.run_jobs()
    return first


def names(page: str) -> list[str]:
    return re.findall(r'ui-row-title" href="/dossiers/[^"]*">([^<]*)<', page)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", ["Bakker", "Adam", "Claes"]),
        ("?sort=dossier", ["Adam", "Bakker", "Claes"]),
        ("?sort=-dossier", ["Claes", "Bakker", "Adam"]),
        ("?sort=items", ["Claes", "Adam", "Bakker"]),
        ("?sort=nonsense", ["Claes", "Adam", "Bakker"]),
        ("?q=017", ["Adam"]),
        ("?q=bak", ["Bakker"]),
        ("?q=100%25", []),
        ("?q=bak&state=failed", []),
        ("?after=nonsense", ["Bakker", "Adam", "Claes"]),
    ],
)
async def test_runs_are_found_and_sorted_in_the_address(
    world: World, three: Office, query: str, shown: list[str]
) -> None:
    async with sign_in(world, three.owner, three.host) as client:
        page = await client.get(f"/exports{query}")
    assert page.status_code == 200
    assert names(page.text) == shown


@pytest.mark.parametrize("sort", ["made", "items", "dossier"])
async def test_a_cursor_keeps_its_place_in_every_order(world: World, three: Office, sort: str) -> None:
    async with world.as_scope(firm_id=three.firm.id) as session:
        whole = await exports_repository.page(session, RunsQuery(sort=sort))
        walked: list[str] = []
        cursor: str | None = None
        for _page in range(3):
            page = await exports_repository.page(session, RunsQuery(sort=sort, cursor=cursor), size=1)
            walked += [row.dossier_name for row in page.rows]
            cursor = page.next
        assert cursor is None
        assert walked == [row.dossier_name for row in whole.rows]
