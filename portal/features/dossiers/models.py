"""Tables of dossiers, invitations and Excel imports."""

from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, column_property, mapped_column, validates

from portal.db.base import Base, Json, JsonList, OwnedByFirm
from portal.db.names import Keyed
from portal.features.dossiers.domain import Access, ImportState, InvitationState, StaffRole, VatRegime, titled
from portal.features.dossiers.domain.codes import code_key
from portal.kernel.language import Language

LABEL = "lower(btrim(coalesce(activity, '')))"
"""What tells two dossiers on one company apart, as the database compares it."""


class Dossier(Keyed, OwnedByFirm, Base):
    """One firm's file on one company. A second one on the same company has another activity.

    Name, country and number are copies for lists: company rows are seen only while the dossier is open. The counters are kept by
    triggers (see the migration): files in quick entry, items waiting for approval, items ready to export, people of the company who can
    approve; `approvers_changed` marks a dossier where that became none or some, until its items were looked at again. `books_from` and
    `books_until` are the period in which the firm keeps the books; up to and with `closed_until` they are closed.

    `target_id` is the bookkeeping package its bundles are for. `code_key` is what the codes in a package are told apart by
    (`domain.codes.code_key`), written with the code. A code without a key is one
    from before keys were compared that names the same folder as an older dossier's: its deliveries wait until it has another.
    """

    __tablename__ = "dossier"
    __table_args__ = (
        sa.UniqueConstraint("firm_id", "id"),
        sa.UniqueConstraint("firm_id", "id", "company_id"),
        sa.UniqueConstraint("company_id", "id"),
        sa.ForeignKeyConstraint(["firm_id", "target_id"], ["target.firm_id", "target.id"]),
        sa.Index("uq_dossier_activity", "firm_id", "company_id", sa.text(LABEL), unique=True),
        sa.Index(
            "uq_dossier_number",
            "firm_id",
            "country",
            "number",
            sa.text(LABEL),
            unique=True,
            postgresql_where=sa.text("number is not null"),
        ),
        sa.Index(
            "uq_dossier_code_key",
            "firm_id",
            "target_id",
            "code_key",
            unique=True,
            postgresql_where=sa.text("code_key is not null"),
        ),
        sa.Index(
            "ix_dossier_code_clash",
            "firm_id",
            "target_id",
            postgresql_where=sa.text("code is not null and code_key is null"),
        ),
        sa.CheckConstraint("code is not null or code_key is null", name="code_key"),
        sa.Index("ix_dossier_opened", "firm_id", "company_id"),
        sa.Index("ix_dossier_company", "company_id"),
        sa.Index("ix_dossier_list", "firm_id", "sort_key", "id"),
        sa.Index("ix_dossier_fold", "firm_id", "fold"),
        sa.Index("ix_dossier_approvers_changed", "id", postgresql_where=sa.text("approvers_changed")),
    )

    company_id: Mapped[UUID] = mapped_column(sa.ForeignKey("company.id"))
    target_id: Mapped[UUID]
    code: Mapped[str | None]
    code_key: Mapped[str | None]
    name: Mapped[str]
    sort_key: Mapped[str]
    fold: Mapped[str]
    activity: Mapped[str | None]
    country: Mapped[str]
    number: Mapped[str | None]
    language: Mapped[Language]
    contact_name: Mapped[str | None]
    contact_email: Mapped[str | None]
    contact_phone: Mapped[str | None]
    fiscal_year_start: Mapped[int] = mapped_column(default=1, server_default="1")
    books_from: Mapped[date | None]
    books_until: Mapped[date | None]
    closed_until: Mapped[date | None]
    access: Mapped[Access]
    access_since: Mapped[datetime]
    folders: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    quick_entry_count: Mapped[int] = mapped_column(default=0, server_default="0")
    waiting_count: Mapped[int] = mapped_column(default=0, server_default="0")
    ready_count: Mapped[int] = mapped_column(default=0, server_default="0")
    item_count: Mapped[int] = mapped_column(default=0, server_default="0")
    approvers: Mapped[int] = mapped_column(default=0, server_default="0")
    approvers_changed: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    oldest_open_at: Mapped[datetime | None]
    last_activity_at: Mapped[datetime]
    handed_over_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    @validates("name")
    def _write_name_keys(self, _column: str, name: str) -> str:
        return self.write_keys(name)

    @validates("code")
    def _write_key(self, _name: str, code: str | None) -> str | None:
        self.code_key = code_key(code) if code is not None else None
        return code

    @property
    def clashes(self) -> bool:
        """Whether its code names the same folder as an older dossier's."""
        return self.code is not None and self.code_key is None

    @property
    def title(self) -> str:
        """Its name for people: with the activity, where it has one."""
        return titled(self.name, self.activity)

    if TYPE_CHECKING:  # it needs the table of the staff, which needs this one: the property is set below
        manager_id: Mapped[UUID | None]
        """Its present file manager, read along with the dossier. Setting it writes nothing: `repository.staff` does."""


