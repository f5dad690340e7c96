"""What keys open: an agent's what agents need, a program's documents, and nothing else."""

from tests.architecture.test_routes import a_path, guards, handlers
from tests.support.builders import sign_in
from tests.support.builders_agents import paired
from tests.support.builders_exports import a_typed_paper, an_office
from tests.support.world import World

AGENTS = {
    ("POST", "/api/v1/agent/heartbeat"),
    ("GET", "/api/v1/agent/deliveries"),
    ("GET", "/api/v1/agent/deliveries/{delivery_id}/bundle"),
    ("POST", "/api/v1/agent/deliveries/{delivery_id}/confirm"),
    ("POST", "/api/v1/agent/deliveries/{delivery_id}/refuse"),
}
DOCUMENT = "/api/v1/dossiers/{dossier_id}/documents/{document_id}"
PROGRAMS = {
    ("GET", "/api/v1/dossiers"),
    ("GET", "/api/v1/dossiers/{dossier_id}/documents"),
    ("GET", DOCUMENT),
    ("PATCH", DOCUMENT),
    ("DELETE", DOCUMENT),
    ("POST", f"{DOCUMENT}/put-aside"),
    ("POST", f"{DOCUMENT}/bring-back"),
    ("GET", f"{DOCUMENT}/erasure"),
}
WITHOUT_A_KEY = {("POST", "/api/v1/agent/pair")}


async def test_the_routes_that_take_a_key_are_those_of_agents_and_of_programs(world: World) -> None:
    found = {(method, path) for method, path, handler in handlers(world.app) if "agent" in guards(handler)}
    assert found == AGENTS
    found = {(method, path) for method, path, handler in handlers(world.app) if "key_with" in guards(handler)}
    assert found == PROGRAMS
    interface = {(method, path) for method, path, _handler in handlers(world.app) if path.startswith("/api/")}
    assert interface == AGENTS | PROGRAMS | WITHOUT_A_KEY


async def test_with_an_agents_key_no_other_route_answers_more_than_without(world: World) -> None:
    """Pages do not look at keys, and the interface knows nobody else's."""
    office = await an_office(world)
    async with paired(world, office) as agent, world.client(office.host) as nobody:
        for method, path, handler in handlers(world.app):
            if (method, path) in AGENTS or "public" in guards(handler):
                continue
            answers = [await client.request(method, a_path(path)) for client in (agent, nobody)]
            assert answers[0].status_code == answers[1].status_code, path
            assert answers[0].status_code in (303, 401, 403, 404), (method, path)


async def test_an_agent_neither_reads_nor_changes_a_document_that_has_not_left(world: World) -> None:
    office = await an_office(world)
    item = await a_typed_paper(world, office)
    path = f"/dossiers/{office.dossier.id}/documents/{item.document_id}"
    async with paired(world, office) as agent:
        for method in ("GET", "PATCH", "DELETE"):
            answer = await agent.request(method, f"/api/v1{path}", json={"number": "other"})
            assert answer.status_code == 401, method
    async with sign_in(world, office.owner, office.host) as page:
        assert "B-1" in (await page.get(path)).text
