"""A client's notice names who handled it; their id, which nothing read, stands in the history.

Revision: 0022, after 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop it."""
    op.drop_column("client_notice", "handled_by")


def downgrade() -> None:
    """As it was, without the ids."""
    op.add_column("client_notice", sa.Column("handled_by", sa.Uuid(), nullable=True))
