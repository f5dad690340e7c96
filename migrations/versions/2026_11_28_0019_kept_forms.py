"""Forms sent after the session had ended: whose page a token was on, and what was typed. Only the system scope sees either.

Revision: 0019, after 0018
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.ops import policy, secure

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both tables; the pages that lie open now keep their writers."""
    op.create_table(
        "page_token",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("firm_id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_page_token_company_id")),
        sa.ForeignKeyConstraint(["firm_id"], ["firm.id"], name=op.f("fk_page_token_firm_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_page_token_person_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_page_token")),
    )
    op.create_index(op.f("ix_page_token_person_id"), "page_token", ["person_id"], unique=False)
    op.create_index(op.f("ix_page_token_made_at"), "page_token", ["made_at"], unique=False)
    op.create_table(
        "kept_form",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("firm_id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("fields", JSONB(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_kept_form_company_id")),
        sa.ForeignKeyConstraint(["firm_id"], ["firm.id"], name=op.f("fk_kept_form_firm_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_kept_form_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_form")),
    )
    op.create_index(op.f("ix_kept_form_person_id"), "kept_form", ["person_id"], unique=False)
    op.create_index(op.f("ix_kept_form_kept_at"), "kept_form", ["kept_at"], unique=False)
    for table in ("page_token", "kept_form"):
        secure(table)
        policy(table, "system_only", "false")
        op.execute(f"revoke all on {table} from portal_app")
    op.execute(
        "insert into page_token (token_hash, person_id, firm_id, company_id, made_at)"
        " select sha256(convert_to(csrf_token, 'UTF8')), person_id, firm_id, company_id, created_at"
        " from login_session on conflict do nothing"
    )


def downgrade() -> None:
    """Remove both: what was kept is gone."""
    op.drop_table("kept_form")
    op.drop_table("page_token")
