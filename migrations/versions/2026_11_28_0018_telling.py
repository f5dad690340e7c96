"""What clients say reaches the office; who can approve gets one mail a day.

Revision: 0018, after 0017
"""

import sqlalchemy as sa
from alembic import op

from migrations.ops import company_table, firm_table

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

SAID = sa.Enum(
    "rejected", "note", "answered", name="said", native_enum=False, create_constraint=True, length=40
)


def upgrade() -> None:
    """Three tables and a person's choice."""
    op.create_table(
        "client_notice",
        sa.Column("firm_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("kind", SAID, nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("said_by_name", sa.Text(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mailed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handled_by", sa.Uuid(), nullable=True),
        sa.Column("handled_by_name", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["firm_id"], ["firm.id"], name=op.f("fk_client_notice_firm_id")),
        sa.ForeignKeyConstraint(
            ["firm_id", "dossier_id", "company_id"],
            ["dossier.firm_id", "dossier.id", "dossier.company_id"],
            name=op.f("fk_client_notice_firm_id_dossier_id_company_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_notice")),
    )
    op.create_index("ix_client_notice_dossier", "client_notice", ["firm_id", "dossier_id", "id"])
    op.create_index(
        "ix_client_notice_open",
        "client_notice",
        ["firm_id", "id"],
        postgresql_where=sa.text("handled_at is null"),
    )
    op.create_index("ix_client_notice_document", "client_notice", ["company_id", "document_id"])
    firm_table("client_notice")
    op.create_table(
        "approver_mail",
        sa.Column("firm_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("looked_on", sa.Date(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["firm_id"], ["firm.id"], name=op.f("fk_approver_mail_firm_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_approver_mail_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approver_mail")),
        sa.UniqueConstraint("firm_id", "person_id", name=op.f("uq_approver_mail_firm_id_person_id")),
    )
    firm_table("approver_mail")
    op.create_table(
        "approver_look",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_approver_look_company_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_approver_look_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approver_look")),
        sa.UniqueConstraint("company_id", "person_id", name=op.f("uq_approver_look_company_id_person_id")),
    )
    company_table("approver_look")
    op.add_column(
        "person", sa.Column("approval_mails", sa.Boolean(), nullable=False, server_default=sa.true())
    )


def downgrade() -> None:
    """As it was."""
    op.drop_column("person", "approval_mails")
    for table in ("approver_look", "approver_mail", "client_notice"):
        op.drop_table(table)
