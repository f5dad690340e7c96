"""Firms and companies: looking them up, bringing them in, matching them by number."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from portal.db.figures import Figure
from portal.db.session import ReadSession, WriteSession
from portal.features.audit import service as audit
from portal.features.parties import repository
from portal.features.parties.domain import (
    ENDS_FIRST,
    ENDS_LATER,
    KnownAs,
    Scheme,
    Source,
    as_on_papers,
    ends_before_it_begins,
)
from portal.features.parties.models import Company, CompanyIdentifier, Firm
from portal.jobs.contract import clock_of
from portal.kernel.actor import Actor, Right
from portal.kernel.clock import local_date
from portal.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from portal.kernel.ids import new_id
from portal.kernel.language import N_, Language

KNOWN_ALREADY = N_("The company has this one already.")


async def firm(session: ReadSession, firm_id: UUID) -> Firm:
    """A firm the session may see.

    Raises:
        NotFound: unknown, or another's.
    """
    found = await repository.firm(session, firm_id)
    if found is None:
        raise NotFound
    return found


async def company(session: ReadSession, company_id: UUID) -> Company:
    """A company the session may see.

    Raises:
        NotFound: unknown, or out of sight.
    """
    found = await repository.company(session, company_id)
    if found is None:
        raise NotFound
    return found


async def add_firm(
    session: WriteSession,
    *,
    name: str,
    slug: str,
    email: str,
    language: Language,
    number: str | None = None,
    **address: str,
) -> Firm:
    """A new accounting office; runs in the system scope (nobody is signed in yet)."""
    new = Firm(
        name=name,
        slug=slug,
        email=email,
        language=language,
        number=number,
        created_at=clock_of(session).now(),
        **address,
    )
    repository.add(session, new)
    await session.flush()
    return new


async def change_firm(session: WriteSession, actor: Actor, values: Mapping[str, Any]) -> list[str]:
    """Change a firm's own profile; gives the names of the columns that really changed.

    Raises:
        Forbidden: the actor may not change the firm's settings.
    """
    if not actor.may(Right.FIRM_SETTINGS) or actor.firm_id is None:
        raise Forbidden
    found = await firm(session, actor.firm_id)
    fields = audit.changes({name: getattr(found, name) for name in values}, values)
    changed = sorted(fields)
    for name in changed:
        setattr(found, name, values[name])
    if changed:
        await session.flush()
        await audit.record(
            session, actor, "parties.firm_changed", "firm", found.id, what=found.name, fields=fields
        )
    return changed


async def claimed_numbers(session: ReadSession, country: str, numbers: Sequence[str]) -> dict[str, UUID]:
    """Which numbers belong to claimed companies, with their ids. Runs in the system scope: a firm learns nothing more of them."""
    return await repository.claimed_numbers(session, country, numbers) if numbers else {}


async def claimed(session: ReadSession, country: str, number: str) -> Company | None:
    """The claimed company of a number; runs in the system scope."""
    return await repository.claimed(session, country, number)


async def unclaimed_of_firm(session: ReadSession, firm_id: UUID, country: str, number: str) -> Company | None:
    """The unclaimed company that this firm keeps under a number, if any."""
    return await repository.unclaimed_of_firm(session, firm_id, country, number)


async def brought_numbers(
    session: ReadSession, firm_id: UUID, country: str, numbers: Sequence[str]
) -> dict[str, UUID]:
    """Which numbers belong to unclaimed companies that this firm keeps, with their ids."""
    return await repository.brought_numbers(session, firm_id, country, numbers) if numbers else {}


def new_company(
    *,
    name: str,
    country: str,
    number: str | None,
    language: Language,
    email: str | None = None,
    phone: str | None = None,
    street: str | None = None,
    postcode: str | None = None,
    city: str | None = None,
    vat_id: str | None = None,
) -> dict[str, Any]:
    """The columns of a company that a firm brings in; `add_companies` writes it. The caller has matched the number first."""
    return {
        "id": new_id(),
        "name": name,
        "country": country,
        "number": number,
        "vat_id": vat_id or (f"{country}{number}" if number and country == "BE" else None),
        "language": language,
        "email": email,
        "phone": phone,
        "street": street,
        "postcode": postcode,
        "city": city,
    }


async def add_companies(session: WriteSession, firm_id: UUID, new: Sequence[Mapping[str, Any]]) -> None:
    """Write companies that a firm brings in, from `new_company`: unclaimed, seen by that firm alone."""
    same = {"brought_by_firm": firm_id, "claimed_at": None, "created_at": clock_of(session).now()}
    await repository.add_companies(session, new, same)


async def give_number(session: WriteSession, company_id: UUID, country: str, number: str) -> None:
    """An unclaimed company that had no number has got one. The caller has matched it first."""
    found = await company(session, company_id)
    found.number = number
    found.vat_id = found.vat_id or (f"{country}{number}" if country == "BE" else None)
    await session.flush()


async def change_company(
    session: WriteSession, actor: Actor, found: Company, dossier_id: UUID, values: Mapping[str, Any]
) -> list[str]:
    """Change a company's own columns, from a dossier on it; gives the names of those that really changed.

    Raises:
        Forbidden: the actor may not edit dossiers.
    """
    if not actor.may(Right.DOSSIERS_EDIT):
        raise Forbidden
    fields = audit.changes({name: getattr(found, name) for name in values}, values)
    changed = sorted(fields)
    for name in changed:
        setattr(found, name, values[name])
    if changed:
        await session.flush()
        await audit.record(
            session,
            actor,
            "parties.company_changed",
            "company",
            found.id,
            dossier_id=dossier_id,
            what=found.name,
            fields=fields,
        )
    return changed


def identifiers_of(company_id: UUID) -> Figure[list[KnownAs]]:
    """As `identifiers`, to be shown along with other things."""
    return repository.identifiers_of(company_id)


async def identifiers(session: ReadSession, company_id: UUID) -> Sequence[CompanyIdentifier]:
    """Everything else than its number by which a company is or was known: what stands first."""
    return await repository.identifiers(session, company_id)


async def other_numbers(session: ReadSession, company_id: UUID) -> list[str]:
    """What else stands for a company on papers today.

    What has ended does not: the number may be another's by now, so a paper that names it is a question for a person.
    """
    found = await repository.current_identifiers(session, company_id, local_date(clock_of(session).now()))
    return [as_on_papers(one.scheme, one.value) for one in found]


async def add_identifier(
    session: WriteSession,
    actor: Actor,
    found: Company,
    dossier_id: UUID,
    *,
    scheme: Scheme,
    value: str,
    source: Source,
    valid_from: date | None = None,
    evidence: str = "",
) -> CompanyIdentifier:
    """A company is known by something else too.

    Args:
        value: as `domain.read_identifier` gives it.

    Raises:
        Forbidden: the actor may not edit dossiers.
        Conflict: it stands already, or is the company's number itself.
    """
    if not actor.may(Right.DOSSIERS_EDIT):
        raise Forbidden
    if (scheme, value, "BE") == (Scheme.ENTERPRISE, found.number, found.country):
        raise Conflict(KNOWN_ALREADY, code="identifier_known")
    values: dict[str, Any] = {
        "scheme": scheme,
        "value": value,
        "valid_from": valid_from,
        "source": source,
        "evidence": evidence,
    }
    new = await repository.add_identifier(session, {"id": new_id(), "company_id": found.id, **values})
    if new is None:
        raise Conflict(KNOWN_ALREADY, code="identifier_known")
    await audit.record(
        session,
        actor,
        "parties.identifier_added",
        "company",
        found.id,
        dossier_id=dossier_id,
        what=found.name,
        fields=audit.changes({}, {name: value for name, value in values.items() if value}),
    )
    return new


async def end_identifier(
    session: WriteSession, actor: Actor, found: Company, dossier_id: UUID, identifier_id: UUID, until: date
) -> None:
    """A company is known by something no longer; `until` is the last day.

    Raises:
        Forbidden: the actor may not edit dossiers.
        NotFound: not this company's, or ended already.
        Invalid: it would end before it began, or on a day to come: until then the same one could be added again.
    """
    if not actor.may(Right.DOSSIERS_EDIT):
        raise Forbidden
    one = await repository.current_identifier(session, found.id, identifier_id)
    if one is None:
        raise NotFound
    if ends_before_it_begins(one.valid_from, until):
        raise Invalid(fields={"valid_until": ENDS_FIRST})
    if until > local_date(clock_of(session).now()):
        raise Invalid(fields={"valid_until": ENDS_LATER})
    one.valid_until = until
    await session.flush()
    await audit.record(
        session,
        actor,
        "parties.identifier_ended",
        "company",
        found.id,
        dossier_id=dossier_id,
        what=audit.named(one.value, found.name),
        fields=audit.changes({}, {"valid_until": until}),
    )


async def claim(session: WriteSession, company_id: UUID) -> bool:
    """Its owner has activated: the company is claimed. False when it was already; runs in the system scope."""
    return await repository.claim(session, company_id, clock_of(session).now())
