"""The VAT regime of a dossier holds from a day on, and says why nothing is filed.

Revision: 0031, after 0030
"""

import sqlalchemy as sa
from alembic import op

from migrations.ops import firm_table

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

NOW = (
    "monthly",
    "quarterly",
    "exempt_small",
    "exempt_activity",
    "mixed",
    "flat_rate",
    "unit_member",
    "none",
)
BEFORE = ("monthly", "quarterly", "exempt", "none")


def upgrade() -> None:
    """What is known holds from the day on which the books or the dossier began; *exempt* meant the small businesses."""
    op.create_table(
        "dossier_vat_regime",
        sa.Column("firm_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column(
            "regime",
            sa.Enum(*NOW, name="vatregime", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["firm_id"], ["firm.id"], name=op.f("fk_dossier_vat_regime_firm_id")),
        sa.ForeignKeyConstraint(
            ["firm_id", "dossier_id"],
            ["dossier.firm_id", "dossier.id"],
            name=op.f("fk_dossier_vat_regime_firm_id_dossier_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier_vat_regime")),
        sa.UniqueConstraint(
            "firm_id",
            "dossier_id",
            "valid_from",
            name=op.f("uq_dossier_vat_regime_firm_id_dossier_id_valid_from"),
        ),
    )
    firm_table("dossier_vat_regime")
    op.execute(
        "insert into dossier_vat_regime (firm_id, id, dossier_id, regime, valid_from)"
        " select firm_id, gen_random_uuid(), id, case vat_regime when 'exempt' then 'exempt_small' else vat_regime end,"
        " least(books_from, (created_at at time zone 'Europe/Brussels')::date) from dossier"
    )
    op.drop_column("dossier", "vat_regime")
    _rename_in_lists("exempt", "exempt_small")


def downgrade() -> None:
    """Keep what holds today, in the old words; who files for others or for a part had none, and counted as quarterly."""
    op.add_column(
        "dossier",
        sa.Column(
            "vat_regime",
            sa.Enum(*BEFORE, name="vatregime", native_enum=False, create_constraint=True, length=40),
            nullable=False,
            server_default="quarterly",
        ),
    )
    op.execute(
        "update dossier d set vat_regime = case"
        " when r.regime like 'exempt%' then 'exempt' when r.regime in ('mixed', 'flat_rate') then 'quarterly'"
        " when r.regime = 'unit_member' then 'none' else r.regime end"
        " from (select distinct on (dossier_id) dossier_id, regime from dossier_vat_regime"
        "  order by dossier_id, valid_from > current_date, case when valid_from <= current_date then valid_from end desc, valid_from) r"
        " where r.dossier_id = d.id"
    )
    op.alter_column("dossier", "vat_regime", server_default=None)
    op.drop_table("dossier_vat_regime")
    for now in ("exempt_small", "exempt_activity"):
        _rename_in_lists(now, "exempt")


def _rename_in_lists(before: str, now: str) -> None:
    """What a preview says it would change; inside of a text such quotes would be escaped."""
    for pattern, text in (
        (rf'("vat_regime": \[)"{before}"(, "[a-z_]*"\])', rf'\1"{now}"\2'),
        (rf'("vat_regime": \["[a-z_]*", )"{before}"(\])', rf'\1"{now}"\2'),
    ):
        op.execute(
            sa.text(
                "update dossier_import set rows = regexp_replace(rows::text, :pattern, :text, 'g')::jsonb"
                " where rows::text ~ :pattern"
            ).bindparams(pattern=pattern, text=text)
        )
