"""Who manages a dossier is a row with days, so that who managed it before is not forgotten.

Revision: 0030, after 0029
"""

import sqlalchemy as sa
from alembic import op

from migrations.ops import firm_table

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Whoever manages a dossier has done so since it was made: an earlier day is not known."""
    op.create_table(
        "dossier_staff",
        sa.Column("firm_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "role",
            sa.Enum("manager", name="staffrole", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.CheckConstraint("until >= since", name=op.f("ck_dossier_staff_days")),
        sa.ForeignKeyConstraint(["firm_id"], ["firm.id"], name=op.f("fk_dossier_staff_firm_id")),
        sa.ForeignKeyConstraint(
            ["firm_id", "dossier_id"],
            ["dossier.firm_id", "dossier.id"],
            name=op.f("fk_dossier_staff_firm_id_dossier_id"),
        ),
        sa.ForeignKeyConstraint(
            ["firm_id", "person_id"],
            ["firm_member.firm_id", "firm_member.person_id"],
            name=op.f("fk_dossier_staff_firm_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier_staff")),
    )
    op.create_index(
        "uq_dossier_staff_open",
        "dossier_staff",
        ["firm_id", "dossier_id", "role"],
        unique=True,
        postgresql_where=sa.text("until is null"),
    )
    op.create_index(
        "ix_dossier_staff_person",
        "dossier_staff",
        ["firm_id", "person_id"],
        postgresql_where=sa.text("until is null"),
    )
    op.create_index("ix_dossier_staff_dossier", "dossier_staff", ["firm_id", "dossier_id", "since"])
    firm_table("dossier_staff")
    # Somebody who never was of the office manages nothing: nobody could choose them.
    op.execute(
        "insert into dossier_staff (firm_id, id, dossier_id, person_id, role, since)"
        " select d.firm_id, gen_random_uuid(), d.id, d.manager_id, 'manager',"
        " (d.created_at at time zone 'Europe/Brussels')::date"
        " from dossier d join firm_member m on m.firm_id = d.firm_id and m.person_id = d.manager_id"
    )
    op.drop_column("dossier", "manager_id")


def downgrade() -> None:
    """Keep the present managers; who managed before is forgotten."""
    op.add_column("dossier", sa.Column("manager_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_dossier_manager_id"), "dossier", "person", ["manager_id"], ["id"])
    op.execute(
        "update dossier d set manager_id = s.person_id from dossier_staff s"
        " where s.firm_id = d.firm_id and s.dossier_id = d.id and s.role = 'manager' and s.until is null"
    )
    op.drop_table("dossier_staff")
