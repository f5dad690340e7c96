"""The office's inbox over HTTP: dropping files, deciding about what waits, and who sees what."""

import re
from typing import Any
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa

from portal.db.figures import figures
from portal.features.audit.models import AuditEvent
from portal.features.dossiers.domain.dossiers import Access
from portal.features.intake.repository import inbox as inbox_repository
from portal.features.intake.service import inbox
from portal.kernel.actor import Actor, Role
from portal.kernel.errors import Forbidden, NotFound
from tests.support.builders import a_company, a_dossier, a_firm, a_member, a_staff_member, sign_in
from tests.support.builders_papers import a_pdf, a_ubl, a_zip
from tests.support.builders_scene import US, Office, an_office
from tests.support.inbox import became, dropped, inbox_rows, intake_rows
from tests.support.world import World

FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
async def office(world: World) -> Office:
    return await an_office(world)


def parts(files: dict[str, bytes]) -> list[tuple[str, tuple[str, bytes, str]]]:
    return [("files", (name, data, "application/octet-stream")) for name, data in files.items()]


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def waiting_in_menu(page: httpx.Response) -> str | None:
    found = re.search(r'href="/inbox"[^>]*>.*?</a>', page.text, re.DOTALL)
    assert found is not None
    count = re.search(r'ui-nav-count">([^<]+)<', found[0])
    return count[1] if count else None


async def an_assistant(office: Office, name: str = "Tom Wouters") -> Actor:
    return await a_staff_member(office.world, office.firm, Role.ASSISTANT, name=name)


async def actions(world: World) -> list[str]:
    async with world.as_system() as session:
        found = await session.scalars(
            sa.select(AuditEvent.action).where(AuditEvent.action.like("intake.%")).order_by(AuditEvent.id)
        )
        return list(found)


async def test_files_are_dropped_looked_at_and_told_of_one_by_one(office: Office) -> None:
    files = {"sale.xml": a_ubl(supplier=US, number="V1"), "scan.pdf": a_pdf(), "who.xml": a_ubl(number="9")}
    async with sign_in(office.world, office.accountant) as client:
        answer = await client.post("/inbox", files=parts(files), headers=FRAGMENT)
        assert answer.status_code == 200
        assert "<html" not in answer.text
        assert answer.text.count("being read") == 3
        polls = re.search(r'hx-get="(/inbox/uploads/[^"]+)"', answer.text)
        assert polls is not None
        await office.world.run_jobs()
        done = await client.get(polls[1], headers=FRAGMENT)
        assert done.headers["hx-trigger"] == "papers-read"
        text = words(done.text)
        assert "handed over Bakkerij Peeters" in text
        assert "A PDF or a photo does not say whose it is." in text
        assert "None of your dossiers has a number of the supplier (Telecom NV · BE 0417497106)" in text
        page = await client.get("/inbox")
        assert "scan.pdf" in page.text
        assert "sale.xml" not in page.text
        assert waiting_in_menu(page) == "2"
        assert "in the inbox" in words((await client.get("/")).text)
        routed = await client.get("/inbox?status=routed", headers=FRAGMENT)
        assert "sale.xml" in routed.text
        quick = await client.get(f"{office.base}/quick-entry?status=processed")
        assert "through the office's inbox" in words(quick.text).replace("&#39;", "'")
        nothing = await client.post("/inbox", data={"x": "y"})
        assert (nothing.status_code, nothing.headers["location"]) == (303, "/inbox")
        plain = await client.post("/inbox", files=parts({"b.pdf": a_pdf("b")}))
        assert (await client.get(plain.headers["location"])).status_code == 200
    assert "intake.inbox_received" in await actions(office.world)
    assert "intake.routed" in await actions(office.world)


