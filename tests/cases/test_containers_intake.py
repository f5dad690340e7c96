"""What becomes of files, mails and ZIPs that are handed in; and of documents whose attachments are not what they say."""

import pytest
import sqlalchemy as sa

from portal.features.documents.models import Document
from portal.features.dossiers.domain.dossiers import Access
from portal.features.intake.models import IntakeFile
from portal.features.intake.service.lookups import Outcome
from portal.features.items.domain import ApprovalState, ItemState
from portal.features.items.models import DossierItem
from portal.features.policies.models import ExportPolicy
from portal.kernel.actor import Role
from portal.kernel.language import VALUES
from tests.support.builders import a_company, a_dossier, a_firm, a_member, a_staff_member, sign_in
from tests.support.builders_papers import a_pdf, a_png, a_ubl, a_zip, hand_in
from tests.support.cases import of_kind
from tests.support.inbox import dropped, inbox_rows
from tests.support.mails import a_mail
from tests.support.world import World
from tests.unit.test_attachments import PROGRAM, attached

pytestmark = pytest.mark.corpus
US = "0999888767"


class Scene:
    """A firm, its owner, and a dossier on 0999.888.767."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def set(self, *, claimed: bool = False) -> "Scene":
        self.firm = await a_firm(self.world)
        self.company = await a_company(self.world, self.firm, number=US, claimed=claimed)
        self.dossier = await a_dossier(self.world, self.firm, self.company, access=Access.GRANTED)
        self.owner = await a_staff_member(self.world, self.firm, Role.OWNER)
        return self

    async def hand_in(self, files: dict[str, bytes]) -> list[Outcome]:
        return list((await hand_in(self.world, self.owner, files, self.dossier.id)).outcomes)

    async def item(self) -> DossierItem:
        async with self.world.as_system() as session:
            return (await session.scalars(sa.select(DossierItem))).one()

    async def policy(self, **values: object) -> None:
        async with self.world.as_system() as session:
            await session.execute(sa.update(ExportPolicy).values(**values))


@pytest.fixture
async def scene(world: World) -> Scene:
    return await Scene(world).set()


def state(one: Outcome) -> tuple[str, str | None]:
    return one.file.state.value, one.file.reason


async def test_all_that_people_drop_at_once_gets_an_outcome_in_words(scene: Scene) -> None:
    """K42, K43, K46, K48, K50, K51 and K62 through the door, droppings of a folder beside them."""
    page, mail = of_kind("K42")[0].read(), of_kind("K43")[0].read()
    unicode_coda = next(
        one.read() for one in of_kind("K50") if "utf16" in one.path.name and one.path.suffix == ".cod"
    )
    prefixed = next(one.read() for one in of_kind("K48") if "gateway" in one.path.name)
    double = next(one.read() for one in of_kind("K62") if one.path.name == "90-double.pdf")
    outcomes = await scene.hand_in(
        {
            "factuur.pdf": page,
            "mail.eml": mail,
            "saved.cod": unicode_coda,
            "scan.pdf": prefixed,
            "dubbel.pdf": double,
            "dubbel (1).pdf": double,
            "..\\..\\boot.ini.pdf": a_pdf("boot"),
            "Facture \u202efdp.exe.pdf": a_pdf("rlo"),
            "setup.pdf": PROGRAM,
            "empty.eml": a_mail({}),
            ".DS_Store": b"\x00\x00\x00\x01Bud1",
            "._factuur.pdf": b"\x00\x05\x16\x07" + bytes(60),
            "Thumbs.db": b"\xd0\xcf\x11\xe0",
        }
    )
    found = {one.file.name: state(one) for one in outcomes}
    assert found == {
        "factuur.pdf": ("rejected", "kind.web_page"),
        "mail.eml": ("split", "mail.opened"),
        "saved.cod": ("rejected", "kind.coda_unicode"),
        "scan.pdf": ("to_process", None),
        "dubbel.pdf": ("to_process", None),
        "dubbel (1).pdf": ("processed", "waits_already"),
        "boot.ini.pdf": ("to_process", None),
        "Facture fdp.exe.pdf": ("to_process", None),
        "setup.pdf": ("rejected", "kind.program"),
        "empty.eml": ("rejected", "mail.nothing"),
    }
    assert all(
        len(one.why) > 20 and "%(" not in one.why for one in outcomes if one.file.state.value == "rejected"
    )
    [opened] = [one for one in outcomes if one.file.name == "mail.eml"]
    assert "Factuur" in opened.why
    assert "jan@x.example" in opened.why
    assert [state(one) for one in opened.members] == [("rejected", "damaged")]  # nine bytes are no PDF


async def test_pairs_are_joined_in_zips_and_mails_however_accents_are_composed(scene: Scene) -> None:
    [packed] = of_kind("K47")
    [archive] = await scene.hand_in({packed.path.name: packed.read()})
    [paper] = [one for one in archive.members if one.file.name.endswith(".pdf")]
    assert paper.file.reason in ("joined", "joined_waiting")
    ours = a_ubl(customer=US, number="m-1")
    mail = a_mail({"m é.xml": ours, "m e\u0301.pdf": a_pdf("beside")}, subject="Factuur m-1")
    [opened] = await scene.hand_in({"m.eml": mail})
    assert {one.file.name: state(one) for one in opened.members} == {
        "m é.xml": ("processed", None),
        "m é.pdf": ("processed", "joined"),
    }


async def test_files_of_one_name_keep_their_folders_and_their_own_pdfs(scene: Scene) -> None:
    papers = {"a": a_pdf("a"), "b": a_pdf("b")}
    files = {f"{place}/scan.pdf": paper for place, paper in papers.items()}
    files |= {f"{place}/scan.xml": a_ubl(customer=US, number=place) for place in papers}
    [archive] = await scene.hand_in({"all.zip": a_zip(files)})
    shown = {(one.file.folder, one.file.name): one for one in archive.members}
    assert set(shown) == {(place, f"scan.{end}") for place in papers for end in ("pdf", "xml")}
    async with scene.world.as_system() as session:
        for row in (await session.scalars(sa.select(Document))).all():
            joined = shown[(row.number, "scan.pdf")].file
            assert row.pdf_sha256 == joined.sha256
    async with sign_in(scene.world, scene.owner) as client:
        text = (
            await client.get(f"/dossiers/{scene.dossier.id}/quick-entry/uploads/{archive.file.upload_id}")
        ).text
    assert text.count("a /</span>") == 2


async def test_a_mail_on_the_office_is_opened_and_says_what_it_is(scene: Scene) -> None:
    mail = a_mail(
        {"f.xml": a_ubl(customer=US, number="i-1")},
        subject="Uw factuur",
        html="<img src=cid:logo>",
        inline={"logo": a_png()},
    )
    await dropped(scene.world, scene.owner, {"bericht.eml": mail, "empty.eml": a_mail({})})
    rows = {
        one.name: (one.state.value, one.reason, one.reason_params) for one in await inbox_rows(scene.world)
    }
    assert rows["bericht.eml"][:2] == ("split", "mail.opened_without")
    assert rows["bericht.eml"][2]["subject"] == "Uw factuur"
    assert rows["bericht.eml"][2]["sent"] == "30/11/2026 10:00"
    assert rows["f.xml"][0] == "routed"
    assert rows["empty.eml"][:2] == ("waiting", "mail.nothing")


LYING = attached(("factuur.pdf", "application/pdf", PROGRAM)).replace(b"0202239951", US.encode())


async def test_a_document_whose_attachment_lies_is_held_by_name_until_somebody_lets_it_go(
    scene: Scene,
) -> None:
    await scene.policy(hold_odd_attachments=True)
    [one] = await scene.hand_in({"f.xml": LYING})
    assert one.document is not None
    assert "ATTACHMENT-PROGRAM" in {finding["code"] for finding in one.document.findings}
    item = await scene.item()
    assert (item.state, item.approval) == (ItemState.HELD, ApprovalState.NOT_NEEDED)
    assert (item.state_reason or "").endswith(f"{VALUES}names=factuur.pdf")
    here = f"/dossiers/{scene.dossier.id}/documents/{one.document.id}"
    async with sign_in(scene.world, scene.owner) as client:
        page = (await client.get(here)).text
        assert "(factuur.pdf)" in page
        assert VALUES not in page
        assert "(factuur.pdf)" in (await client.get(f"/dossiers/{scene.dossier.id}/export")).text
        await client.post(f"/dossiers/{scene.dossier.id}/export/try-again")
        assert (await scene.item()).state is ItemState.HELD  # a damaged file tried again lets no program go
        assert (await client.post(f"{here}/let-go")).status_code == 303
        assert (await client.post(f"{here}/let-go")).status_code == 303  # the second of a double click
        assert "let-go" not in (await client.get(here)).text
    item = await scene.item()
    assert (item.state, item.state_reason, item.attachments_passed) == (ItemState.READY, None, True)
    async with scene.world.as_system() as session:
        row = (await session.scalars(sa.select(IntakeFile))).one()
    assert await scene.world.tools.store.get(row.company_id, row.sha256) == LYING


async def test_the_choice_holds_what_is_there_and_frees_it_again(world: World) -> None:
    scene = await Scene(world).set(claimed=True)
    await a_member(world, scene.firm, scene.company.id)
    await scene.policy(needs_approval=True, approval_kinds=["purchase_invoice"])
    await scene.hand_in({"f.xml": LYING})
    assert (await scene.item()).state is ItemState.WAITING
    form = {
        "cadence": "never",
        "needs_approval": "yes",
        "approval_kinds": ["purchase_invoice"],
        "lock_exported": "yes",
        "delay": "10",
        "delay_unit": "minutes",
    }
    async with sign_in(world, scene.owner) as client:
        saved = await client.post("/settings/export", data={**form, "hold_odd_attachments": "yes"})
        assert saved.status_code == 303
        await world.run_jobs()
        assert ((await scene.item()).state, (await scene.item()).approval) == (
            ItemState.HELD,
            ApprovalState.NOT_NEEDED,
        )
        assert "wait for the office" in (await client.get("/settings/export")).text
        assert (await client.post("/settings/export", data=form)).status_code == 303
        await world.run_jobs()
    item = await scene.item()
    assert (item.state, item.approval, item.state_reason) == (ItemState.WAITING, ApprovalState.WAITING, None)


async def test_nobody_of_another_firm_lets_a_document_go(scene: Scene) -> None:
    await scene.policy(hold_odd_attachments=True)
    [one] = await scene.hand_in({"f.xml": LYING})
    assert one.document is not None
    other = await a_firm(scene.world, slug="elders")
    stranger = await a_staff_member(scene.world, other, Role.OWNER)
    async with sign_in(scene.world, stranger, host="elders.localhost") as client:
        path = f"/dossiers/{scene.dossier.id}/documents/{one.document.id}/let-go"
        assert (await client.post(path)).status_code == 404
    assert (await scene.item()).state is ItemState.HELD
