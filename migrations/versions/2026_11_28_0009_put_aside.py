"""An export names the items that could not leave with it.

Revision: 0009, after 0008
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the list, empty for what was exported before."""
    op.add_column("export", sa.Column("aside", JSONB(), server_default="[]", nullable=False))
    op.create_index(
        "ix_dossier_item_aside",
        "dossier_item",
        ["firm_id", "dossier_id"],
        postgresql_where=sa.text("state_reason is not null"),
    )


def downgrade() -> None:
    """Forget the names."""
    op.drop_index("ix_dossier_item_aside", "dossier_item")
    op.drop_column("export", "aside")
