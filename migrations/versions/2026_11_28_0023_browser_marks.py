"""Which browser had the session of a page: no other one is told whose a form is, nor lays words into it.

Revision: 0023, after 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Pages and forms that are there have no browser: they name nobody, and forms kept today wait for their key alone."""
    op.add_column("page_token", sa.Column("mark_hash", sa.LargeBinary(), nullable=True))
    op.add_column(
        "kept_form", sa.Column("own_browser", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )


def downgrade() -> None:
    """Forget it."""
    op.drop_column("kept_form", "own_browser")
    op.drop_column("page_token", "mark_hash")
