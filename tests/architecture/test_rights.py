"""Who may open what: every page of either side, for every role, against the table of rights."""

import re

import pytest

from portal.kernel.actor import RIGHTS, Right, Role
from tests.architecture.test_head import filled
from tests.architecture.test_routes import guards, handlers
from tests.support.builders import a_member, a_staff_member, give_to, sign_in
from tests.support.builders_agents import with_waiting
from tests.support.builders_papers import a_pdf, hand_in
from tests.support.world import World

STAFF = (Role.OWNER, Role.MANAGER, Role.ACCOUNTANT, Role.ASSISTANT)
NEEDED: list[tuple[str, Right | None]] = [
    (r"/(account|switch|search|history)?(/.*)?", None),
    (r"/agents.*", Right.AGENTS),
    (r"/settings.*", Right.FIRM_SETTINGS),
    (r"/approve.*", Right.APPROVE),
    (r"/send", Right.SEND),
    (r"/my-accountant/.*", Right.MEMBERS),
    (r"/people.*", Right.MEMBERS),
    (r"(/dossiers/{dossier_id})?/(quick-entry|hand-in).*", Right.UPLOAD),
    (r"/inbox(/.*)?", Right.UPLOAD),
    (r"(/dossiers/{dossier_id})?/documents/{document_id}/(edit|delete|annotate)", Right.UPLOAD),
    (r"(/dossiers/{dossier_id})?/(documents|bank)/{\w+}/(put-aside|bring-back|erase(/.*)?)", Right.UPLOAD),
    (r"/dossiers/{dossier_id}/documents/{document_id}/unlock", Right.UNLOCK),
    (r"/dossiers/{dossier_id}/documents/{document_id}/ask-again", Right.EXPORT),
    (r"/dossiers/{dossier_id}/move", Right.EXPORT),
    (r"/dossiers/{dossier_id}/policy.*", Right.UNLOCK),
    (r"/dossiers/(new|import.*|invite)", Right.DOSSIERS_EDIT),
    (r"/dossiers/{dossier_id}/(edit(/.*)?|invitation(/withdraw)?|request-access)", Right.DOSSIERS_EDIT),
    (r"(/dossiers/{dossier_id})?/(documents|bank)(/.*)?", Right.DOCUMENTS_SEE),
    (r"/my-accountant", Right.DOCUMENTS_SEE),
    (r"/(exports|dossiers|doubles)(/.*)?", Right.DOSSIERS_SEE),
]
"""The first that fits a path says which right it needs; None is for everybody who is signed in."""
NEEDED_TO_WRITE: list[tuple[str, Right | None]] = [
    (r"/dossiers/{dossier_id}/export.*", Right.EXPORT),
    (r"/doubles", Right.EXPORT),
    (r"/dossiers", Right.DOSSIERS_EDIT),
    *NEEDED,
]
"""The same for sending a form there."""


def needed(method: str, path: str) -> Right | None:
    """The right that a page or its form needs."""
    table = NEEDED if method == "GET" else NEEDED_TO_WRITE
    found = [right for pattern, right in table if re.fullmatch(pattern, path)]
    assert found, f"{path} stands in no line of the table above"
    return found[0]


@pytest.mark.parametrize("role", list(Role))
async def test_a_page_opens_for_those_who_have_its_right_and_for_nobody_else(
    world: World, role: Role
) -> None:
    async with with_waiting(world) as (_agent, waiting):
        office = waiting.office
        upload = await hand_in(world, office.owner, {"ticket.pdf": a_pdf()}, office.dossier.id)
        if role in STAFF:
            person = await a_staff_member(world, office.firm, role)
            async with world.as_system() as session:  # an assistant sees what is assigned
                await give_to(session, person.person_id, world.clock.now(), office.dossier)
        else:
            person = await a_member(world, office.firm, office.dossier.company_id, role)
        async with sign_in(world, person, office.host) as client:
            opened = 0
            for method, path, handler in handlers(world.app):
                if "public" in guards(handler) or path.startswith("/api/"):
                    continue
                right = needed(method, path)
                address = await filled(world, waiting, upload, path)
                if right is not None and right not in RIGHTS[role]:
                    answer = await client.request(method, address)
                    assert answer.status_code in (403, 404), (method, path, answer.status_code)
                elif method == "GET":
                    answer = await client.get(address)
                    assert answer.status_code != 403, path
                    opened += answer.status_code == 200
        assert opened >= 8


async def test_a_reader_does_not_see_what_became_of_an_upload(world: World) -> None:
    async with with_waiting(world) as (_agent, waiting):
        office = waiting.office
        upload = await hand_in(world, office.owner, {"ticket.pdf": a_pdf()}, office.dossier.id)
        reader = await a_member(world, office.firm, office.dossier.company_id, Role.READER)
        sender = await a_member(world, office.firm, office.dossier.company_id, Role.APPROVER)
        for person, status in ((reader, 403), (sender, 200)):
            async with sign_in(world, person, office.host) as client:
                assert (await client.get(f"/hand-in/uploads/{upload.id}")).status_code == status
