"""Bank statements come in other forms than CODA; what leaves of them as CODA has a series of numbers of its own.

Revision: 0046

`derived_coda` has a row for every statement of another form that was written as CODA: its number, which nothing takes back, and the object.
Erasing the statement takes the object and leaves the number.
"""

import sqlalchemy as sa
from alembic import op

from migrations.ops import company_table

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

FORM = sa.Enum("coda", "camt", "mt940", name="statementform", native_enum=False, length=40)
OWN = (
    "select array[s.file_sha256, s.original_sha256] into own",
    """select array[s.file_sha256, s.original_sha256]
      || array(select d.sha256 from derived_coda d where d.statement_id = s.id and d.sha256 is not null) into own""",
)
EMPTIED = (
    "    update bank_account b set\n",
    """    update derived_coda set sha256 = null, content_hash = null, size = 0 where statement_id = paper;
    update bank_account b set
""",
)


def upgrade() -> None:
    """All statements so far are CODA."""
    op.add_column("statement", sa.Column("form", FORM, server_default="coda", nullable=False))
    op.create_check_constraint(
        op.f("ck_statement_statementform"), "statement", "form in ('coda', 'camt', 'mt940')"
    )
    op.create_index(
        "ix_statement_other_form",
        "statement",
        ["company_id", "account_id"],
        postgresql_where=sa.text("form <> 'coda'"),
    )
    op.create_table(
        "derived_coda",
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("size", sa.Integer(), server_default="0", nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("number between 501 and 999", name=op.f("ck_derived_coda_own_series")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_derived_coda_company_id")),
        sa.ForeignKeyConstraint(
            ["company_id", "statement_id"],
            ["statement.company_id", "statement.id"],
            name=op.f("fk_derived_coda_company_id_statement_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "account_id"],
            ["bank_account.company_id", "bank_account.id"],
            name=op.f("fk_derived_coda_company_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_derived_coda")),
        sa.UniqueConstraint(
            "company_id", "statement_id", name=op.f("uq_derived_coda_company_id_statement_id")
        ),
        sa.UniqueConstraint(
            "account_id", "year", "number", name=op.f("uq_derived_coda_account_id_year_number")
        ),
    )
    op.create_index("ix_derived_coda_content", "derived_coda", ["company_id", "content_hash"])
    company_table("derived_coda")
    _change_erasing(OWN, EMPTIED)


def downgrade() -> None:
    """The release before takes every statement for CODA; it says of the pages of others that their files cannot be read."""
    _change_erasing((OWN[1], OWN[0]), (EMPTIED[1], EMPTIED[0]))
    op.drop_table("derived_coda")
    op.drop_index("ix_statement_other_form", "statement")
    op.drop_constraint(op.f("ck_statement_statementform"), "statement")
    op.drop_column("statement", "form")


def _change_erasing(*changes: tuple[str, str]) -> None:
    """Change what erasing takes along, in the function as it stands.

    Raises:
        AssertionError: a piece is not there once.
    """
    connection = op.get_bind()
    definition = str(connection.scalar(sa.text("select pg_get_functiondef('erase_paper'::regproc)")))
    for old, new in changes:
        assert definition.count(old) == 1, old
        definition = definition.replace(old, new)
    connection.exec_driver_sql(definition)
