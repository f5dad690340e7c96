"""A firm's session sees the company of the dossier that it was begun for: who says so, and that nobody forgets to."""

import inspect
import re

import pytest

from portal.db.session import Scope, open_company
from portal.features.dossiers.service import opening
from portal.kernel.ids import new_id
from tests.architecture.test_house import shown, sources
from tests.architecture.test_routes import handlers
from tests.support.builders import sign_in
from tests.support.builders_exports import an_office
from tests.support.world import World

DEFINED, OPENING = "portal/db/session.py", "portal/features/dossiers/service/opening.py"
LOOKED_UP = "portal/features/dossiers/repository/dossiers.py"
GIVEN = "portal/features/dossiers/pages/given.py"


def named(pattern: str) -> set[str]:
    """The modules of the application that name something."""
    return {shown(path) for path in sources("portal") if re.search(pattern, path.read_text())}


def test_nobody_but_the_opening_of_dossiers_says_which_company_a_session_sees() -> None:
    assert named(r"\bopen_company\b") == {DEFINED, OPENING}
    assert named(r"\bopens_company\(") == {DEFINED, LOOKED_UP}
    assert named(r"\bopened_dossier\(") == {LOOKED_UP, OPENING}
    assert named(r"app\.opened_company_id") == {DEFINED}


def test_a_session_that_runs_is_opened_by_nobody() -> None:
    """Services begin a transaction for a dossier; only what a request is given opens the one that is beginning for it."""
    assert named(r"\bopening\.(begin|begin_at)\b|opening import .*\bbegin") == {GIVEN}


async def test_whoever_works_in_the_transaction_of_a_request_asks_for_the_dossier_of_the_path(
    world: World,
) -> None:
    forgotten = {
        f"{method} {path}"
        for method, path, handler in handlers(world.app)
        if "{dossier_id}" in path
        and "session" in (asked := inspect.signature(handler.fn).parameters)
        and not {"dossier", "place"} & asked.keys()
    }
    assert forgotten == set()


async def test_a_dossier_that_is_refused_leaves_no_transaction_open(world: World) -> None:
    office, other = await an_office(world), await an_office(world, "ardennes")
    async with sign_in(world, office.owner) as client:
        for dossier_id in (new_id(), other.dossier.id):
            for path in ("", "/documents", "/export"):
                assert (await client.get(f"/dossiers/{dossier_id}{path}")).status_code == 404
            assert (await client.post(f"/dossiers/{dossier_id}/export")).status_code == 404
    assert world.tools.database.app_engine.pool.checkedout() == 0  # pyright: ignore[reportAttributeAccessIssue] - a queue


async def test_a_session_opens_one_company(world: World) -> None:
    office = await an_office(world)
    async with opening.dossier(world.tools.database, office.owner, office.dossier.id) as (session, dossier):
        assert session.context.scope.opened_company_id == dossier.company_id
        with pytest.raises(ValueError, match="one company"):
            await open_company(session, new_id())
    async with world.tools.database.transaction(Scope(company_id=dossier.company_id)) as session:
        with pytest.raises(ValueError, match="only a firm"):
            await open_company(session, dossier.company_id)
