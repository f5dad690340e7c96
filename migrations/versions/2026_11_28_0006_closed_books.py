"""Up to which day the books of a dossier are closed: nothing dated until then is unlocked any more.

Revision: 0006, after 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the day; nothing is closed."""
    op.add_column("dossier", sa.Column("closed_until", sa.Date(), nullable=True))


def downgrade() -> None:
    """Forget it: closed periods are open again."""
    op.drop_column("dossier", "closed_until")
