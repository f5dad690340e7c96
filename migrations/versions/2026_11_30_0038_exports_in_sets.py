"""What an export writes is looked at once for all of its rows.

Revision: 0038, after 0037

A trigger for each of ten thousand locks, and of ten thousand exported facts, does the same look-up as often. After the statement one
look at all its rows says the same: nobody else sees them before. The owner of a lock or of an exported fact is that of what it
refers to, by a key that names it; a second key to the owner alone says nothing more.

Two small indexes: what an open export holds, and documents in which something does not agree.
"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

# Taking the papers makes a concurrent edit either finish before the locks stand for others, or meet them.
TAKES_THE_ROWS = """
create or replace function document_lock_takes_the_row() returns trigger language plpgsql
  security definer set search_path = public, pg_temp as $$
begin
  perform 1 from document d join new_rows n on d.company_id = n.company_id and d.id = n.document_id
  order by d.id for no key update of d;
  perform 1 from statement s join new_rows n on s.company_id = n.company_id and s.id = n.statement_id
  order by s.id for no key update of s;
  return null;
end $$
"""
TAKES_THE_ROW = """
create or replace function document_lock_takes_the_row() returns trigger language plpgsql
  security definer set search_path = public, pg_temp as $$
begin
  if new.document_id is not null then
    perform 1 from document where company_id = new.company_id and id = new.document_id for no key update;
  else
    perform 1 from statement where company_id = new.company_id and id = new.statement_id for no key update;
  end if;
  return new;
end $$
"""

# Left before is a fact of the firm and the document, whatever item it left by.
LEAVE_ONCE = """
create or replace function leaves_once() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  if exists (
    select 1 from new_rows n
    join dossier_item mine on mine.firm_id = n.firm_id and mine.id = n.item_id
    join dossier_item other on other.firm_id = mine.firm_id and other.state = 'superseded'
      and coalesce(other.document_id, other.statement_id) = coalesce(mine.document_id, mine.statement_id)
    join bundle_item b on b.firm_id = other.firm_id and b.item_id = other.id and b.version = n.version
    where not n.reexport)
  then
    raise exception 'this version has left before, in another dossier' using errcode = '23505';
  end if;
  return null;
end $$
"""
LEAVES_ONCE = """
create or replace function leaves_once() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  if not new.reexport and exists (
    select 1 from dossier_item mine
    join dossier_item other on other.firm_id = mine.firm_id and other.state = 'superseded'
      and coalesce(other.document_id, other.statement_id) = coalesce(mine.document_id, mine.statement_id)
    join bundle_item b on b.firm_id = other.firm_id and b.item_id = other.id and b.version = new.version
    where mine.firm_id = new.firm_id and mine.id = new.item_id)
  then
    raise exception 'this version has left before, in another dossier' using errcode = '23505';
  end if;
  return new;
end $$
"""
TRIGGERS = {"document_lock_takes_the_row": "document_lock", "leaves_once": "bundle_item"}
IMPLIED = {
    ("document_lock", "company"),  # by the document or statement
    ("document_lock", "firm"),  # by the item
    ("bundle_item", "firm"),  # by the export
}


def upgrade() -> None:
    """A look for each statement."""
    for name, table in TRIGGERS.items():
        op.execute(f"drop trigger {name} on {table}")
    op.execute(TAKES_THE_ROWS)
    op.execute(LEAVE_ONCE)
    for name, table in TRIGGERS.items():
        op.execute(
            f"create trigger {name} after insert on {table} referencing new table as new_rows"
            f" for each statement execute function {name}()"
        )
    for table, owner in sorted(IMPLIED):
        op.drop_constraint(op.f(f"fk_{table}_{owner}_id"), table)
    op.create_index(
        "ix_dossier_item_reserved",
        "dossier_item",
        ["export_id"],
        postgresql_where=sa.text("state = 'reserved'"),
    )
    op.create_index(
        "ix_document_findings",
        "document",
        ["company_id", "issue_date", "id"],
        postgresql_where=sa.text("findings <> '[]'::jsonb"),
    )


def downgrade() -> None:
    """A look for each row."""
    op.drop_index("ix_document_findings", table_name="document")
    op.drop_index("ix_dossier_item_reserved", table_name="dossier_item")
    for table, owner in sorted(IMPLIED):
        op.create_foreign_key(op.f(f"fk_{table}_{owner}_id"), table, owner, [f"{owner}_id"], ["id"])
    for name, table in TRIGGERS.items():
        op.execute(f"drop trigger {name} on {table}")
    op.execute(TAKES_THE_ROW)
    op.execute(LEAVES_ONCE)
    for name, table in TRIGGERS.items():
        op.execute(f"create trigger {name} before insert on {table} for each row execute function {name}()")
