"""Which of the earlier bundles a new agent writes is called its backlog.

Revision: 0035, after 0034
"""

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Rename column and check."""
    op.alter_column("pairing_code", "takes", new_column_name="backlog")
    op.execute("alter table pairing_code rename constraint ck_pairing_code_takes to ck_pairing_code_backlog")


def downgrade() -> None:
    """Rename them back."""
    op.execute("alter table pairing_code rename constraint ck_pairing_code_backlog to ck_pairing_code_takes")
    op.alter_column("pairing_code", "backlog", new_column_name="takes")