async def test_what_waits_is_looked_at_and_handed_to_the_dossier_that_a_person_chooses(
    office: Office,
) -> None:
    world = office.world
    scan = a_pdf()
    await dropped(world, office.accountant, {"scan.pdf": scan, "next.pdf": a_pdf("next")})
    first, then = await inbox_rows(world)
    async with sign_in(world, office.accountant) as client:
        path = f"/inbox/{first.id}"
        assert "Search for the dossier" in (await client.get(path)).text
        assert (await client.get(f"{path}/pages/1")).headers["content-type"].startswith("image/")
        assert (await client.get(f"{path}/file")).content == scan
        found = await client.get(f"{path}?q=Bakk", headers=FRAGMENT)
        assert "<html" not in found.text
        assert f'value="{office.dossier.id}"' in found.text
        assert (await client.post(f"{path}/assign", data={})).status_code == 422
        for nonsense in ("x", str(uuid4())):
            answer = await client.post(f"{path}/assign", data={"dossier_id": nonsense})
            assert answer.status_code in (404, 422)
        answer = await client.post(f"{path}/assign", data={"dossier_id": str(office.dossier.id)})
        assert answer.headers["location"] == f"/inbox/{then.id}", "the next one"
        again = await client.post(f"{path}/assign", data={"dossier_id": str(office.dossier.id)})
        assert again.headers["location"] == path
        told = await client.get(path)
        assert "Somebody has handled this file meanwhile" in told.text
        assert "handed over" in told.text
        assert (await client.get(f"{path}/file")).status_code == 404, "the dossier has it now"
        await world.run_jobs()
        [went] = await intake_rows(world)
        page = await client.get(f"{office.base}/quick-entry/{went.id}")
        assert "through the office" in page.text
        history = words((await client.get(f"{office.base}/history")).text)
        assert "Came through the inbox from An Peeters, assigned by hand" in history
        assert "scan.pdf" in history
    assert (await actions(world)).count("intake.assigned") == 1


async def test_what_is_nobodys_is_discarded_with_a_reason_and_can_be_taken_back(office: Office) -> None:
    world = office.world
    await dropped(world, office.accountant, {"scan.pdf": a_pdf()})
    [row] = await inbox_rows(world)
    path = f"/inbox/{row.id}"
    async with sign_in(world, office.accountant) as client:
        assert (await client.post(f"{path}/discard", data={"reason": " "})).headers["location"] == path
        assert (await became(world))["scan.pdf"][0] == "waiting"
        answer = await client.post(f"{path}/discard", data={"reason": "<b>spam</b>"})
        assert answer.headers["location"] == "/inbox"
        listed = await client.get("/inbox?status=discarded")
        assert "discarded &lt;b&gt;spam&lt;/b&gt;" in words(listed.text), "said once"
        assert (await client.post(f"{path}/discard", data={"reason": "x"})).headers["location"] == path
        assert (await client.post(f"{path}/undo")).headers["location"] == path
        assert await became(world) == {"scan.pdf": ("waiting", "inbox.paper")}
        assert (await client.post(f"{path}/undo")).status_code == 303
        assert (await client.get("/history")).status_code == 200
    assert (await actions(world))[-2:] == ["intake.discarded", "intake.discard_undone"]


async def test_another_firm_and_members_of_a_company_reach_none_of_it(office: Office) -> None:
    world = office.world
    upload = await dropped(world, office.accountant, {"scan.pdf": a_pdf()})
    [row] = await inbox_rows(world)
    ardennes = await a_firm(world, "ardennes", "Bureau Ardennes")
    luc = await a_staff_member(world, ardennes)
    theirs = await a_dossier(world, ardennes)
    paths = ["", "/pages/1", "/file"]
    async with sign_in(world, luc, "ardennes.localhost") as client:
        for path in [f"/inbox/{row.id}{rest}" for rest in paths] + [f"/inbox/uploads/{upload}"]:
            assert (await client.get(path)).status_code == 404, path
        for rest, form in (
            ("assign", {"dossier_id": str(theirs.id)}),
            ("discard", {"reason": "x"}),
            ("undo", {}),
        ):
            assert (await client.post(f"/inbox/{row.id}/{rest}", data=form)).status_code == 404, rest
        assert waiting_in_menu(await client.get("/inbox")) is None
    contributor = await a_member(world, office.firm, office.company.id, Role.CONTRIBUTOR)
    for member in (office.entrepreneur, contributor):
        async with sign_in(world, member) as client:
            for path in ["/inbox", f"/inbox/{row.id}", f"/inbox/uploads/{upload}"]:
                assert (await client.get(path)).status_code == 404, path
            assert (await client.post("/inbox", files=parts({"a.pdf": a_pdf()}))).status_code == 404
            assert 'href="/inbox"' not in (await client.get("/")).text
        with pytest.raises(NotFound):
            await inbox.hand_in(world.tools, member, [])
    nobody = Actor(door=office.accountant.door, name="x", firm_id=office.accountant.firm_id)
    with pytest.raises(Forbidden):
        await inbox.hand_in(world.tools, nobody, [])
    async with sign_in(world, office.accountant) as client:
        answer = await client.post(f"/inbox/{row.id}/assign", data={"dossier_id": str(theirs.id)})
        assert answer.status_code == 404, "nor is another firm's dossier one"
    assert await became(world) == {"scan.pdf": ("waiting", "inbox.paper")}


