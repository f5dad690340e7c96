"""SQL of people, memberships, sessions and tries."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from portal.db.arrays import among
from portal.db.figures import Figure, constant, few_rows
from portal.db.session import ReadSession, WriteSession
from portal.features.accounts.domain import CompaniesServed
from portal.features.accounts.models import (
    CompanyMember,
    FirmMember,
    KeptForm,
    LoginSession,
    PageToken,
    PasswordReset,
    Person,
    RateCount,
)
from portal.features.parties.models import Company
from portal.jobs.contract import ask
from portal.kernel.language import Language


def add(
    session: WriteSession,
    row: Person | FirmMember | CompanyMember | LoginSession | PasswordReset | PageToken | KeptForm,
) -> None:
    """Insert a row."""
    session.add(row)


async def person_by_email(session: ReadSession, email: str) -> Person | None:
    """The person with this (lower-case) address; needs the system scope."""
    return await session.scalar(sa.select(Person).where(Person.email == email))


async def person(session: ReadSession, person_id: UUID) -> Person | None:
    """A person the session may see."""
    return await session.get(Person, person_id)


async def renew_password_hash(session: WriteSession, person_id: UUID, stored: str, renewed: str) -> None:
    """Keep the same password in its one spelling; one that was changed meanwhile stays. Runs in the system scope."""
    await session.execute(
        sa.update(Person)
        .where(Person.id == person_id, Person.password_hash == stored)
        .values(password_hash=renewed)
    )


async def staff_membership(session: ReadSession, firm_id: UUID, person_id: UUID) -> FirmMember | None:
    """The living membership of a person in a firm."""
    return await session.scalar(
        sa.select(FirmMember).where(
            FirmMember.firm_id == firm_id, FirmMember.person_id == person_id, FirmMember.ended_at.is_(None)
        )
    )


async def staff_row(session: ReadSession, firm_id: UUID, person_id: UUID) -> FirmMember | None:
    """The membership of a person in a firm, ended or not."""
    return await session.scalar(
        sa.select(FirmMember).where(FirmMember.firm_id == firm_id, FirmMember.person_id == person_id)
    )


async def serves(session: ReadSession, firm_id: UUID, company_id: UUID) -> bool:
    """Whether a firm works for a company, so that its people reach it through that firm's host; needs the system scope."""
    served = await ask(session, CompaniesServed(firm_id=firm_id))
    return bool(
        await session.scalar(sa.select(sa.exists().where(Company.id == company_id, Company.id.in_(served))))
    )


async def company_memberships(
    session: ReadSession, person_id: UUID, firm_id: UUID
) -> Sequence[tuple[CompanyMember, str]]:
    """A person's living memberships in companies that this firm works for, with names; needs the system scope.

    A company whose dossiers at the firm have all ended is not reached through that firm's host any more.
    """
    served = await ask(session, CompaniesServed(firm_id=firm_id))
    found = await session.execute(
        sa.select(CompanyMember, Company.name)
        .join(Company, Company.id == CompanyMember.company_id)
        .where(
            CompanyMember.person_id == person_id,
            CompanyMember.ended_at.is_(None),
            CompanyMember.company_id.in_(served),
        )
        .order_by(Company.sort_key, Company.id)
    )
    return [(row[0], row[1]) for row in found]


async def company_membership(session: ReadSession, company_id: UUID, person_id: UUID) -> CompanyMember | None:
    """The membership of a person in a company, ended or not."""
    return await session.scalar(
        sa.select(CompanyMember).where(
            CompanyMember.company_id == company_id, CompanyMember.person_id == person_id
        )
    )


async def staff(session: ReadSession, firm_id: UUID) -> Sequence[tuple[FirmMember, Person]]:
    """The living staff of a firm with their names."""
    found = await session.execute(
        sa.select(FirmMember, Person)
        .join(Person, Person.id == FirmMember.person_id)
        .where(FirmMember.firm_id == firm_id, FirmMember.ended_at.is_(None))
        .order_by(Person.sort_key, Person.id)
    )
    return [(row[0], row[1]) for row in found]


@dataclass(frozen=True, slots=True)
class _Named:
    id: UUID
    name: str


def staff_names(firm_id: UUID) -> Figure[dict[UUID, str]]:
    """What the living staff of a firm are called."""
    found = sa.select(Person.id, Person.name).join(FirmMember, FirmMember.person_id == Person.id)
    return _names(found.where(FirmMember.firm_id == firm_id, FirmMember.ended_at.is_(None)))


def member_names(company_id: UUID) -> Figure[dict[UUID, str]]:
    """What the living members of a company are called."""
    found = sa.select(Person.id, Person.name).join(CompanyMember, CompanyMember.person_id == Person.id)
    return _names(found.where(CompanyMember.company_id == company_id, CompanyMember.ended_at.is_(None)))


def names(ids: Collection[UUID]) -> Figure[dict[UUID, str]]:
    """What some people are called whom the session may see."""
    if not ids:
        return constant({})
    return _names(sa.select(Person.id, Person.name).where(among(Person.id, ids)))


