"""The pages of documents over HTTP, on both sides."""

import re
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa

from portal.features.documents.models import Document
from portal.features.dossiers.domain.dossiers import Access
from portal.features.items.models import DossierItem
from portal.features.mail.models import MailMessage
from portal.kernel.actor import Role
from portal.web.files import SEALED
from tests.support.builders import a_company, a_firm, a_member, a_staff_member, give_to, sign_in
from tests.support.builders_papers import a_pdf, a_png, a_ubl
from tests.support.builders_scene import US, Office, an_office
from tests.support.world import World


@pytest.fixture
async def office(world: World) -> Office:
    return await an_office(world)


async def waiting(client: httpx.AsyncClient, intake: str) -> str:
    """The path of the first file in quick entry."""
    page = await client.get(intake)
    found = re.search(rf'href="({intake}/[0-9a-f-]{{36}})"', page.text)
    assert found is not None, page.text
    return found[1]


ENTRY = {
    "kind": "purchase_invoice",
    "number": "F-17",
    "issue_date": "2026-10-12",
    "counterparty_name": "Slagerij De Smet",
    "net_21": "100,00",
}


async def typed(office: Office, client: httpx.AsyncClient) -> str:
    """A document typed from a PDF through the page; its path."""
    await office.hand_in({"scan.pdf": a_pdf()})
    answer = await client.post(await waiting(client, f"{office.base}/quick-entry"), data=ENTRY)
    assert answer.status_code == 303, answer.text
    await office.world.run_jobs()
    page = await client.get(f"{office.base}/documents")
    found = re.search(rf'href="({office.base}/documents/[0-9a-f-]{{36}})"', page.text)
    assert found is not None
    return found[1]


async def test_both_sides_list_and_open_the_same_document(office: Office) -> None:
    document = await office.purchase()
    for actor, base in ((office.accountant, office.base), (office.entrepreneur, "")):
        async with sign_in(office.world, actor) as client:
            page = await client.get(f"{base}/documents")
            assert page.status_code == 200
            assert "Telecom NV" in page.text
            assert "€121.00" in page.text
            assert f'data-href="{base}/documents/{document.id}"' in page.text
            rows = await client.get(f"{base}/documents?q=nothing", headers={"HX-Request": "true"})
            assert "<html" not in rows.text
            assert "Nothing matches" in rows.text
            one = await client.get(f"{base}/documents/{document.id}")
            assert one.status_code == 200
            for text in ("7205519", "+++090/9337/55493+++", "ready for the next export"):
                assert text in one.text


async def test_the_paths_of_the_other_side_do_not_exist(office: Office) -> None:
    document = await office.purchase()
    async with sign_in(office.world, office.accountant) as client:
        for path in ("/documents", f"/documents/{document.id}", "/bank", "/hand-in"):
            assert (await client.get(path)).status_code == 404, path
    async with sign_in(office.world, office.entrepreneur) as client:
        for path in ("/documents", f"/documents/{document.id}", "/bank", "/quick-entry"):
            assert (await client.get(office.base + path)).status_code == 404, path


async def test_strangers_meet_not_found_like_for_an_unknown_id(office: Office) -> None:
    document = await office.purchase(pdf="")
    world = office.world
    ardennes = await a_firm(world, "ardennes", "Bureau Ardennes")
    stranger = await a_staff_member(world, ardennes, Role.OWNER)
    elsewhere = await a_company(world, office.firm, "Garage Lambrecht", claimed=True)
    from tests.support.builders import a_dossier

    await a_dossier(world, office.firm, elsewhere, code="2", access=Access.GRANTED)
    neighbour = await a_member(world, office.firm, elsewhere.id)
    below = ["", "/pages/1", "/files/original", "/edit", "/delete"]
    async with sign_in(world, stranger, "ardennes.localhost") as client:
        for path in below:
            known = await client.get(f"{office.base}/documents/{document.id}{path}")
            unknown = await client.get(f"/dossiers/{uuid4()}/documents/{uuid4()}{path}")
            assert (known.status_code, unknown.status_code) == (404, 404)
    async with sign_in(world, neighbour) as client:
        for path in below:
            assert (await client.get(f"/documents/{document.id}{path}")).status_code == 404
    async with world.client() as client:
        answer = await client.get(f"{office.base}/documents/{document.id}/files/original")
        assert answer.status_code == 303, "nobody is signed in"


async def test_files_leave_as_downloads_that_cannot_act(office: Office) -> None:
    data = a_ubl(customer=US, pdf=a_pdf("inside"))
    upload = await office.hand_in({'x"; é <1>.xml': data})
    document = upload.outcomes[0].document
    assert document is not None
    async with sign_in(office.world, office.accountant) as client:
        answer = await client.get(f"{office.base}/documents/{document.id}/files/original")
        assert answer.content == data
        assert answer.headers["content-disposition"] == (
            "attachment; filename=\"x_; e _1_.xml\"; filename*=UTF-8''x_%3B%20%C3%A9%20_1_.xml"
        )
        assert answer.headers["content-security-policy"].startswith(SEALED)
        assert answer.headers["x-content-type-options"] == "nosniff"
        pdf = await client.get(f"{office.base}/documents/{document.id}/files/pdf")
        assert pdf.headers["content-type"] == "application/pdf"
        assert pdf.content.startswith(b"%PDF")
        assert (await client.get(f"{office.base}/documents/{document.id}/files/secret")).status_code == 404
        page = await client.get(f"{office.base}/documents/{document.id}/pages/1")
        assert page.headers["content-type"] == "image/png"
        assert page.headers["content-security-policy"] == SEALED
        assert page.content.startswith(b"\x89PNG")
        assert (await client.get(f"{office.base}/documents/{document.id}/pages/2")).status_code == 404
        assert (await client.get(f"{office.base}/documents/{document.id}/pages/99")).status_code == 404


