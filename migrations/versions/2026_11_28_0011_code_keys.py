"""Dossier codes are told apart by what a folder tells apart: a key beside each code, unique per firm.

Nothing stops at a clash: the older dossier keeps the key; the other's code stays without one, which the work list shows and for which
its deliveries wait.

Revision: 0011, after 0010
"""

import sqlalchemy as sa
from alembic import op

from portal.features.dossiers.domain.codes import code_key

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BATCH = 1000


def upgrade() -> None:
    """Add the key, write it, and let the database keep it unique instead of the code."""
    op.add_column("dossier", sa.Column("code_key", sa.Text(), nullable=True))
    _write_keys(op.get_bind())
    op.drop_index("uq_dossier_code", table_name="dossier")
    op.create_index(
        "uq_dossier_code_key",
        "dossier",
        ["firm_id", "code_key"],
        unique=True,
        postgresql_where=sa.text("code_key is not null"),
    )
    op.create_index(
        "ix_dossier_code_clash",
        "dossier",
        ["firm_id"],
        postgresql_where=sa.text("code is not null and code_key is null"),
    )
    op.create_check_constraint("code_key", "dossier", "code is not null or code_key is null")


def _write_keys(connection: sa.Connection) -> None:
    dossier = sa.table(
        "dossier",
        sa.column("firm_id", sa.Uuid()),
        sa.column("id", sa.Uuid()),
        sa.column("code", sa.Text()),
        sa.column("code_key", sa.Text()),
        sa.column("created_at", sa.DateTime(timezone=True)),
    )
    found = connection.execute(
        sa.select(dossier.c.firm_id, dossier.c.id, dossier.c.code)
        .where(dossier.c.code.is_not(None))
        .order_by(dossier.c.created_at, dossier.c.id)
    ).all()
    taken: set[tuple[object, str]] = set()
    keyed: list[dict[str, object]] = []
    for row in found:
        key = code_key(row.code)
        if (row.firm_id, key) not in taken:
            taken.add((row.firm_id, key))
            keyed.append({"of": row.id, "key": key})
    write = (
        sa.update(dossier)
        .where(dossier.c.id == sa.bindparam("of"))
        .values(code_key=sa.bindparam("key", type_=sa.Text()))
    )
    for start in range(0, len(keyed), BATCH):
        connection.execute(write, keyed[start : start + BATCH])


def downgrade() -> None:
    """The key goes; codes are unique as they are written, as they were before."""
    op.drop_constraint(op.f("ck_dossier_code_key"), "dossier", type_="check")
    op.drop_index("ix_dossier_code_clash", table_name="dossier")
    op.drop_index("uq_dossier_code_key", table_name="dossier")
    op.drop_column("dossier", "code_key")
    op.create_index(
        "uq_dossier_code",
        "dossier",
        ["firm_id", "code"],
        unique=True,
        postgresql_where=sa.text("code is not null"),
    )
