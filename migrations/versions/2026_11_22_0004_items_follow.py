"""An item that never left goes with its document or statement; one that left keeps it (its bundle refers to it).

Revision: 0004, after 0003
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SUBJECTS = ("document", "statement")


def upgrade() -> None:
    """Let the foreign keys of items cascade."""
    for subject in SUBJECTS:
        _replace(subject, " on delete cascade")


def downgrade() -> None:
    """Back to keys that refuse."""
    for subject in SUBJECTS:
        _replace(subject, "")


def _replace(subject: str, action: str) -> None:
    name = f"fk_dossier_item_company_id_{subject}_id"
    op.execute(f"alter table dossier_item drop constraint {name}")
    op.execute(
        f"alter table dossier_item add constraint {name} foreign key (company_id, {subject}_id)"
        f" references {subject} (company_id, id){action}"
    )
