"""How often reading a file began after a run that ended badly, and a short way to the files nobody has looked at yet.

Revision: 0007, after 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the count and the index."""
    op.add_column("intake_file", sa.Column("begun", sa.Integer(), server_default="0", nullable=False))
    op.create_index(
        "ix_intake_file_received",
        "intake_file",
        ["upload_id"],
        postgresql_where=sa.text("state = 'received'"),
    )


def downgrade() -> None:
    """Forget both."""
    op.drop_index("ix_intake_file_received", "intake_file")
    op.drop_column("intake_file", "begun")