def _names(found: sa.Select[UUID, str]) -> Figure[dict[UUID, str]]:
    return few_rows(found, _Named).mapped(lambda rows: {row.id: row.name for row in rows})


async def members(session: ReadSession, company_id: UUID) -> Sequence[tuple[CompanyMember, Person]]:
    """The living members of a company with their names."""
    found = await session.execute(
        sa.select(CompanyMember, Person)
        .join(Person, Person.id == CompanyMember.person_id)
        .where(CompanyMember.company_id == company_id, CompanyMember.ended_at.is_(None))
        .order_by(Person.sort_key, Person.id)
    )
    return [(row[0], row[1]) for row in found]


async def live_session(
    session: ReadSession, digest: bytes, firm_id: UUID, now: datetime, idle_since: datetime
) -> Any:
    """A session that has neither expired nor idled, of a person who was not disabled, with what the person is here at this moment; None for none.

    In one statement, which needs the system scope. `staff_role` is of a living membership in the firm where the session is one of its staff;
    `member_role` and `company_name` of one in the company, where the firm still works for it.
    """
    served = await ask(session, CompaniesServed(firm_id=firm_id))
    found = await session.execute(
        _LIVE.where(
            LoginSession.token_hash == digest,
            LoginSession.firm_id == firm_id,
            LoginSession.expires_at > now,
            LoginSession.last_seen_at > idle_since,
            sa.or_(LoginSession.as_firm, CompanyMember.company_id.in_(served)),
        )
    )
    return found.first()


_LIVE = (
    sa.select(
        LoginSession.token_hash,
        LoginSession.firm_id,
        LoginSession.as_firm,
        LoginSession.company_id,
        LoginSession.csrf_token,
        LoginSession.last_seen_at,
        Person.id,
        Person.name,
        Person.email,
        Person.language,
        FirmMember.role.label("staff_role"),
        CompanyMember.role.label("member_role"),
        Company.name.label("company_name"),
    )
    .join(Person, Person.id == LoginSession.person_id)
    .outerjoin(
        FirmMember,
        sa.and_(
            LoginSession.as_firm,
            FirmMember.firm_id == LoginSession.firm_id,
            FirmMember.person_id == LoginSession.person_id,
            FirmMember.ended_at.is_(None),
        ),
    )
    .outerjoin(
        CompanyMember,
        sa.and_(
            CompanyMember.company_id == LoginSession.company_id,
            CompanyMember.person_id == LoginSession.person_id,
            CompanyMember.ended_at.is_(None),
        ),
    )
    .outerjoin(Company, Company.id == CompanyMember.company_id)
    .where(Person.disabled_at.is_(None))
)
"""Made once: every request asks it, and to make a statement costs more than to send it."""


async def live_sessions_of(
    session: ReadSession, person_id: UUID, now: datetime, idle_since: datetime
) -> Sequence[LoginSession]:
    """A person's live sessions, the last used first; needs the system scope."""
    found = await session.scalars(
        sa.select(LoginSession)
        .where(
            LoginSession.person_id == person_id,
            LoginSession.expires_at > now,
            LoginSession.last_seen_at > idle_since,
        )
        .order_by(LoginSession.last_seen_at.desc())
    )
    return found.all()


async def touch(session: WriteSession, digest: bytes, now: datetime) -> None:
    """Note when a session was last used."""
    await session.execute(
        sa.update(LoginSession).where(LoginSession.token_hash == digest).values(last_seen_at=now)
    )


async def end_session(session: WriteSession, digest: bytes) -> None:
    """Delete one session: that browser is signed out."""
    await session.execute(sa.delete(LoginSession).where(LoginSession.token_hash == digest))


async def end_sessions_of(session: WriteSession, person_id: UUID, exclude: bytes | None = None) -> None:
    """Sign a person out everywhere, but in one browser."""
    statement = sa.delete(LoginSession).where(LoginSession.person_id == person_id)
    if exclude is not None:
        statement = statement.where(LoginSession.token_hash != exclude)
    await session.execute(statement)


async def end_expired(session: WriteSession, now: datetime) -> None:
    """Forget sessions that have ended by themselves, old counts, and links for new passwords that nobody may use any more."""
    await session.execute(sa.delete(LoginSession).where(LoginSession.expires_at < now))
    await session.execute(sa.delete(PasswordReset).where(PasswordReset.expires_at < now - timedelta(days=1)))
    await session.execute(sa.delete(RateCount).where(RateCount.window_start < now - timedelta(days=1)))


async def set_language(session: WriteSession, person_id: UUID, language: Language) -> None:
    """The language a person reads."""
    await session.execute(sa.update(Person).where(Person.id == person_id).values(language=language))


async def count_try(session: WriteSession, key: str, window_start: datetime, count: int = 1) -> int:
    """Count tries in a window; returns the total with them. Needs the system scope."""
    total = await session.scalar(
        insert(RateCount)
        .values(key=key, window_start=window_start, count=count)
        .on_conflict_do_update(
            index_elements=[RateCount.key, RateCount.window_start], set_={"count": RateCount.count + count}
        )
        .returning(RateCount.count)
    )
    return total or count


