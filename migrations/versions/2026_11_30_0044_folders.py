"""Files of a ZIP or a mail know the folder they lay in; a policy may hold what has suspicious attachments.

Revision: 0044, after 0043

Files of one name in different folders are told apart, and a PDF is joined to the UBL of its own folder. `hold_odd_attachments` is the
firm's choice, off where nobody has chosen; `attachments_passed` says that a person has let an item leave as it is.
"""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

# What was erased has no folder any more: it may tell what the file was.
CHANGES = (
    (
        "update intake_file f set\n    erased_at = at,",
        "update intake_file f set\n    erased_at = at, folder = case when f.id = any(whole) then f.folder else '' end,",
    ),
    (
        "erased_at = at, name = '', object_sha256 = null,",
        "erased_at = at, name = '', folder = '', object_sha256 = null,",
    ),
)


def upgrade() -> None:
    """What is there has no folder, is not held, and was never asked about."""
    for table in ("intake_file", "inbox_file"):
        op.add_column(table, sa.Column("folder", sa.Text(), nullable=False, server_default=""))
    op.add_column(
        "export_policy",
        sa.Column("hold_odd_attachments", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column(
        "dossier_item",
        sa.Column("attachments_passed", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    _rewrite(CHANGES)


def downgrade() -> None:
    """Folders and choices are forgotten; what is held stays so until somebody tries again."""
    _rewrite(tuple((new, old) for old, new in reversed(CHANGES)))
    op.drop_column("dossier_item", "attachments_passed")
    op.drop_column("export_policy", "hold_odd_attachments")
    for table in ("inbox_file", "intake_file"):
        op.drop_column(table, "folder")


def _rewrite(changes: tuple[tuple[str, str], ...]) -> None:
    """Change what erasing a paper does, as it stands (0025, 0034), piece by piece.

    Raises:
        AssertionError: a piece is not there once.
    """
    connection = op.get_bind()
    definition = str(connection.scalar(sa.text("select pg_get_functiondef('erase_paper'::regproc)")))
    for old, new in changes:
        assert definition.count(old) == 1, old
        definition = definition.replace(old, new)
    connection.exec_driver_sql(definition)
