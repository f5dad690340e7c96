"""SQL of hosts and house styles."""

from uuid import UUID

import sqlalchemy as sa

from portal.db.session import ReadSession, WriteSession
from portal.features.branding.models import BrandState, FirmBrand, Host
from portal.features.parties.models import Firm


def add(session: WriteSession, row: Host | FirmBrand) -> None:
    """Insert a host or a version of a house style."""
    session.add(row)


async def by_host(session: ReadSession, host: str) -> tuple[Firm, FirmBrand | None] | None:
    """The firm under an active host and its published house style; needs the system scope."""
    found = await session.execute(
        sa.select(Firm, FirmBrand)
        .join(Host, Host.firm_id == Firm.id)
        .outerjoin(FirmBrand, sa.and_(FirmBrand.firm_id == Firm.id, FirmBrand.state == BrandState.PUBLISHED))
        .where(Host.host == host, Host.active)
    )
    row = found.first()
    return (row[0], row[1]) if row else None


async def main_host(session: ReadSession, firm_id: UUID) -> str | None:
    """The host that links in mails and PDFs use."""
    return await session.scalar(
        sa.select(Host.host)
        .where(Host.firm_id == firm_id, Host.active)
        .order_by(Host.main.desc(), Host.host)
        .limit(1)
    )


async def published(session: ReadSession, firm_id: UUID) -> FirmBrand | None:
    """The firm's house style that is in use; None before the first was published."""
    return await session.scalar(
        sa.select(FirmBrand).where(FirmBrand.firm_id == firm_id, FirmBrand.state == BrandState.PUBLISHED)
    )
