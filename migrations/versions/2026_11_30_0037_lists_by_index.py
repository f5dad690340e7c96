"""Lists, searches and queues find their rows by index, however many documents there are.

Revision: 0037, after 0036

Every order in which a company's documents are listed has an index that begins with the company; an item is found by its document; what a
list counts is read from one index. *Search everything* looks for parts of words: its index cannot be used under row security, because
`like` is not leakproof. `find_items` reads it beyond row security, names the firm itself, and gives nothing but ids, whose rows
the caller then reads under row security again (docs/decisions/0011).
"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

STATE = ["firm_id", "dossier_id", "state", "received_at"]
SORTS = ("received_at", "sort_key", "number", "gross")
SIGNATURE = "find_items(text, text, boolean, uuid, int)"
NUMBER_KEY = """
create function number_key(number text) returns text language sql immutable strict parallel safe
return translate(lower(number), ' -./_:,;#*+()|''"&%\\', '')
"""
SEEN = """i.state not in ('aside', 'superseded') and (manager is null or i.dossier_id in (
          select s.dossier_id from dossier_staff s
          where s.firm_id = current_firm() and s.person_id = manager and s.role = 'manager' and s.until is null))"""
NEWEST = f"""array(
    select i.id from (
      select * from dossier_item where firm_id = current_firm() order by item_date desc, id desc limit %s
    ) i
    where (key <> '' and number_key(i.number) like '%%' || key || '%%' or i.fold like name_pattern)
      and {SEEN}
    order by i.item_date desc, i.id desc limit most
  )"""
MET = f"""select i.id, i.item_date from dossier_item i
      where i.firm_id = current_firm() and {SEEN}
        and (key <> '' and case when length(key) > 2 then number_key(i.number) like '%' || key || '%' else number_key(i.number) = key end
          or by_parts and i.fold like name_pattern)"""
FIND_ITEMS = f"""
create function find_items(searched text, name_pattern text, by_parts boolean, manager uuid, most int)
returns setof uuid language plpgsql stable security definer rows 30 set search_path = public, pg_temp
set plan_cache_mode = force_custom_plan as $$
declare
  key text := number_key(searched);
  found uuid[];
begin
  -- What is met often is among the newest, what is met seldom is found by its parts. Only what was met often and long ago is sorted.
  found := {NEWEST % 2_000};
  if cardinality(found) >= most then
    return query select unnest(found);
    return;
  end if;
  found := array(
    select met.id from (
      ({MET} limit 6001) union select i.id, i.item_date from dossier_item i where i.id = any(found)
    ) met order by met.item_date desc, met.id desc
  );
  if cardinality(found) <= 6000 then
    return query select unnest(found) limit most;
    return;
  end if;
  found := {NEWEST % 20_000};
  if cardinality(found) >= most then
    return query select unnest(found);
    return;
  end if;
  return query
    with met as materialized (
      {MET} union select i.id, i.item_date from dossier_item i where i.id = any(found)
    )
    select met.id from met order by met.item_date desc, met.id desc limit most;
end $$
"""


def upgrade() -> None:
    """Add the indexes and the function."""
    for column in SORTS:
        op.create_index(f"ix_document_by_{column}", "document", ["company_id", column, "id"])
    op.create_index(
        "ix_document_out_of_sight",
        "document",
        ["company_id"],
        postgresql_where=sa.text("aside_at is not null or erased_at is not null"),
    )
    for subject in ("document", "statement"):
        op.create_index(
            f"ix_dossier_item_{subject}",
            "dossier_item",
            [f"{subject}_id"],
            postgresql_where=sa.text(f"{subject}_id is not null"),
        )
    op.create_index(
        "ix_dossier_item_counted",
        "dossier_item",
        ["company_id", "document_id"],
        postgresql_include=["firm_id", "dossier_id", "state", "approval", "kind", "id"],
        postgresql_where=sa.text("document_id is not null"),
    )
    op.drop_index("ix_dossier_item_state", table_name="dossier_item")
    op.create_index("ix_dossier_item_state", "dossier_item", STATE, postgresql_include=["company_id"])
    op.create_index("ix_dossier_item_latest", "dossier_item", ["firm_id", "item_date", "id"])
    op.create_index(
        "ix_audit_event_of_members",
        "audit_event",
        ["company_id", "at", "id"],
        postgresql_where=sa.text("firm_id is null"),
    )
    op.execute("create extension if not exists pg_trgm")
    op.execute("create extension if not exists btree_gin")
    op.execute(NUMBER_KEY)
    op.execute("revoke all on function number_key(text) from public")
    op.execute(
        "create index ix_dossier_item_found on dossier_item"
        " using gin (firm_id, fold gin_trgm_ops, number_key(number) gin_trgm_ops)"
    )
    op.execute(FIND_ITEMS)
    op.execute(f"revoke all on function {SIGNATURE} from public")
    op.execute(f"grant execute on function {SIGNATURE} to portal_app")


def downgrade() -> None:
    """Take them away again; the extensions stay: they may have been there before."""
    op.execute(f"drop function {SIGNATURE}")
    for name in ("found", "latest", "counted", "statement", "document"):
        op.drop_index(f"ix_dossier_item_{name}", table_name="dossier_item")
    op.execute("drop function number_key(text)")
    op.drop_index("ix_dossier_item_state", table_name="dossier_item")
    op.create_index("ix_dossier_item_state", "dossier_item", STATE)
    op.drop_index("ix_audit_event_of_members", table_name="audit_event")
    op.drop_index("ix_document_out_of_sight", table_name="document")
    for column in SORTS:
        op.drop_index(f"ix_document_by_{column}", table_name="document")
