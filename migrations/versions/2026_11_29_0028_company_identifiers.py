"""What else a company is known by than its number: a table with kind, days, source and evidence instead of a list of texts.

Revision: 0028, after 0027
"""

import sqlalchemy as sa
from alembic import op

from migrations.ops import company_table

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

SCHEMES = ("enterprise", "vat", "gln", "peppol", "foreign")
SOURCES = ("typed", "import", "register")


def upgrade() -> None:
    """The table; what stood in the list is a number of some register, as far as anybody knows."""
    op.create_table(
        "company_identifier",
        sa.Column(
            "scheme",
            sa.Enum(*SCHEMES, name="scheme", native_enum=False, length=40, create_constraint=True),
            nullable=False,
        ),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column(
            "source",
            sa.Enum(*SOURCES, name="source", native_enum=False, length=40, create_constraint=True),
            nullable=False,
        ),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("valid_until >= valid_from", name=op.f("ck_company_identifier_period")),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_company_identifier_company_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company_identifier")),
    )
    op.create_index(
        "uq_company_identifier_standing",
        "company_identifier",
        ["company_id", "scheme", "value"],
        unique=True,
        postgresql_where=sa.text("valid_until is null"),
    )
    op.execute(
        "insert into company_identifier (company_id, id, scheme, value, source, evidence)"
        " select distinct on (c.id, n) c.id, gen_random_uuid(), 'foreign', n, 'import', ''"
        " from company c cross join unnest(c.other_numbers) n"
    )
    company_table("company_identifier")
    op.drop_column("company", "other_numbers")


def downgrade() -> None:
    """The values that stand, in a list."""
    op.add_column(
        "company",
        sa.Column("other_numbers", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
    )
    op.execute(
        "update company c set other_numbers = (select array_agg(i.value order by i.value) from company_identifier i"
        " where i.company_id = c.id and i.valid_until is null)"
        " where exists (select from company_identifier i where i.company_id = c.id and i.valid_until is null)"
    )
    op.drop_table("company_identifier")