class DossierStaff(OwnedByFirm, Base):
    """Who of a firm has which part in a dossier: from the day `since`, up to and without the day `until`; None is still.

    Nothing is overwritten: another person ends one row and begins the next. Who had it for less than a day has two equal days.
    """

    __tablename__ = "dossier_staff"
    __table_args__ = (
        sa.ForeignKeyConstraint(["firm_id", "dossier_id"], ["dossier.firm_id", "dossier.id"]),
        sa.ForeignKeyConstraint(["firm_id", "person_id"], ["firm_member.firm_id", "firm_member.person_id"]),
        sa.CheckConstraint("until >= since", name="days"),
        sa.Index(
            "uq_dossier_staff_open",
            "firm_id",
            "dossier_id",
            "role",
            unique=True,
            postgresql_where=sa.text("until is null"),
        ),
        sa.Index(
            "ix_dossier_staff_person", "firm_id", "person_id", postgresql_where=sa.text("until is null")
        ),
        sa.Index("ix_dossier_staff_dossier", "firm_id", "dossier_id", "since"),
    )

    dossier_id: Mapped[UUID]
    person_id: Mapped[UUID]
    role: Mapped[StaffRole]
    since: Mapped[date]
    until: Mapped[date | None]


class DossierVatRegime(OwnedByFirm, Base):
    """The VAT regime of a dossier's company from a day on, until the next one begins; `domain.vat` tells which holds on a day."""

    __tablename__ = "dossier_vat_regime"
    __table_args__ = (
        sa.ForeignKeyConstraint(["firm_id", "dossier_id"], ["dossier.firm_id", "dossier.id"]),
        sa.UniqueConstraint("firm_id", "dossier_id", "valid_from"),
    )

    dossier_id: Mapped[UUID]
    regime: Mapped[VatRegime]
    valid_from: Mapped[date]


Dossier.manager_id = column_property(
    sa.select(DossierStaff.person_id)
    .where(
        DossierStaff.firm_id == Dossier.firm_id,
        DossierStaff.dossier_id == Dossier.id,
        DossierStaff.role == StaffRole.MANAGER,
        DossierStaff.until.is_(None),
    )
    .correlate_except(DossierStaff)
    .scalar_subquery(),
    expire_on_flush=False,
)


class Invitation(OwnedByFirm, Base):
    """A one-time link for a person to activate and claim the company of a dossier."""

    __tablename__ = "invitation"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["firm_id", "dossier_id", "company_id"], ["dossier.firm_id", "dossier.id", "dossier.company_id"]
        ),
        sa.Index("ix_invitation_dossier", "firm_id", "dossier_id"),
    )

    dossier_id: Mapped[UUID]
    company_id: Mapped[UUID]
    email: Mapped[str]
    name: Mapped[str]
    language: Mapped[Language]
    token_hash: Mapped[bytes | None] = mapped_column(unique=True)
    state: Mapped[InvitationState]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    used_by: Mapped[UUID | None]
    expires_at: Mapped[datetime]


class DossierImport(OwnedByFirm, Base):
    """One Excel list: read, previewed row by row, accepted at most once, carried out in batches.

    `answers` and `outcomes` are by line: what was said to a row's question, and what became of the row. `position` is how many rows
    have been looked at.
    """

    __tablename__ = "dossier_import"

    file_name: Mapped[str]
    sha256: Mapped[str]
    sheet: Mapped[str]
    mapping: Mapped[Json]
    rows: Mapped[JsonList]
    counts: Mapped[Json]
    answers: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    outcomes: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    position: Mapped[int] = mapped_column(default=0, server_default="0")
    state: Mapped[ImportState]
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    result: Mapped[dict[str, object] | None] = mapped_column(JSONB)
