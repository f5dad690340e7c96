"""Whose dossiers a person has is found by the person first.

Revision: 0036, after 0035

An index that began with the firm was taken for the manager of a single dossier as well, as long as nothing was known of the table's
values: every row of a list then read all dossiers of the firm.
"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

OPEN = sa.text("until is null")


def upgrade() -> None:
    """The person before the firm."""
    op.drop_index("ix_dossier_staff_person", table_name="dossier_staff")
    op.create_index(
        "ix_dossier_staff_person", "dossier_staff", ["person_id", "firm_id"], postgresql_where=OPEN
    )


def downgrade() -> None:
    """The firm before the person."""
    op.drop_index("ix_dossier_staff_person", table_name="dossier_staff")
    op.create_index(
        "ix_dossier_staff_person", "dossier_staff", ["firm_id", "person_id"], postgresql_where=OPEN
    )
