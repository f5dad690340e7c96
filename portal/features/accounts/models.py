"""Tables of people, what they are where, their sessions and tries."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, validates

from portal.db.base import Base, JsonList, OwnedByCompany, OwnedByFirm
from portal.db.names import Keyed
from portal.kernel.actor import Role
from portal.kernel.ids import new_id
from portal.kernel.language import Language


class Person(Keyed, Base):
    """A login: one e-mail address, lower case."""

    __tablename__ = "person"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    sort_key: Mapped[str]
    language: Mapped[Language]
    password_hash: Mapped[str | None]
    approval_mails: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]

    @validates("name")
    def _write_name_keys(self, _column: str, name: str) -> str:
        return self.write_keys(name)


class FirmMember(OwnedByFirm, Base):
    """A person on a firm's staff."""

    __tablename__ = "firm_member"
    __table_args__ = (sa.UniqueConstraint("firm_id", "person_id"), sa.UniqueConstraint("firm_id", "id"))

    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"), index=True)
    role: Mapped[Role]
    since: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class CompanyMember(OwnedByCompany, Base):
    """A person of a company."""

    __tablename__ = "company_member"
    __table_args__ = (sa.UniqueConstraint("company_id", "person_id"),)

    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"), index=True)
    role: Mapped[Role]
    since: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class LoginSession(Base):
    """A signed-in browser on one firm's host. The cookie's random token is stored as its SHA-256 only.

    Exactly one of `as_firm` (staff of the host's firm) and `company_id` (member of a company) says in which capacity.
    """

    __tablename__ = "login_session"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"), index=True)
    firm_id: Mapped[UUID] = mapped_column(sa.ForeignKey("firm.id"))
    company_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("company.id"))
    as_firm: Mapped[bool]
    csrf_token: Mapped[str]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    user_agent: Mapped[str]


class PageToken(Base):
    """Whose page carried a form token, kept beyond the end of that session: a form sent later still finds its writer.

    The token is stored as its SHA-256 only. Without `company_id` the person worked as staff of the firm. `mark_hash` is of what the
    browser of that session keeps; none of pages from before there was one.
    """

    __tablename__ = "page_token"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    mark_hash: Mapped[bytes | None]
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"), index=True)
    firm_id: Mapped[UUID] = mapped_column(sa.ForeignKey("firm.id"))
    company_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("company.id"))
    made_at: Mapped[datetime] = mapped_column(index=True)


class KeptForm(Base):
    """What a person typed into a form whose session had ended: shown to them again, never carried out by itself.

    `own_browser`: it came from the browser that had the session of its page.
    """

    __tablename__ = "kept_form"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"), index=True)
    firm_id: Mapped[UUID] = mapped_column(sa.ForeignKey("firm.id"))
    company_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("company.id"))
    action: Mapped[str]
    page: Mapped[str]
    fields: Mapped[JsonList]
    own_browser: Mapped[bool] = mapped_column(server_default=sa.false())
    kept_at: Mapped[datetime] = mapped_column(index=True)


class PasswordReset(Base):
    """A wish for a new password. Without a person it is one for an address that nobody has: it takes the same way and ends in nothing.

    The link's token is made when the mail leaves and stored as its SHA-256 only.
    """

    __tablename__ = "password_reset"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    firm_id: Mapped[UUID] = mapped_column(sa.ForeignKey("firm.id"))
    person_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"), index=True)
    token_hash: Mapped[bytes | None] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class RateCount(Base):
    """How often something was tried in one window of time."""

    __tablename__ = "rate_count"

    key: Mapped[str] = mapped_column(primary_key=True)
    window_start: Mapped[datetime] = mapped_column(primary_key=True)
    count: Mapped[int]
