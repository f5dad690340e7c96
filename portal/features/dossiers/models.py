"""Tables of dossiers, of who has which part in them, and of their VAT regimes."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, aliased, column_property, mapped_column, validates

from portal.db.base import Base, Json, OwnedByFirm
from portal.db.names import Keyed
from portal.features.dossiers.domain.codes import code_key
from portal.features.dossiers.domain.dossiers import OPEN_ACCESS, Access, titled
from portal.features.dossiers.domain.names import name_key
from portal.features.dossiers.domain.staff import StaffRole
from portal.features.dossiers.domain.vat import VatRegime
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
    `name_key` is what two names of one company have in common (`domain.names.name_key`), written with the name.
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
    name_key: Mapped[str]
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

    @classmethod
    def keys_of(cls, name: str) -> dict[str, str]:
        """The key columns for a name, with what finds a dossier of the same name."""
        return {**super().keys_of(name), "name_key": name_key(name)}

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
            "ix_dossier_staff_person", "person_id", "firm_id", postgresql_where=sa.text("until is null")
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


def managed_by(person_id: UUID) -> sa.Select[UUID]:
    """The ids of the dossiers that a person manages now, for `in_` in a list of whatever belongs to dossiers.

    Written from the person's side, so that a list asks an index once for all of its rows.
    """
    return sa.select(DossierStaff.dossier_id).where(
        DossierStaff.person_id == person_id,
        DossierStaff.role == StaffRole.MANAGER,
        DossierStaff.until.is_(None),
    )


def belongs_to(handed_in: Any, dossier_id: UUID) -> sa.ColumnElement[bool]:
    """Papers that belong to a dossier, by the column that says where they were handed in: a condition on lists of slices above.

    `domain.dossiers.place_of` and the database function `dossier_for` say the same: where an office handed it in, else the first open one.
    Written without a correlated look-up, so that a list of many papers asks for the dossiers once.
    """
    this = aliased(Dossier)
    mine = (
        sa.select(Dossier.id)
        .join(
            this,
            sa.and_(this.firm_id == Dossier.firm_id, this.company_id == Dossier.company_id),
        )
        .where(this.id == dossier_id, Dossier.access.in_(OPEN_ACCESS))
    )
    first = mine.order_by(Dossier.created_at, Dossier.id).limit(1).scalar_subquery()
    return sa.or_(
        handed_in == dossier_id,
        sa.and_(first == dossier_id, sa.or_(handed_in.is_(None), handed_in.not_in(mine))),
    )
