"""SQL of firms and companies."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from portal.db.arrays import each, found_in, insert_rows
from portal.db.figures import Figure, few_rows
from portal.db.session import ReadSession, WriteSession
from portal.features.parties.domain import KnownAs
from portal.features.parties.models import Company, CompanyIdentifier, Firm


def add(session: WriteSession, party: Firm) -> None:
    """Insert a firm."""
    session.add(party)


async def add_companies(
    session: WriteSession, rows: Sequence[Mapping[str, Any]], same: Mapping[str, Any]
) -> None:
    """Insert companies; `same` is what all of them have in common."""
    await insert_rows(session, Company, [Company.keyed(row) for row in rows], same)


async def firm(session: ReadSession, firm_id: UUID) -> Firm | None:
    """A firm the session may see."""
    return await session.get(Firm, firm_id)


async def company(session: ReadSession, company_id: UUID) -> Company | None:
    """A company the session may see."""
    return await session.get(Company, company_id)


async def claimed(session: ReadSession, country: str, number: str) -> Company | None:
    """The claimed company of a number; needs the system scope to see beyond one's own."""
    return await session.scalar(
        sa.select(Company).where(
            Company.country == country, Company.number == number, Company.claimed_at.is_not(None)
        )
    )


async def claimed_numbers(session: ReadSession, country: str, numbers: Sequence[str]) -> dict[str, UUID]:
    """Which of these numbers belong to claimed companies; needs the system scope.

    Each is looked up in the index by itself: companies are those of all firms, and a plan from when they were few reads all of them.
    """
    asked = (
        each(Company.number, numbers)
        .table_valued(sa.column("number", sa.Text()), name="asked")
        .render_derived()
    )
    there = (
        sa.select(Company.id)
        .where(Company.country == country, Company.number == asked.c.number, Company.claimed_at.is_not(None))
        .limit(1)
        .lateral("there")
    )
    found = await session.execute(
        sa.select(asked.c.number, there.c.id).select_from(asked).join(there, sa.true())
    )
    return {row.number: row.id for row in found}


async def unclaimed_of_firm(session: ReadSession, firm_id: UUID, country: str, number: str) -> Company | None:
    """The unclaimed company that this firm keeps under a number."""
    return await session.scalar(
        sa.select(Company).where(
            Company.brought_by_firm == firm_id,
            Company.country == country,
            Company.number == number,
            Company.claimed_at.is_(None),
        )
    )


async def brought_numbers(
    session: ReadSession, firm_id: UUID, country: str, numbers: Sequence[str]
) -> dict[str, UUID]:
    """Which of these numbers belong to unclaimed companies that this firm keeps."""
    found = await session.execute(
        sa.select(Company.number, Company.id).where(
            Company.brought_by_firm == firm_id,
            Company.country == country,
            found_in(Company.number, numbers),
            Company.claimed_at.is_(None),
        )
    )
    return {row.number: row.id for row in found if row.number}


async def claim(session: WriteSession, company_id: UUID, at: datetime) -> bool:
    """Unclaimed becomes claimed; False when it already was."""
    moved = await session.scalar(
        sa.update(Company)
        .where(Company.id == company_id, Company.claimed_at.is_(None))
        .values(claimed_at=at)
        .returning(Company.id)
    )
    return moved is not None


_STANDING_FIRST = (
    CompanyIdentifier.valid_until.desc().nulls_first(),
    CompanyIdentifier.scheme,
    CompanyIdentifier.value,
    CompanyIdentifier.id,
)


def identifiers_of(company_id: UUID) -> Figure[list[KnownAs]]:
    """Everything else by which a company is or was known: what stands first."""
    row = CompanyIdentifier
    found = sa.select(row.scheme, row.value, row.valid_until).where(row.company_id == company_id)
    return few_rows(found.order_by(*_STANDING_FIRST), KnownAs)


async def identifiers(session: ReadSession, company_id: UUID) -> Sequence[CompanyIdentifier]:
    """The rows of everything else by which a company is or was known."""
    found = await session.scalars(
        sa.select(CompanyIdentifier)
        .where(CompanyIdentifier.company_id == company_id)
        .order_by(*_STANDING_FIRST)
    )
    return found.all()


async def add_identifier(session: WriteSession, values: Mapping[str, Any]) -> CompanyIdentifier | None:
    """A new identifier; None when the company has it already, and it stands."""
    return await session.scalar(
        insert(CompanyIdentifier).values(**values).on_conflict_do_nothing().returning(CompanyIdentifier)
    )


async def current_identifier(
    session: WriteSession, company_id: UUID, identifier_id: UUID
) -> CompanyIdentifier | None:
    """One that has no end yet, locked; None when it is not this company's or has ended."""
    return await session.scalar(
        sa.select(CompanyIdentifier)
        .where(
            CompanyIdentifier.company_id == company_id,
            CompanyIdentifier.id == identifier_id,
            CompanyIdentifier.valid_until.is_(None),
        )
        .with_for_update()
    )


async def current_identifiers(
    session: ReadSession, company_id: UUID, today: date
) -> Sequence[CompanyIdentifier]:
    """What a company is known by today."""
    return [
        one
        for one in await identifiers(session, company_id)
        if (one.valid_from is None or one.valid_from <= today)
        and (one.valid_until is None or one.valid_until >= today)
    ]
