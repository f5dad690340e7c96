"""A dossier's history, as the firm reads it."""

import re
from html import unescape

from portal.features.audit import service as audit
from portal.kernel.actor import Actor, Role
from tests.support.builders import a_company, a_dossier, a_firm, a_member, a_staff_member, sign_in
from tests.support.builders_papers import CUSTOMER, a_coda, a_ubl, hand_in
from tests.support.world import World

SENTENCES = re.compile(r'ui-timeline-event">.*?<p>(.*?)</p>', re.DOTALL)


async def history(world: World, person: Actor, dossier_id: object) -> list[str]:
    async with sign_in(world, person) as client:
        page = await client.get(f"/dossiers/{dossier_id}/history")
    assert page.status_code == 200
    return [unescape(re.sub(r"<[^>]*>", "", found)) for found in SENTENCES.findall(page.text)]


async def test_what_arrived_shows_in_the_dossier_whoever_handed_it_in(world: World) -> None:
    """Arrivals belong to a company, not to one of its dossiers: a member knows of none."""
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm, Role.OWNER)
    company = await a_company(world, firm, number=CUSTOMER)
    dossier = await a_dossier(world, firm, company)
    client = await a_member(world, firm, company.id)
    await hand_in(world, owner, {"1.xml": a_ubl(number="F-1")}, dossier.id)
    await hand_in(world, client, {"2.xml": a_ubl(number="F-2"), "3.cod": a_coda()})
    told = await history(world, owner, dossier.id)
    assert {
        "Document came in: F-1 · Telecom NV (purchase invoice)",
        "Document came in: F-2 · Telecom NV (purchase invoice)",
        "Files handed in: 1.xml",
        "Files handed in: 2.xml, 3.cod",
    } <= set(told)
    assert any(text.startswith("Bank statement came in: ") for text in told)


async def test_another_company_and_people_themselves_stay_out_of_it(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm, Role.OWNER)
    one, other = await a_dossier(world, firm), await a_dossier(world, firm, code="01205")
    client = await a_member(world, firm, one.company_id)
    async with sign_in(world, client):  # recorded for the company, and nobody's dossier
        pass
    async with world.as_scope(firm_id=firm.id, opened_company_id=other.company_id) as session:
        await audit.record(session, owner, "documents.arrived", "document", None, number="F-9")
    assert await history(world, owner, one.id) == []
    assert await history(world, owner, other.id) == ["Document came in: F-9"]


async def test_every_sentence_is_words_also_where_an_event_has_no_value(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm, Role.OWNER)
    dossier = await a_dossier(world, firm)
    async with world.as_scope(firm_id=firm.id) as session:
        for action in ("approvals.withdrawn", "approvals.asked_again", "intake.rejection_undone"):
            await audit.record(session, owner, action, "document", None, dossier_id=dossier.id)
        await audit.record(
            session, owner, "documents.amended", "document", None, dossier_id=dossier.id, version=2
        )
        await audit.record(
            session, owner, "documents.deleted", "document", None, dossier_id=dossier.id, number=None
        )
    assert set(await history(world, owner, dossier.id)) == {
        "Decision taken back",
        "Asked again by the accountant",
        "Rejection of a file undone",
        "Document changed: version 2",
        "Document deleted",
    }
