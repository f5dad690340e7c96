"""A document or statement belongs to one of a firm's dossiers; two dossiers on one company are told apart by their activity.

What stood in two dossiers: the item that left first stays (else the oldest dossier's), the others become *superseded* and wait for a
look of the office. Dossiers on one company with the same activity (or none) get a number behind it, the oldest keeps its own.

Revision: 0012, after 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

SUBJECTS = ("document", "statement")
STATES = ("new", "waiting", "held", "ready", "reserved", "bundled", "delivered", "superseded")
GIVEN_UP = "Everything of this export stands in another dossier of your office; nothing was exported."

ACTIVITIES = """
do $$
declare
  one record;
  place integer;
  label text;
begin
  for one in select d.* from dossier d where exists (
      select 1 from dossier o where o.firm_id = d.firm_id and o.id <> d.id
        and (o.company_id = d.company_id or (o.country = d.country and o.number = d.number)))
    order by d.firm_id, d.created_at, d.id
  loop
    place := 1;
    label := btrim(coalesce(one.activity, ''));
    while exists (
      select 1 from dossier o where o.firm_id = one.firm_id and o.id <> one.id
        and (o.company_id = one.company_id or (o.country = one.country and o.number = one.number))
        and lower(btrim(coalesce(o.activity, ''))) = lower(label)
        and (place > 1 or (o.created_at, o.id) < (one.created_at, one.id)))
    loop
      place := place + 1;
      label := btrim(coalesce(one.activity, '') || ' ' || place);
    end loop;
    if place > 1 then
      update dossier set activity = label where id = one.id;
    end if;
  end loop;
end $$
"""

# Which item stays: what left first, what an export holds, what an open dossier has, the oldest dossier's.
DOUBLES = """
create temporary table double_item on commit drop as
select * from (
  select i.id, i.firm_id, i.export_id, i.bundled_version,
         first_value(i.id) over ranked as winner, row_number() over ranked as place
  from dossier_item i
  join dossier d on d.id = i.dossier_id
  left join lateral (
    select min(e.finished_at) as at from bundle_item b join export e on e.id = b.export_id
    where b.firm_id = i.firm_id and b.item_id = i.id) as departure on true
  where (i.firm_id, coalesce(i.document_id, i.statement_id)) in (
    select firm_id, coalesce(document_id, statement_id) from dossier_item group by 1, 2 having count(*) > 1)
  window ranked as (
    partition by i.firm_id, coalesce(i.document_id, i.statement_id)
    order by departure.at nulls last, (i.state = 'reserved') desc, (d.access in ('managed', 'granted')) desc, d.created_at, d.id)
) as ranked
where place > 1
"""
# What left in another dossier has left: the one that stays is not due again in that version.
WINNERS = """
update dossier_item w set
  bundled_version = greatest(w.bundled_version, other.latest),
  state = case when w.state in ('new', 'waiting', 'held', 'ready') and other.latest >= w.version
               then 'bundled' else w.state end
from (select winner, max(bundled_version) as latest from double_item group by winner) as other
where w.id = other.winner and other.latest is not null
"""
_SHOWN = """
update dossier_item w set locked = true from document_lock l
where l.item_id = w.id and not w.locked and l.reason = 'exported' and w.id in (select winner from double_item)
"""
_LOSER_LOCK = "delete from document_lock l using double_item x where l.item_id = x.id and "
LOCKS = (
    _LOSER_LOCK + "l.reason = 'exporting'",
    _LOSER_LOCK + "exists (select 1 from document_lock k where k.item_id = x.winner)",
    _LOSER_LOCK
    + "exists (select 1 from document_lock k join double_item y on y.id = k.item_id"
    + " where y.winner = x.winner and y.place < x.place)",
    "update document_lock l set item_id = x.winner from double_item x where l.item_id = x.id",
    _SHOWN,
)
LOSERS = """
update dossier_item i set
  state = 'superseded',
  state_before = case when i.state = 'reserved' then coalesce(i.state_before, 'ready') else i.state end,
  approval = case when i.approval = 'waiting' then 'not_needed' else i.approval end,
  export_id = null,
  locked = false
from double_item x where i.id = x.id
"""
EXPORTS = f"""
update export e set state = 'abandoned', problem = '{GIVEN_UP}', finished_at = now()
where e.state in ('choosing', 'building') and e.id in (select export_id from double_item)
  and not exists (select 1 from dossier_item i where i.export_id = e.id and i.state = 'reserved')
