"""Lists keep their file and how it was read; what an office says of columns is kept for its next list.

Revision: 0041, after 0040
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.ops import firm_table

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

STATE = "ck_dossier_import_importstate"


def upgrade() -> None:
    """The file by its hash, its reading, a state before the columns are known; profiles."""
    op.add_column("dossier_import", sa.Column("object_sha256", sa.Text(), nullable=True))
    op.add_column("dossier_import", sa.Column("reading", JSONB(), nullable=False, server_default="{}"))
    _states("mapping", "previewed", "accepting", "accepted")
    op.create_table(
        "import_profile",
        sa.Column("firm_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("columns", JSONB(), nullable=False),
        sa.Column("said_by", sa.Uuid(), nullable=True),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_profile")),
        sa.ForeignKeyConstraint(["firm_id"], ["firm.id"], name=op.f("fk_import_profile_firm_id")),
        sa.UniqueConstraint("firm_id", "key", name=op.f("uq_import_profile_firm_id_key")),
    )
    firm_table("import_profile")


def downgrade() -> None:
    """Files go from their lists with the next round of upkeep; lists whose columns are not known go at once."""
    op.drop_table("import_profile")
    op.execute("delete from dossier_import where state = 'mapping'")
    _states("previewed", "accepting", "accepted")
    op.drop_column("dossier_import", "reading")
    op.drop_column("dossier_import", "object_sha256")


def _states(*states: str) -> None:
    words = ", ".join(f"'{state}'" for state in states)
    op.execute(f"alter table dossier_import drop constraint {STATE}")
    op.execute(f"alter table dossier_import add constraint {STATE} check (state in ({words}))")