async def give_back_try(
    session: WriteSession, keys: Collection[str], window_start: datetime, count: int = 1
) -> None:
    """Count so many tries less in a window; needs the system scope."""
    await session.execute(
        sa.update(RateCount)
        .where(RateCount.key.in_(keys), RateCount.window_start == window_start, RateCount.count > 0)
        .values(count=sa.func.greatest(RateCount.count - count, 0))
    )


async def reset(session: ReadSession, reset_id: UUID) -> tuple[PasswordReset, Person | None] | None:
    """A wish for a new password and whose it is; needs the system scope."""
    found = await session.execute(
        sa.select(PasswordReset, Person)
        .outerjoin(Person, Person.id == PasswordReset.person_id)
        .where(PasswordReset.id == reset_id)
    )
    row = found.first()
    return (row[0], row[1]) if row else None


async def reset_by_token(
    session: ReadSession, digest: bytes, firm_id: UUID, now: datetime, *, lock: bool = False
) -> PasswordReset | None:
    """The wish of a link that may still be used; needs the system scope. With `lock`, nobody else uses it meanwhile."""
    statement = sa.select(PasswordReset).where(
        PasswordReset.token_hash == digest,
        PasswordReset.firm_id == firm_id,
        PasswordReset.used_at.is_(None),
        PasswordReset.expires_at > now,
    )
    return await session.scalar(statement.with_for_update() if lock else statement)


async def end_resets_of(session: WriteSession, person_id: UUID, now: datetime) -> None:
    """No link for a new password of this person works any more."""
    await session.execute(
        sa.update(PasswordReset)
        .where(PasswordReset.person_id == person_id, PasswordReset.used_at.is_(None))
        .values(used_at=now)
    )


# ── forms sent after the session had ended; all in the system scope ──────────────────────────────────────────────


async def page_owner(session: ReadSession, digest: bytes, firm_id: UUID) -> tuple[PageToken, Person] | None:
    """Whose page carried a token on this firm's host."""
    found = await session.execute(
        sa.select(PageToken, Person)
        .join(Person, Person.id == PageToken.person_id)
        .where(PageToken.token_hash == digest, PageToken.firm_id == firm_id, Person.disabled_at.is_(None))
    )
    row = found.first()
    return (row[0], row[1]) if row else None


def _whose(person_id: UUID, firm_id: UUID, company_id: UUID | None) -> sa.ColumnElement[bool]:
    return sa.and_(
        KeptForm.person_id == person_id,
        KeptForm.firm_id == firm_id,
        KeptForm.company_id.is_not_distinct_from(company_id),
    )


async def kept_form(
    session: ReadSession,
    form_id: UUID,
    person_id: UUID,
    firm_id: UUID,
    company_id: UUID | None,
    since: datetime,
) -> KeptForm | None:
    """A kept form of exactly this person in this capacity."""
    return await session.scalar(
        sa.select(KeptForm).where(
            KeptForm.id == form_id, _whose(person_id, firm_id, company_id), KeptForm.kept_at > since
        )
    )


async def kept_form_of_host(
    session: ReadSession, form_id: UUID, firm_id: UUID
) -> tuple[KeptForm, Person] | None:
    """A kept form of this host, and its writer."""
    found = await session.execute(
        sa.select(KeptForm, Person)
        .join(Person, Person.id == KeptForm.person_id)
        .where(KeptForm.id == form_id, KeptForm.firm_id == firm_id)
    )
    row = found.first()
    return (row[0], row[1]) if row else None


async def latest_kept(
    session: ReadSession, page: str, person_id: UUID, firm_id: UUID, company_id: UUID | None, since: datetime
) -> KeptForm | None:
    """The newest form kept for somebody on this page."""
    return await session.scalar(
        sa.select(KeptForm)
        .where(
            KeptForm.page == page,
            KeptForm.own_browser,
            _whose(person_id, firm_id, company_id),
            KeptForm.kept_at > since,
        )
        .order_by(KeptForm.kept_at.desc(), KeptForm.id.desc())
        .limit(1)
    )


async def drop_kept(session: WriteSession, form_id: UUID) -> None:
    """A kept form is not needed any more."""
    await session.execute(sa.delete(KeptForm).where(KeptForm.id == form_id))


async def drop_kept_beyond(session: WriteSession, person_id: UUID, most: int) -> set[UUID]:
    """Only the newest kept forms of a person stay; what came from another browser than the page's goes first. Gives what went."""
    newest = (
        sa.select(KeptForm.id)
        .where(KeptForm.person_id == person_id)
        .order_by(KeptForm.own_browser.desc(), KeptForm.kept_at.desc(), KeptForm.id.desc())
        .limit(most)
    )
    gone = await session.scalars(
        sa.delete(KeptForm)
        .where(KeptForm.person_id == person_id, KeptForm.id.not_in(newest))
        .returning(KeptForm.id)
    )
    return set(gone)


async def drop_old_forms(session: WriteSession, *, tokens_before: datetime, forms_before: datetime) -> None:
    """Forget what nobody comes back for."""
    await session.execute(sa.delete(PageToken).where(PageToken.made_at < tokens_before))
    await session.execute(sa.delete(KeptForm).where(KeptForm.kept_at < forms_before))