"""

# Left before is a fact of the firm and the document, whatever item it left by.
LEAVES_ONCE = """
create function leaves_once() returns trigger language plpgsql set search_path = public, pg_temp as $$
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

COUNT_ITEMS = """
create or replace function count_items() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update dossier d set
    waiting_count = d.waiting_count + c.waiting,
    ready_count = d.ready_count + c.ready,
    item_count = d.item_count + c.items,
    last_activity_at = greatest(d.last_activity_at, c.latest),
    oldest_open_at = (select min(i.received_at) from dossier_item i
                      where i.firm_id = d.firm_id and i.dossier_id = d.id and i.state in ('waiting', 'ready'))
  from (
    select dossier_id,
           coalesce(sum(sign) filter (where state = 'waiting'), 0) as waiting,
           coalesce(sum(sign) filter (where state = 'ready'), 0) as ready,
           coalesce(sum(sign) filter (where state <> 'superseded'), 0) as items,
           max(received_at) as latest
    from ({changes}) as change
    group by dossier_id
    order by dossier_id
  ) as c
  where d.id = c.dossier_id;
  return null;
end $$
"""
NEW_ROWS = "select dossier_id, state, received_at, 1 as sign from new_rows"
OLD_ROWS = "select dossier_id, state, received_at, -1 as sign from old_rows"

# The dossier of a firm to which a paper of a company belongs: where it was handed in, else the first one that is open.
DOSSIER_FOR = """
create function dossier_for(firm uuid, company uuid, handed_in uuid) returns uuid language sql stable as $$
  select d.id from dossier d
  where d.firm_id = firm and d.company_id = company and d.access in ('managed', 'granted')
  order by (d.id is not distinct from handed_in) desc, d.created_at, d.id
  limit 1
$$
"""
COUNT_INTAKE = """
create or replace function count_intake() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update dossier d set
    quick_entry_count = d.quick_entry_count + c.files,
    last_activity_at = greatest(d.last_activity_at, c.latest)
  from (
    select place.id, coalesce(sum(sign) filter (where state = 'to_process'), 0) as files, max(received_at) as latest
    from ({changes}) as change
    cross join lateral (
      select distinct on (o.firm_id) o.id from dossier o
      where o.company_id = change.company_id and o.access in ('managed', 'granted')
      order by o.firm_id, (o.id is not distinct from change.dossier_id) desc, o.created_at, o.id
    ) as place
    group by place.id
  ) as c
  where d.id = c.id and c.files <> 0;
  return null;
end $$
"""
COUNT_INTAKE_BEFORE = """
create or replace function count_intake() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update dossier d set
    quick_entry_count = d.quick_entry_count + c.files,
    last_activity_at = greatest(d.last_activity_at, c.latest)
  from (
    select company_id, coalesce(sum(sign) filter (where state = 'to_process'), 0) as files, max(received_at) as latest
    from ({changes}) as change
    group by company_id
  ) as c
  where d.company_id = c.company_id and d.access in ('managed', 'granted') and c.files <> 0;
  return null;
end $$
"""
NEW_FILES = "select company_id, dossier_id, state, received_at, 1 as sign from new_rows"
OLD_FILES = "select company_id, dossier_id, state, received_at, -1 as sign from old_rows"
RECOUNT = """
update dossier d set quick_entry_count = case when d.access in ('managed', 'granted') then (
  select count(*) from intake_file f where f.company_id = d.company_id and f.state = 'to_process'
    and dossier_for(d.firm_id, d.company_id, f.dossier_id) = d.id) else 0 end
where exists (select 1 from dossier o where o.firm_id = d.firm_id and o.company_id = d.company_id and o.id <> d.id)
"""
MEMBER_DOSSIER = """
create or replace view member_dossier with (security_barrier) as
select d.id, d.firm_id, d.company_id, d.name, d.access, d.access_since, d.handed_over_at, f.name as firm_name, d.activity
from dossier d join firm f on f.id = d.firm_id where d.company_id = current_company()
"""
LABEL = "lower(btrim(coalesce(activity, '')))"


def _functions(body: str, name: str, new: str, old: str) -> None:
    for command, changes in (("insert", new), ("update", f"{new} union all {old}"), ("delete", old)):
        op.execute(
            body.replace(f"function {name}()", f"function {name}_{command}()").replace("{changes}", changes)
        )


