"""Received originals are put aside, not deleted, while they must be kept; the database refuses their deletion, whoever asks.

Revision: 0021, after 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

PAPERS = ("document", "statement")
STATES = ("new", "waiting", "held", "ready", "reserved", "bundled", "delivered", "aside", "superseded")
COLUMNS = (
    ("aside_at", sa.DateTime(timezone=True)),
    ("aside_reason", sa.Text()),
    ("aside_by", sa.Text()),
)
# portal.features.documents.domain.kept_until has the same rule: ten years from 1 January after the date.
KEEP = """
create function keep_original() returns trigger language plpgsql set search_path = public, pg_temp as $$
declare
  gone jsonb := to_jsonb(old);
  day date := coalesce(gone->>'issue_date', gone->>'new_date', gone->>'old_date',
    ((gone->>'received_at')::timestamptz at time zone 'Europe/Brussels')::date::text)::date;
begin
  if gone->>'state' is distinct from 'draft'
    and extract(year from (now() at time zone 'Europe/Brussels')) <= extract(year from day) + 10
  then
    raise exception 'a received % is kept until the end of %', tg_table_name, extract(year from day) + 10
      using errcode = 'FL004';
  end if;
  return old;
end $$
"""
COUNTERS = ("insert", "update", "delete")
BEFORE, NOW = "state <> ''superseded''", "state not in (''superseded'', ''aside'')"


def _counters(old: str, new: str) -> None:
    """What is put aside is no item to count."""
    for command in COUNTERS:
        op.execute(
            "do $do$ begin execute replace("
            f"pg_get_functiondef('count_items_{command}()'::regprocedure), '{old}', '{new}'); end $do$"
        )


def _states(states: tuple[str, ...]) -> None:
    op.execute("alter table dossier_item drop constraint ck_dossier_item_itemstate")
    quoted = ", ".join(f"'{state}'" for state in states)
    op.execute(
        f"alter table dossier_item add constraint ck_dossier_item_itemstate check (state in ({quoted}))"
    )


def _key(where: str) -> None:
    op.drop_index("uq_document_duplicate", "document")
    op.create_index(
        "uq_document_duplicate",
        "document",
        ["company_id", "duplicate_key"],
        unique=True,
        postgresql_where=sa.text(where),
    )


def upgrade() -> None:
    """Nothing is put aside yet."""
    for table in PAPERS:
        for name, kind in COLUMNS:
            op.add_column(table, sa.Column(name, kind, nullable=True))
    _key("duplicate_key is not null and aside_at is null")
    _states(STATES)
    _counters(BEFORE, NOW)
    op.execute(KEEP)
    for table in (*PAPERS, "intake_file"):
        op.execute(
            f"create trigger keep_{table} before delete on {table} for each row execute function keep_original()"
        )


def downgrade() -> None:
    """What was put aside counts again."""
    for table in (*PAPERS, "intake_file"):
        op.execute(f"drop trigger keep_{table} on {table}")
    op.execute("drop function keep_original()")
    op.execute(
        "update dossier_item set state = coalesce(state_before, 'ready'), state_before = null where state = 'aside'"
    )
    _counters(NOW, BEFORE)
    _states(tuple(state for state in STATES if state != "aside"))
    _key("duplicate_key is not null")
    for table in PAPERS:
        for name, _kind in COLUMNS:
            op.drop_column(table, name)