async def test_an_assistant_sees_their_own_alone_and_hands_over_to_their_own_dossiers(office: Office) -> None:
    world = office.world
    tom, eva = await an_assistant(office), await an_assistant(office, "Eva Maes")
    own = await a_dossier(world, office.firm, code="7", manager_id=tom.person_id, name="Van Tom")
    await dropped(world, office.accountant, {"of-an.pdf": a_pdf("an")})
    await dropped(world, tom, {"of-tom.pdf": a_pdf("tom")})
    await dropped(world, eva, {"of-eva.pdf": a_pdf("eva")})
    rows = {one.name: one for one in await inbox_rows(world)}
    for actor, seen in (
        (office.accountant, {"of-an.pdf", "of-tom.pdf", "of-eva.pdf"}),
        (tom, {"of-tom.pdf"}),
        (eva, {"of-eva.pdf"}),
    ):
        async with world.as_scope(firm_id=office.firm.id) as session:
            found = await session.scalars(inbox_repository.visible_to(actor))
            assert {one.name for one in found} == seen
            assert (await figures(session, waiting=inbox.waiting_count(actor))).waiting == len(seen)
        async with sign_in(world, actor) as client:
            page = await client.get("/inbox")
            assert {name for name in rows if name in page.text} == seen
            assert waiting_in_menu(page) == str(len(seen))
            for name, row in rows.items():
                for path in (f"/inbox/{row.id}", f"/inbox/{row.id}/file", f"/inbox/uploads/{row.upload_id}"):
                    assert (await client.get(path)).status_code == (200 if name in seen else 404)
    async with sign_in(world, tom) as client:
        path = f"/inbox/{rows['of-tom.pdf'].id}"
        assert "Bakkerij" not in (await client.get(f"{path}?q=Bakkerij")).text.partition('id="choices"')[2]
        refused = await client.post(f"{path}/assign", data={"dossier_id": str(office.dossier.id)})
        assert refused.status_code == 404
        other = f"/inbox/{rows['of-an.pdf'].id}"
        assert (await client.post(f"{other}/discard", data={"reason": "x"})).status_code == 404
        assert (await client.post(f"{path}/assign", data={"dossier_id": str(own.id)})).status_code == 303
    assert (await became(world))["of-tom.pdf"] == ("routed", None)


async def test_an_assistant_is_told_of_no_dossier_that_is_not_theirs(office: Office) -> None:
    world = office.world
    tom = await an_assistant(office)
    sells = await a_company(world, office.firm, "Brouwerij Geheim", claimed=True)
    await a_dossier(world, office.firm, sells, access=Access.GRANTED, code="2", manager_id=tom.person_id)
    await dropped(
        world,
        tom,
        {
            "several.xml": a_ubl(
                supplier=str(sells.number), supplier_name="X", customer=US, customer_name="Y"
            ),
            "routed.xml": a_ubl(customer=US, customer_name="Y"),
        },
    )
    assert {name: state for name, (state, _why) in (await became(world)).items()} == {
        "several.xml": "waiting",
        "routed.xml": "routed",
    }
    async with sign_in(world, tom) as client:
        waits = words((await client.get("/inbox")).text)
        assert "fits several dossiers, and not all of them are yours" in waits
        gone = words((await client.get("/inbox?status=routed")).text)
        assert "to a dossier of somebody else" in gone
        assert "Bakkerij Peeters" not in waits + gone
    async with sign_in(world, office.accountant) as client:
        waits = words((await client.get("/inbox")).text)
        assert "It fits several dossiers: Bakkerij Peeters, Brouwerij Geheim" in waits
        [row, _other] = await inbox_rows(world)
        page = await client.get(f"/inbox/{row.id}")
        assert f'value="{office.dossier.id}"' in page.text, "what it fits is offered first"


