"""Files that come to the office as a whole have a place of their own; every file says through which channel it came, and who sent it.

Revision: 0034, after 0033
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.ops import firm_table

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

CHANNELS = ("office", "member", "inbox")
STATES = ("received", "waiting", "routed", "split", "discarded")

# Of the files that are there nobody wrote down how they came. An office names its dossier, and members hand in at none; of the time before
# offices did, whoever handed it in tells.
NEAREST = """
update intake_file f set channel = case
  when f.dossier_id is not null then 'office'
  when exists (select 1 from company_member m where m.company_id = f.company_id and m.person_id = f.received_by) then 'member'
  when exists (select 1 from firm_member m where m.person_id = f.received_by) then 'office'
  else 'member' end
"""

# What was handed over and is erased there, with the archive it was taken from, is erased in the inbox as well.
DECLARED = ("  uploads uuid[];\n", "  uploads uuid[];\n  inbox uuid[];\n")
FOUND = (
    "  from intake_file f where f.id = any(files || archives);\n\n  update erasure set\n",
    """  from intake_file f where f.id = any(files || archives);
  with went as (select i.id, i.parent_id, i.upload_id from inbox_file i where i.intake_file_id = any(files || archives))
  select coalesce(array_agg(distinct x), '{}') into inbox
  from (select id from went union all select parent_id from went union all select upload_id from went) as all_of(x)
  where x is not null;

  update erasure set
""",
)
NAMED = (
    "subjects = array[paper] || files || archives || uploads ||",
    "subjects = array[paper] || files || archives || uploads || inbox ||",
)
EMPTIED = (
    "  update client_notice n set\n",
    """  update inbox_file i set
    erased_at = at, name = '', object_sha256 = null, reason = case when i.state = 'split' then 'erased_part' else 'erased' end,
    reason_params = '{}', handled_at = coalesce(i.handled_at, at)
  where i.id = any(inbox) and i.erased_at is null;
  update client_notice n set
""",
)
CHANGES = (DECLARED, FOUND, NAMED, EMPTIED)


def upgrade() -> None:
    """Old files get the nearest truth, also those that were erased: the triggers stand back for it."""
    op.alter_column("intake_file", "received_by_name", new_column_name="sender")
    op.add_column("intake_file", sa.Column("channel", sa.String(40), nullable=True))
    op.execute("alter table intake_file disable trigger user")
    op.execute(NEAREST)
    op.execute("alter table intake_file enable trigger user")
    op.alter_column("intake_file", "channel", nullable=False)
    op.create_check_constraint(op.f("ck_intake_file_channel"), "intake_file", _one_of("channel", CHANNELS))
    op.create_table(
        "inbox_file",
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("object_sha256", sa.Text(), nullable=True),
        sa.Column("intake_file_id", sa.Uuid(), nullable=True),
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("reason_params", JSONB(), server_default="{}", nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("sender", sa.Text(), server_default="", nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_by", sa.Uuid(), nullable=True),
        sa.Column("dossier_id", sa.Uuid(), nullable=True),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("begun", sa.Integer(), server_default="0", nullable=False),
        sa.Column("firm_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(_one_of("state", STATES), name=op.f("ck_inbox_file_inboxstate")),
        sa.CheckConstraint(_one_of("channel", CHANNELS), name=op.f("ck_inbox_file_channel")),
        sa.ForeignKeyConstraint(["firm_id"], ["firm.id"], name=op.f("fk_inbox_file_firm_id")),
        sa.ForeignKeyConstraint(
            ["firm_id", "dossier_id"],
            ["dossier.firm_id", "dossier.id"],
            name=op.f("fk_inbox_file_firm_id_dossier_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_file")),
    )
    op.create_index("ix_inbox_file_upload", "inbox_file", ["firm_id", "upload_id"])
    op.create_index("ix_inbox_file_state", "inbox_file", ["firm_id", "state", "received_at"])
    op.create_index(
        "ix_inbox_file_received", "inbox_file", ["upload_id"], postgresql_where=sa.text("state = 'received'")
    )
    op.create_index(
        "ix_inbox_file_went",
        "inbox_file",
        ["intake_file_id"],
        postgresql_where=sa.text("intake_file_id is not null"),
    )
    op.create_index(
        "ix_inbox_file_handled",
        "inbox_file",
        ["handled_at"],
        postgresql_where=sa.text("handled_at is not null"),
    )
    firm_table("inbox_file")
    _rewrite(CHANGES)


def downgrade() -> None:
    """What waits in an inbox has no place any more; what was handed over stays where it is."""
    _rewrite(tuple((new, old) for old, new in reversed(CHANGES)))
    op.drop_table("inbox_file")
    op.drop_constraint(op.f("ck_intake_file_channel"), "intake_file", type_="check")
    op.drop_column("intake_file", "channel")
    op.alter_column("intake_file", "sender", new_column_name="received_by_name")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return "{} in ({})".format(column, ", ".join(f"'{value}'" for value in values))


def _rewrite(changes: tuple[tuple[str, str], ...]) -> None:
    """Change what erasing a paper does, as it stands (0025), piece by piece.

    Raises:
        AssertionError: a piece is not there once.
    """
    connection = op.get_bind()
    definition = str(connection.scalar(sa.text("select pg_get_functiondef('erase_paper'::regproc)")))
    for old, new in changes:
        assert definition.count(old) == 1, old
        definition = definition.replace(old, new)
    connection.exec_driver_sql(definition)
