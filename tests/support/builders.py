"""Builders: firms, people, companies and dossiers with honest defaults. Each takes the world and gives the row."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Any
from uuid import UUID

import httpx
import sqlalchemy as sa

from portal.db.session import Scope, WriteSession
from portal.features.accounts.models import Person
from portal.features.accounts.service import people
from portal.features.branding import service as branding
from portal.features.dossiers.domain.dossiers import Access
from portal.features.dossiers.domain.vat import RegimeFrom, VatRegime
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.repository.regimes import add_regimes
from portal.features.dossiers.repository.staff import set_manager
from portal.features.parties import service as parties
from portal.features.parties.models import Company, Firm
from portal.features.policies.domain import Cadence
from portal.features.policies.models import ExportPolicy
from portal.features.targets import service as targets
from portal.kernel.actor import Actor, Door, Role
from portal.kernel.clock import local_date
from portal.kernel.ids import CompanyId, FirmId, PersonId
from portal.kernel.language import Language
from tests.support.world import World

PASSWORD = "een lange zin als wachtwoord"
_serial = itertools.count(1)


def a_number(serial: int | None = None) -> str:
    """A valid Belgian company number in a range that no company has."""
    base = f"09{(next(_serial) if serial is None else serial):06d}"
    return f"{base}{97 - int(base) % 97:02d}"


async def a_firm(world: World, slug: str = "noordzee", name: str = "Kantoor Noordzee") -> Firm:
    """A firm with a host `<slug>.localhost`, a house style and a default export policy (by hand, no approval, locks)."""
    async with world.as_system() as session:
        firm = await parties.add_firm(
            session, name=name, slug=slug, email=f"info@{slug}.example", language=Language.EN
        )
        await targets.add_first(session, firm.id)
        await branding.add_host(session, firm.id, f"{slug}.localhost")
        await branding.publish_first(
            session, firm.id, main="#0B5394", navigation="#0B3954", button="#E69138", login_title="Welcome"
        )
        session.add(
            ExportPolicy(
                firm_id=firm.id,
                dossier_id=None,
                cadence=Cadence.NEVER,
                delay_seconds=600,
                run_day=3,
                run_hour=2,
                needs_approval=False,
                approval_kinds=[],
                lock_exported=True,
                include_statements=True,
                export_from=None,
                changed_at=world.clock.now(),
                last_month_run=None,
            )
        )
    return firm


async def a_person(
    world: World, email: str, name: str = "An Peeters", language: Language = Language.EN
) -> Person:
    """A login with PASSWORD."""
    async with world.as_system() as session:
        return await people.add_person(session, email=email, name=name, language=language, password=PASSWORD)


async def a_staff_member(
    world: World, firm: Firm, role: Role = Role.OWNER, email: str | None = None, name: str = "An Peeters"
) -> Actor:
    """A person on the firm's staff, as the actor they would be on a page."""
    person = await a_person(world, email or f"{role}.{next(_serial)}@{firm.slug}.example", name)
    async with world.as_system() as session:
        await people.add_staff(session, firm.id, person.id, role)
    return Actor(
        door=Door.PAGE,
        name=person.name,
        firm_id=FirmId(firm.id),
        host_firm_id=FirmId(firm.id),
        person_id=PersonId(person.id),
        role=role,
    )


async def a_member(
    world: World, firm: Firm, company_id: UUID, role: Role = Role.ENTREPRENEUR, email: str | None = None
) -> Actor:
    """A person of a company, as the actor they would be on the firm's host."""
    person = await a_person(world, email or f"{role}.{next(_serial)}@client.example", "Bert Claes")
    async with world.as_system() as session:
        await people.add_member(session, company_id, person.id, role)
    return Actor(
        door=Door.PAGE,
        name=person.name,
        company_id=CompanyId(company_id),
        host_firm_id=FirmId(firm.id),
        person_id=PersonId(person.id),
        role=role,
    )


async def a_company(
    world: World,
    firm: Firm | None,
    name: str = "Bakkerij Peeters",
    number: str | None = None,
    *,
    claimed: bool = False,
) -> Company:
    """A company; unclaimed ones are brought by the firm."""
    async with world.as_system() as session:
        now = world.clock.now()
        company = Company(
            name=name,
            country="BE",
            number=number or a_number(),
            language=Language.NL,
            brought_by_firm=firm.id if firm is not None and not claimed else None,
            claimed_at=now if claimed else None,
            created_at=now,
        )
        company.vat_id = f"BE{company.number}"
        session.add(company)
    return company


async def a_dossier(
    world: World,
    firm: Firm,
    company: Company | None = None,
    *,
    code: str | None = "01204",
    access: Access = Access.MANAGED,
    **changes: Any,
) -> Dossier:
    """A dossier of the firm; makes an unclaimed company when none is given."""
    company = company or await a_company(world, firm)
    now = world.clock.now()
    regime = changes.pop("vat_regime", VatRegime.QUARTERLY)
    values: dict[str, Any] = {
        "firm_id": firm.id,
        "company_id": company.id,
        "code": code,
        "name": company.name,
        "activity": None,
        "country": company.country,
        "number": company.number,
        "language": company.language,
        "contact_name": None,
        "contact_email": None,
        "contact_phone": None,
        "manager_id": None,
        "books_from": date(2026, 1, 1),
        "books_until": None,
        "closed_until": None,
        "access": access,
        "access_since": now,
        "folders": {},
        "oldest_open_at": None,
        "last_activity_at": now,
        "handed_over_at": None,
        "created_at": now,
        **changes,
    }
    async with world.as_system() as session:  # a firm's own session may not write an access it was given
        first, *_others = await targets.listed(session, firm.id)
        dossier = Dossier(**{"target_id": first.id, **values})
        session.add(dossier)
        await session.flush()
        if dossier.manager_id is not None:
            await give_to(session, dossier.manager_id, dossier.created_at, dossier)
        first_day = local_date(dossier.created_at)
        await add_regimes(session, firm.id, [(dossier.id, RegimeFrom(first_day, regime))])
    return dossier


async def give_to(
    session: WriteSession, person_id: UUID | None, at: datetime, dossier: Dossier | None = None
) -> None:
    """Make a person, or (None) nobody, the file manager of a dossier, or of all there are; in the system scope."""
    which = sa.select(Dossier) if dossier is None else sa.select(Dossier).where(Dossier.id == dossier.id)
    for one in await session.scalars(which):
        await set_manager(session, one, person_id, local_date(at))


def opened(firm: Firm, dossier: Dossier) -> Scope:
    """The scope of the firm with this dossier open."""
    return Scope(firm_id=firm.id, opened_company_id=dossier.company_id, host_firm_id=firm.id)


@asynccontextmanager
async def sign_in(
    world: World, actor: Actor, host: str = "noordzee.localhost"
) -> AsyncIterator[httpx.AsyncClient]:
    """A browser in which this actor has signed in through the form; `x-csrf-token` is set for its requests."""
    async with world.as_system() as session:
        person = await session.get(Person, actor.person_id)
    assert person is not None
    async with world.client(host) as client:
        page = await client.get("/sign-in")
        assert page.status_code == 200, page.text
        form = {"email": person.email, "password": PASSWORD, "csrf_token": client.cookies["visitor"]}
        answer = await client.post("/sign-in", data=form)
        assert answer.status_code == 303, answer.text
        await renew_token(client)
        yield client


async def renew_token(client: httpx.AsyncClient) -> None:
    """Read the token of the present session from a page, as the browser's script would."""
    page = await client.get("/")
    client.headers["x-csrf-token"] = page.text.partition('name="csrf-token" content="')[2].partition('"')[0]