async def test_a_typed_document_is_corrected_and_asked_about_again(office: Office) -> None:
    async with sign_in(office.world, office.accountant) as client:
        path = await typed(office, client)
        form = await client.get(f"{path}/edit")
        assert 'value="F-17"' in form.text
        assert 'value="121.00"' in form.text, "the total, with its one rate"
        assert 'name="vat" value="21" checked' in form.text
        wrong = await client.post(f"{path}/edit", data={**ENTRY, "issue_date": "12-10"})
        assert wrong.status_code == 422
        assert "This is not a date." in wrong.text
        answer = await client.post(f"{path}/edit", data={**ENTRY, "number": "F-18"})
        assert answer.status_code == 303
        assert "F-18" in (await client.get(path)).text
        seen = {"seen_number": "F-17", "number": "F-19"}
        stale = await client.post(f"{path}/edit", data={**ENTRY, **seen})
        assert stale.status_code == 409
        assert "F-18" in (await client.get(path)).text


async def test_a_locked_document_shows_its_lock_and_refuses_with_409(office: Office) -> None:
    async with sign_in(office.world, office.accountant) as client:
        path = await typed(office, client)
        await office.export(7)
        page = await client.get(path)
        assert "locked since bundle 7" in page.text
        assert f"{path}/edit" not in page.text
        assert f"{path}/delete" not in page.text
        for method, sub in (("GET", "/edit"), ("POST", "/edit"), ("GET", "/delete"), ("POST", "/delete")):
            data = {**ENTRY, "number": "x"} if method == "POST" else None
            answer = await client.request(method, path + sub, data=data)
            assert answer.status_code == 409, (method, sub)
            assert "locked" in answer.text
        noted = await client.post(
            f"{path}/annotate", data={"note": "seen", "tags": "a, b,, a", "payment_state": "paid"}
        )
        assert noted.status_code == 303
        page = await client.get(path)
        assert "seen" in page.text
        assert 'value="a, b"' in page.text


async def test_deleting_asks_first_and_a_reader_is_not_offered_it(office: Office) -> None:
    document = await office.purchase(issued="2010-03-01")
    reader = await a_member(office.world, office.firm, office.company.id, Role.READER)
    async with sign_in(office.world, reader) as client:
        page = await client.get(f"/documents/{document.id}")
        assert "/delete" not in page.text
        assert (await client.post(f"/documents/{document.id}/delete")).status_code == 403
    async with sign_in(office.world, office.entrepreneur) as client:
        asked = await client.get(f"/documents/{document.id}/delete")
        assert "disappears for everybody" in asked.text
        answer = await client.post(f"/documents/{document.id}/delete")
        assert (answer.status_code, answer.headers["location"]) == (303, "/documents")
    assert await office.count(Document) == 0


async def test_a_photo_is_shown_and_a_document_without_pages_says_so(office: Office) -> None:
    async with sign_in(office.world, office.accountant) as client:
        await office.hand_in({"photo.png": a_png()})
        path = await waiting(client, f"{office.base}/quick-entry")
        assert (await client.get(f"{path}/pages/1")).headers["content-type"] == "image/png"
        bare = await office.purchase()
        page = await client.get(f"{office.base}/documents/{bare.id}")
        assert 'class="ui-read"' in page.text or "/pages/1" in page.text


async def test_only_the_accountant_unlocks_with_a_reason_and_both_sides_are_told(office: Office) -> None:
    manager = await a_staff_member(office.world, office.firm, Role.MANAGER, name="Tom Wouters")
    async with office.world.as_system() as session:
        await give_to(session, manager.person_id, office.world.clock.now())
    assistant = await a_staff_member(office.world, office.firm, Role.ASSISTANT)
    owner = await a_staff_member(office.world, office.firm)
    async with sign_in(office.world, owner) as client:
        path = await typed(office, client)
        early = await client.post(f"{path}/unlock", data={"reason": "x"})
        assert early.status_code == 409
        await office.export(3)
        assert f"{path}/unlock" in (await client.get(path)).text
        assert (await client.post(f"{path}/unlock", data={"reason": " "})).status_code == 422
        answer = await client.post(f"{path}/unlock", data={"reason": "wrong VAT rate"})
        assert answer.status_code == 303
        await office.world.run_jobs()
        page = await client.get(path)
        assert "locked since" not in page.text
        assert f"{path}/edit" in page.text
        assert (
            await client.post(f"{path}/edit", data={**ENTRY, "version": "1", "net_21": "90"})
        ).status_code == 303
        await office.world.run_jobs()
    async with office.world.as_system() as session:
        mails = (await session.scalars(sa.select(MailMessage).order_by(MailMessage.to_name))).all()
        [item] = await session.scalars(sa.select(DossierItem))
    assert [(mail.message, mail.to_name, mail.state) for mail in mails] == [
        ("unlocked", "Bert Claes", "sent"),
        ("unlocked", "Tom Wouters", "sent"),
    ]
    assert (item.state, item.locked, item.version, item.bundled_version) == ("ready", False, 2, 1)
    async with sign_in(office.world, assistant) as client:
        assert (await client.post(f"{path}/unlock", data={"reason": "x"})).status_code in (403, 404)
    async with sign_in(office.world, office.entrepreneur) as client:
        assert (await client.post(f"{path}/unlock", data={"reason": "x"})).status_code == 404
