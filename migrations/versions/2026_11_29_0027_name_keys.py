"""Names have keys beside them, by which lists are sorted and searched.

Written in Python, since the database knows neither letters nor numbers (no ICU); a batch at a time. What was locked or erased gets its
keys like everything else: they say nothing that the name does not say.

Revision: 0027, after 0026
"""

import sqlalchemy as sa
from alembic import op

from portal.kernel.names import name_keys

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

BATCH = 5000
TABLES = {
    "dossier": ("name", ("sort_key", "fold")),
    "company": ("name", ("sort_key",)),
    "person": ("name", ("sort_key",)),
    "document": ("counterparty_name", ("sort_key", "fold")),
    "dossier_item": ("counterparty", ("fold",)),
}
"""The column with the name, and its keys."""
EMPTIED = {
    "counterparty_name = '',": "counterparty_name = '', sort_key = '', fold = '',",
    "counterparty = '',": "counterparty = '', fold = '',",
}
"""What erasing empties (the function `erase_paper`)."""


def upgrade() -> None:
    """Add the keys and write them."""
    for table, (name, keys) in TABLES.items():
        for key in keys:
            op.add_column(table, sa.Column(key, sa.Text(), nullable=True))
        # A key is no change of a locked paper, nothing to count, and nothing to tell.
        op.execute(f"alter table {table} disable trigger user")
        _write_keys(op.get_bind(), table, name, keys)
        op.execute(f"alter table {table} enable trigger user")
        for key in keys:
            op.alter_column(table, key, nullable=False)
    op.drop_index("ix_dossier_list", table_name="dossier")
    op.create_index("ix_dossier_list", "dossier", ["firm_id", "sort_key", "id"])
    op.create_index("ix_dossier_fold", "dossier", ["firm_id", "fold"])
    _erase(EMPTIED)


def _write_keys(connection: sa.Connection, table: str, name: str, keys: tuple[str, ...]) -> None:
    columns = sa.table(
        table, sa.column("id", sa.Uuid()), *(sa.column(one, sa.Text()) for one in (name, *keys))
    )
    new = sa.values(sa.column("of", sa.Uuid()), *(sa.column(key, sa.Text()) for key in keys), name="new")
    last = None
    while True:
        batch = sa.select(columns.c.id, columns.c[name]).order_by(columns.c.id).limit(BATCH)
        found = connection.execute(batch if last is None else batch.where(columns.c.id > last)).all()
        if not found:
            return
        last = found[-1].id
        rows = [(row.id, *(getattr(name_keys(row[1]), key) for key in keys)) for row in found]
        written = new.data(rows)
        connection.execute(
            sa.update(columns)
            .where(columns.c.id == written.c.of)
            .values({key: written.c[key] for key in keys})
        )


def _erase(changes: dict[str, str]) -> None:
    """Change what erasing empties, in the function as it stands."""
    body = op.get_bind().scalar(sa.text("select pg_get_functiondef('erase_paper'::regproc)"))
    for old, new in changes.items():
        if body.count(old) != 1:
            raise RuntimeError(f"erase_paper does not say {old!r} once")
        body = body.replace(old, new)
    op.get_bind().exec_driver_sql(body)


def downgrade() -> None:
    """The names alone."""
    _erase({new: old for old, new in EMPTIED.items()})
    op.drop_index("ix_dossier_fold", "dossier")
    op.drop_index("ix_dossier_list", "dossier")
    op.create_index("ix_dossier_list", "dossier", ["firm_id", "name", "id"])
    for table, (_name, keys) in TABLES.items():
        for key in keys:
            op.drop_column(table, key)
