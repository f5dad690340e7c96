"""Seeding the demo, once: two firms, their people, some dossiers. The passwords stand here and nowhere else."""

from portal.app import create_tools
from portal.config import Settings
from portal.db.session import Scope, WriteSession
from portal.demo.companies import BROUWERIJ, FILES, FRITUUR, KAPSALON, DemoCompany
from portal.features.accounts.service import people
from portal.features.branding import service as branding
from portal.features.dossiers import models
from portal.features.dossiers.service import creation, dossiers
from portal.features.parties import service as parties
from portal.features.policies import service as policies
from portal.features.policies.domain import Cadence, PolicyValues
from portal.features.targets import service as targets
from portal.jobs.contract import Tools, registry_of
from portal.jobs.runner import Runner
from portal.kernel.actor import Actor, Door, Role
from portal.kernel.ids import FirmId, PersonId
from portal.kernel.language import Language
from themes.assets import DEMO

NOORDZEE, ARDENNES = "noordzee.localhost", "ardennes.localhost"

PASSWORDS = {
    "sofie@noordzee.example": "demo noordzee 2026",
    "tom@noordzee.example": "demo noordzee 2026",
    "luc@ardennes.example": "demo ardennes 2026",
    "karel@brouwerij-dekade.example": "demo brouwerij 2026",
}


async def seed(settings: Settings) -> list[str]:
    """Make the demo unless it is there; gives the lines to print at start: addresses, log-ins, files to try."""
    tools = create_tools(settings, name="seed")
    try:
        async with tools.database.system_scope() as session:
            there = await branding.is_taken(session, NOORDZEE)
        if not there:
            await _make(tools)
            await Runner(tools, registry_of(tools.database)).run_all()
        return _lines(settings)
    finally:
        await tools.database.close()


def _lines(settings: Settings) -> list[str]:
    return [
        f"  {settings.origin(NOORDZEE)}    accountant    sofie@noordzee.example          {PASSWORDS['sofie@noordzee.example']}",
        f"  {settings.origin(NOORDZEE)}    assistant     tom@noordzee.example            {PASSWORDS['tom@noordzee.example']}",
        f"  {settings.origin(ARDENNES)}    accountant    luc@ardennes.example            {PASSWORDS['luc@ardennes.example']}",
        f"  {settings.origin(ARDENNES)}    entrepreneur  karel@brouwerij-dekade.example  {PASSWORDS['karel@brouwerij-dekade.example']}",
        f"  {settings.origin(NOORDZEE)}/_mail    the mails that would have left",
        "",
        f"  Files to try it with: {FILES.relative_to(FILES.parent.parent.parent)}/",
    ]


async def _make(tools: Tools) -> None:
    noordzee = await _firm(
        tools,
        "Kantoor Noordzee",
        "noordzee",
        NOORDZEE,
        colours=("#0B5394", "#0B3954", "#E69138"),
        title="Welkom bij Kantoor Noordzee",
    )
    ardennes = await _firm(
        tools,
        "Bureau Ardennes",
        "ardennes",
        ARDENNES,
        colours=("#2E5339", "#1F3A28", "#B5541C"),
        title="Bienvenue chez Bureau Ardennes",
    )
    sofie = await _staff(
        tools, noordzee, "sofie@noordzee.example", "Sofie Vermeulen", Role.OWNER, Language.EN
    )
    await _policy(tools, sofie, None, PolicyValues(cadence=Cadence.NEVER, needs_approval=True))
    tom = await _staff(tools, noordzee, "tom@noordzee.example", "Tom Aerts", Role.ASSISTANT, Language.NL)
    luc = await _staff(tools, ardennes, "luc@ardennes.example", "Luc Renard", Role.OWNER, Language.FR)
    await _policy(tools, luc, None, PolicyValues(cadence=Cadence.NEVER))
    frituur = await _dossier(tools, sofie, FRITUUR, "01100")
    await _policy(tools, sofie, frituur, PolicyValues(cadence=Cadence.AFTER_DELAY, delay_seconds=20))
    kapsalon = await _dossier(tools, sofie, KAPSALON, "01101", manager=tom)
    await _policy(tools, sofie, kapsalon, PolicyValues(cadence=Cadence.LAST_FULL_MONTH))
    brouwerij = await _dossier(tools, luc, BROUWERIJ, "A-017")
    await _claim(tools, brouwerij, "karel@brouwerij-dekade.example", "Karel De Kade")


async def _firm(
    tools: Tools,
    name: str,
    slug: str,
    host: str,
    *,
    colours: tuple[str, str, str],
    title: str,
) -> FirmId:
    async with tools.database.system_scope() as session:
        firm = await parties.add_firm(
            session,
            name=name,
            slug=slug,
            email=f"info@{slug}.example",
            language=Language.NL if slug == "noordzee" else Language.FR,
        )
        await targets.add_first(session, firm.id)
        await branding.add_host(session, firm.id, host)
        main, navigation, button = colours
        await branding.publish_first(
            session,
            firm.id,
            main=main,
            navigation=navigation,
            button=button,
            login_title=title,
            logo=(DEMO / f"{slug}.png").read_bytes(),
            favicon=(DEMO / f"{slug}-icon.png").read_bytes(),
        )
    return FirmId(firm.id)


async def _staff(
    tools: Tools, firm_id: FirmId, email: str, name: str, role: Role, language: Language
) -> Actor:
    async with tools.database.system_scope() as session:
        person = await people.add_person(
            session, email=email, name=name, language=language, password=PASSWORDS[email]
        )
        await people.add_staff(session, firm_id, person.id, role)
    return Actor(
        door=Door.CLI,
        name=name,
        firm_id=firm_id,
        host_firm_id=firm_id,
        person_id=PersonId(person.id),
        role=role,
    )


async def _dossier(
    tools: Tools, actor: Actor, company: DemoCompany, code: str, *, manager: Actor | None = None
) -> models.Dossier:
    scope = Scope(firm_id=actor.firm_id, host_firm_id=actor.firm_id, person_id=actor.person_id)
    async with tools.database.transaction(scope) as session:
        return await creation.create(
            session,
            tools,
            actor,
            name=company.name,
            number=company.number,
            code=code,
            manager_id=(manager or actor).person_id,
            address={"street": company.street, "postcode": company.postcode, "city": company.city},
        )


async def _policy(tools: Tools, actor: Actor, dossier: models.Dossier | None, values: PolicyValues) -> None:
    scope = Scope(firm_id=actor.firm_id, host_firm_id=actor.firm_id, person_id=actor.person_id)
    async with tools.database.transaction(scope) as session:
        await policies.change(session, actor, dossier, values)


async def _claim(tools: Tools, dossier: models.Dossier, email: str, name: str) -> None:
    async with tools.database.system_scope() as session:
        await _make_owner(session, dossier, email, name)


async def _make_owner(session: WriteSession, dossier: models.Dossier, email: str, name: str) -> None:
    person = await people.add_person(
        session, email=email, name=name, language=Language.NL, password=PASSWORDS[email]
    )
    await people.add_member(session, dossier.company_id, person.id, Role.ENTREPRENEUR)
    await parties.claim(session, dossier.company_id)
    await dossiers.grant_on_claim(session, dossier.id)
