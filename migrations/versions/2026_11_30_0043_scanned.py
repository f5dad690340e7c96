"""Each handed-in file says when it was scanned for malware and found clean.

Revision: 0043, after 0042

What was handed in before was not scanned, and says so. Files that were refused are found by the clock, and the file of a document by it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

REFUSED = "reason in ('malware', 'malware_inside')"


def upgrade() -> None:
    """A moment in both tables of files, and what finds the few that were refused."""
    for table in ("intake_file", "inbox_file"):
        op.add_column(table, sa.Column("scanned_at", sa.DateTime(timezone=True)))
        op.create_index(f"ix_{table}_refused", table, ["handled_at"], postgresql_where=sa.text(REFUSED))
    op.create_index(
        "ix_intake_file_document",
        "intake_file",
        ["document_id"],
        postgresql_where=sa.text("document_id is not null"),
    )


def downgrade() -> None:
    """Nobody knows any more what was scanned."""
    op.drop_index("ix_intake_file_document", "intake_file")
    for table in ("inbox_file", "intake_file"):
        op.drop_index(f"ix_{table}_refused", table)
        op.drop_column(table, "scanned_at")