async def test_hostile_names_archives_and_addresses_are_never_a_fault_of_ours(office: Office) -> None:
    world = office.world
    files = {
        "../../etc/passwd": a_pdf("1"),
        "<script>alert(1)</script>.pdf": a_pdf("2"),
        "x" * 300 + ".pdf": a_pdf("3"),
        "\u202etxt.exe.pdf": a_pdf("4"),
        "bomb.zip": a_zip({"zeros.bin": bytes(5_000_000)}),
        "many.zip": a_zip({f"{n}.txt": b"x" for n in range(1200)}),
        "liar.pdf": a_ubl(customer=US),
        "cut.zip": a_zip({"a.pdf": a_pdf()})[:60],
        "odd.xml": a_ubl(customer_name="%(x)s {{ 7*7 }}", number="%s"),
    }
    async with sign_in(world, office.accountant) as client:
        answer = await client.post("/inbox", files=parts(files))
        assert answer.status_code == 303
        await world.run_jobs()
        page = await client.get(answer.headers["location"])
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        for status in ("waiting", "routed", "discarded", "nonsense"):
            listed = await client.get(f"/inbox?status={status}&q=%25_%00&after=x&before=%F0")
            assert listed.status_code == 200, status
        for row in await inbox_rows(world):
            for rest in ("", "?q=%25", "/file", "/pages/1", "/pages/999", "/pages/0"):
                assert (await client.get(f"/inbox/{row.id}{rest}")).status_code in (200, 404, 422), row.name
        states: dict[str, Any] = {name[:20]: why for name, why in (await became(world)).items()}
        assert states["liar.pdf"] == ("routed", None), "names are not believed"
        assert states["many.zip"][1] == "zip.members"
        assert states["zeros.bin"][1] == "zip.ratio"
        assert states["passwd"] == ("waiting", "inbox.paper")


async def test_quick_entry_says_how_a_file_came_and_from_whom(office: Office) -> None:
    async with sign_in(office.world, office.entrepreneur) as client:
        await client.post("/hand-in", files=parts({"mine.pdf": a_pdf("mine")}))
    async with sign_in(office.world, office.accountant) as client:
        await client.post(
            f"{office.base}/quick-entry", files=parts({"ours.zip": a_zip({"ours.pdf": a_pdf("ours")})})
        )
    await office.world.run_jobs()
    by_name = {one.name: (one.channel.value, one.sender) for one in await intake_rows(office.world)}
    assert by_name == {
        "mine.pdf": ("member", "Bert Claes"),
        "ours.zip": ("office", "An Peeters"),
        "ours.pdf": ("office", "An Peeters"),
    }
    async with sign_in(office.world, office.accountant) as client:
        listed = words((await client.get(f"{office.base}/quick-entry")).text)
        assert "Bert Claes · handed in by the company" in listed
        assert "An Peeters · handed in by the office" in listed
        for row in await intake_rows(office.world):
            page = words((await client.get(f"{office.base}/quick-entry/{row.id}")).text)
            assert f"{row.sender} · handed in by the" in page


async def test_the_menu_says_what_waits_on_every_page_whichever_way_it_reads(office: Office) -> None:
    document = await office.purchase("A-1")
    await dropped(office.world, office.accountant, {"scan.pdf": a_pdf()})
    async with sign_in(office.world, office.accountant) as client:
        for path in ("/", "/dossiers", f"{office.base}/documents/{document.id}", "/inbox", "/account"):
            assert waiting_in_menu(await client.get(path)) == "1", path
        part = await client.get("/dossiers", headers=FRAGMENT)
        assert 'href="/inbox"' not in part.text