def upgrade() -> None:
    """Say where papers were handed in, settle what stands twice, and let nothing stand twice any more."""
    op.create_unique_constraint(op.f("uq_dossier_company_id_id"), "dossier", ["company_id", "id"])
    for table in ("intake_file", *SUBJECTS):
        op.add_column(table, sa.Column("dossier_id", sa.Uuid(), nullable=True))
        op.create_foreign_key(
            op.f(f"fk_{table}_company_id_dossier_id"),
            table,
            "dossier",
            ["company_id", "dossier_id"],
            ["company_id", "id"],
        )
    op.add_column("dossier_item", sa.Column("superseded_seen_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("alter table dossier_item drop constraint ck_dossier_item_itemstate")
    quoted = ", ".join(f"'{state}'" for state in STATES)
    op.execute(
        f"alter table dossier_item add constraint ck_dossier_item_itemstate check (state in ({quoted}))"
    )
    _functions(COUNT_ITEMS, "count_items", NEW_ROWS, OLD_ROWS)

    op.execute(ACTIVITIES)
    op.execute(DOUBLES)
    op.execute(WINNERS)
    for statement in LOCKS:
        op.execute(statement)
    op.execute(LOSERS)
    op.execute(EXPORTS)

    for subject in SUBJECTS:
        op.drop_constraint(op.f(f"uq_dossier_item_dossier_id_{subject}_id"), "dossier_item")
        op.create_index(
            f"uq_dossier_item_{subject}",
            "dossier_item",
            ["firm_id", f"{subject}_id"],
            unique=True,
            postgresql_where=sa.text("state <> 'superseded'"),
        )
    op.create_index(
        "ix_dossier_item_superseded",
        "dossier_item",
        ["firm_id", sa.text("coalesce(document_id, statement_id)")],
        postgresql_where=sa.text("state = 'superseded'"),
    )
    op.execute(LEAVES_ONCE)
    op.execute(
        "create trigger leaves_once before insert on bundle_item for each row execute function leaves_once()"
    )

    op.create_index("uq_dossier_activity", "dossier", ["firm_id", "company_id", sa.text(LABEL)], unique=True)
    op.create_index(
        "uq_dossier_number",
        "dossier",
        ["firm_id", "country", "number", sa.text(LABEL)],
        unique=True,
        postgresql_where=sa.text("number is not null"),
    )
    op.execute(DOSSIER_FOR)
    _functions(COUNT_INTAKE, "count_intake", NEW_FILES, OLD_FILES)
    op.execute(RECOUNT)
    op.execute(MEMBER_DOSSIER)


def downgrade() -> None:
    """Papers may stand in two dossiers again; what was superseded returns to where it was."""
    op.execute("drop trigger leaves_once on bundle_item")
    op.execute("drop function leaves_once()")
    op.drop_index("uq_dossier_activity", "dossier")
    op.drop_index("uq_dossier_number", "dossier")
    op.drop_index("ix_dossier_item_superseded", "dossier_item")
    op.execute("update dossier_item set state = state_before where state = 'superseded'")
    for subject in SUBJECTS:
        op.drop_index(f"uq_dossier_item_{subject}", "dossier_item")
        op.create_unique_constraint(
            op.f(f"uq_dossier_item_dossier_id_{subject}_id"), "dossier_item", ["dossier_id", f"{subject}_id"]
        )
    quoted = ", ".join(f"'{state}'" for state in STATES[:-1])
    op.execute("alter table dossier_item drop constraint ck_dossier_item_itemstate")
    op.execute(
        f"alter table dossier_item add constraint ck_dossier_item_itemstate check (state in ({quoted}))"
    )
    _functions(
        COUNT_ITEMS.replace(" filter (where state <> 'superseded')", ""), "count_items", NEW_ROWS, OLD_ROWS
    )
    _functions(
        COUNT_INTAKE_BEFORE,
        "count_intake",
        NEW_FILES.replace("dossier_id, ", ""),
        OLD_FILES.replace("dossier_id, ", ""),
    )
    op.execute("drop function dossier_for(uuid, uuid, uuid)")
    op.drop_column("dossier_item", "superseded_seen_at")
    for table in ("intake_file", *SUBJECTS):
        op.drop_column(table, "dossier_id")
    op.drop_constraint(op.f("uq_dossier_company_id_id"), "dossier")
    op.execute("drop view member_dossier")
    op.execute(MEMBER_DOSSIER.replace(", d.activity", "").replace("create or replace", "create"))
    op.execute("revoke all on member_dossier from portal_app, portal_system")
    op.execute("grant select on member_dossier to portal_app, portal_system")
