"""Firms and companies: looking them up, bringing them in, matching them by number."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from portal.db.session import ReadSession, WriteSession
from portal.features.audit import service as audit
from portal.features.parties import repository
from portal.features.parties.models import Company, Firm
from portal.jobs.contract import clock_of
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Forbidden, NotFound
from portal.kernel.ids import new_id
from portal.kernel.language import Language


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


async def brought(session: ReadSession, firm_id: UUID, country: str, number: str) -> Company | None:
    """The unclaimed company that this firm keeps under a number, if any."""
    return await repository.brought(session, firm_id, country, number)


async def brought_numbers(
    session: ReadSession, firm_id: UUID, country: str, numbers: Sequence[str]
) -> dict[str, UUID]:
    """Which numbers belong to unclaimed companies that this firm keeps, with their ids."""
    return await repository.brought_numbers(session, firm_id, country, numbers) if numbers else {}


def new_company(
    session: WriteSession,
    firm_id: UUID,
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
) -> Company:
    """A company that a firm brings in: unclaimed, seen by that firm alone. The caller has matched the number first, and flushes."""
    new = Company(
        id=new_id(),
        name=name,
        country=country,
        number=number,
        vat_id=vat_id or (f"{country}{number}" if number and country == "BE" else None),
        language=language,
        email=email,
        phone=phone,
        street=street,
        postcode=postcode,
        city=city,
        brought_by_firm=firm_id,
        claimed_at=None,
        created_at=clock_of(session).now(),
    )
    repository.add(session, new)
    return new


async def give_number(session: WriteSession, company_id: UUID, country: str, number: str) -> None:
    """An unclaimed company that had no number has got one. The caller has matched it first."""
    found = await company(session, company_id)
    found.number = number
    found.vat_id = found.vat_id or (f"{country}{number}" if country == "BE" else None)
    await session.flush()


async def claim(session: WriteSession, company_id: UUID) -> bool:
    """Its owner has activated: the company is claimed. False when it was already; runs in the system scope."""
    return await repository.claim(session, company_id, clock_of(session).now())


__all__ = [
    "Company",
    "Firm",
    "add_firm",
    "brought",
    "brought_numbers",
    "change_firm",
    "claim",
    "claimed",
    "claimed_numbers",
    "company",
    "firm",
    "give_number",
    "new_company",
]
