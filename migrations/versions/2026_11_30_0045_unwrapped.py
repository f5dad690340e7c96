"""A document whose original is no UBL says what became of it: what leaves as UBL, from where, and what its envelope said.

Revision: 0045, after 0044

Of documents that are there the original is the UBL itself: nothing is to be filled in. Erasing empties the columns, and takes the
UBL that waits with a file in quick entry.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

ERASED = {
    "ubl_sha256 = null, pdf_sha256": "ubl_sha256 = null, ubl_size = null, ubl_origin = null, envelope = '{}', pdf_sha256",
    "coalesce(array_agg(f.hints->>'pdf_sha256'), '{}')": (
        "coalesce(array_agg(f.hints->>'pdf_sha256'), '{}') || coalesce(array_agg(f.hints->>'ubl_sha256'), '{}')"
    ),
}
"""What erasing empties and takes along (the function `erase_paper`)."""


def upgrade() -> None:
    """Nothing came in anything else yet."""
    op.add_column("document", sa.Column("ubl_size", sa.Integer(), nullable=True))
    op.add_column("document", sa.Column("ubl_origin", sa.Text(), nullable=True))
    op.add_column(
        "document", sa.Column("envelope", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False)
    )
    _erase(ERASED)


def _erase(changes: dict[str, str]) -> None:
    """Change what erasing does, in the function as it stands."""
    body = str(op.get_bind().scalar(sa.text("select pg_get_functiondef('erase_paper'::regproc)")))
    for old, new in changes.items():
        if body.count(old) != 1:
            raise RuntimeError(f"erase_paper does not say {old!r} once")
        body = body.replace(old, new)
    op.get_bind().exec_driver_sql(body)


def downgrade() -> None:
    """Forget it. A document that came in an envelope keeps its UBL, and is told from the original by its hash alone."""
    _erase({new: old for old, new in ERASED.items()})
    for column in ("envelope", "ubl_origin", "ubl_size"):
        op.drop_column("document", column)
