"""Accepted lists are carried out in batches: what was answered, what became of each row, how far it is.

Revision: 0015, after 0014
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

STATE = "ck_dossier_import_importstate"


def upgrade() -> None:
    """Add the columns; lists that are there were accepted in one go, or wait as they did. Nothing was ever discarded."""
    for name in ("answers", "outcomes"):
        op.add_column("dossier_import", sa.Column(name, JSONB(), nullable=False, server_default="{}"))
    op.add_column("dossier_import", sa.Column("position", sa.Integer(), nullable=False, server_default="0"))
    _states("previewed", "accepting", "accepted")


def downgrade() -> None:
    """Lists under way end where they are."""
    op.execute("update dossier_import set state = 'accepted' where state = 'accepting'")
    _states("previewed", "accepted", "discarded")
    for name in ("position", "outcomes", "answers"):
        op.drop_column("dossier_import", name)


def _states(*states: str) -> None:
    words = ", ".join(f"'{state}'" for state in states)
    op.execute(f"alter table dossier_import drop constraint {STATE}")
    op.execute(f"alter table dossier_import add constraint {STATE} check (state in ({words}))")
