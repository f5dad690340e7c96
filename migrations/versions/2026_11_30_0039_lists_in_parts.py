"""A list of dossiers is kept in parts, one for each turn of its acceptance; dossiers have a key of their name, and many are made at once.

Revision: 0039, after 0038

Each turn read and wrote the whole list again, and compared the names of all dossiers of the firm. Whether a new dossier may have its
access is asked once for all that one statement makes: asked row by row, each question read the dossiers of the firm under row security.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from migrations.ops import firm_table
from portal.features.dossiers.domain.names import name_key

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

BATCH = 5000
TURN = 200
CUT = f"""
with listed as materialized (
  select i.firm_id, i.id, i.position, r.n, r.value, r.value ->> 'line' as line
  from dossier_import i cross join lateral jsonb_array_elements(i.rows) with ordinality r(value, n)
), answer as materialized (
  select i.id, a.key as line, a.value from dossier_import i cross join lateral jsonb_each(i.answers) a
), outcome as materialized (
  select i.id, o.key as line, o.value, o.value ->> 'outcome' in ('created', 'requested') as made
  from dossier_import i cross join lateral jsonb_each(i.outcomes) o
)
insert into dossier_import_part (firm_id, id, import_id, position, rows, answers, outcomes, made)
select r.firm_id, gen_random_uuid(), r.id, min(r.n) - 1,
  convert_to(jsonb_agg(r.value order by r.n)::text, 'UTF8'),
  coalesce(jsonb_object_agg(r.line, a.value) filter (where a.line is not null), '{{}}'),
  convert_to(coalesce(jsonb_object_agg(r.line, o.value) filter (where o.line is not null), '{{}}')::text, 'UTF8'),
  coalesce(array_agg((o.value ->> 'dossier_id')::uuid order by r.n)
    filter (where o.made and o.value ->> 'dossier_id' is not null), '{{}}')
from listed r
left join answer a on a.id = r.id and a.line = r.line
left join outcome o on o.id = r.id and o.line = r.line
group by r.firm_id, r.id, floor((r.n - 1 - r.position % {TURN}) / {TURN}.0)
"""
"""Each document of a list is unpacked once: looked up row by row, the whole of it is unpacked for every row."""
NEW_ACCESS = """
create function guard_new_access() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  if current_user = 'portal_app' and exists (
    select 1 from made m where m.access <> 'requested'
      and not (m.access = 'managed' and coalesce(
        (select c.brought_by_firm = m.firm_id and c.claimed_at is null from company c where c.id = m.company_id), false))
      and not (m.access = 'granted' and coalesce(
        (select true from dossier d where d.firm_id = m.firm_id and d.company_id = m.company_id and d.access = 'granted'
          and d.id not in (select id from made) limit 1), false)))
  then
    raise exception 'access is given by the owner of the company' using errcode = '42501';
  end if;
  return null;
end $$
"""
CHANGED_ACCESS = """
create or replace function guard_access() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  if current_user <> 'portal_app' then
    return new;
  end if;
  if (new.firm_id, new.company_id) is distinct from (old.firm_id, old.company_id) then
    raise exception 'a dossier stays with its firm and company' using errcode = '42501';
  end if;
  if new.access = old.access or (old.access in ('declined', 'ended') and new.access = 'requested') then
    return new;
  end if;
  raise exception 'access is given by the owner of the company' using errcode = '42501';
end $$
"""
BOTH = """
create or replace function guard_access() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  if current_user <> 'portal_app' then
    return new;
  end if;
  if tg_op = 'UPDATE' then
    if (new.firm_id, new.company_id) is distinct from (old.firm_id, old.company_id) then
      raise exception 'a dossier stays with its firm and company' using errcode = '42501';
    end if;
    if new.access = old.access or (old.access in ('declined', 'ended') and new.access = 'requested') then
      return new;
    end if;
  elsif new.access = 'requested'
    or (new.access = 'managed' and exists (
      select 1 from company c
      where c.id = new.company_id and c.brought_by_firm = new.firm_id and c.claimed_at is null))
    or (new.access = 'granted' and exists (
      select 1 from dossier d
      where d.firm_id = new.firm_id and d.company_id = new.company_id and d.access = 'granted'))
  then
    return new;
  end if;
  raise exception 'access is given by the owner of the company' using errcode = '42501';
end $$
"""


def upgrade() -> None:
    """Cut the lists where their next turn begins; write the keys."""
    op.create_unique_constraint("uq_dossier_import_firm_id_id", "dossier_import", ["firm_id", "id"])
    op.create_table(
        "dossier_import_part",
        sa.Column("firm_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("rows", sa.LargeBinary(), nullable=False),
        sa.Column("answers", JSONB(), nullable=False),
        sa.Column("outcomes", sa.LargeBinary(), nullable=False),
        sa.Column("made", ARRAY(sa.Uuid()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier_import_part")),
        sa.ForeignKeyConstraint(["firm_id"], ["firm.id"], name=op.f("fk_dossier_import_part_firm_id")),
        sa.ForeignKeyConstraint(
            ["firm_id", "import_id"],
            ["dossier_import.firm_id", "dossier_import.id"],
            name=op.f("fk_dossier_import_part_firm_id_import_id"),
            ondelete="cascade",
        ),
        sa.UniqueConstraint(
            "firm_id",
            "import_id",
            "position",
            name=op.f("uq_dossier_import_part_firm_id_import_id_position"),
        ),
    )
    firm_table("dossier_import_part")
    # Lists go after three months: packing them costs more than it saves.
    for column in ("rows", "outcomes"):
        op.execute(f"alter table dossier_import_part alter column {column} set storage external")
    op.execute(CUT)
    for column in ("rows", "answers", "outcomes"):
        op.drop_column("dossier_import", column)
    op.add_column("dossier", sa.Column("name_key", sa.Text(), nullable=True))
    op.execute("alter table dossier disable trigger user")
    _write_keys(op.get_bind())
    op.execute("alter table dossier enable trigger user")
    op.alter_column("dossier", "name_key", nullable=False)
    op.execute("drop trigger guard_access on dossier")
    op.execute(CHANGED_ACCESS)
    op.execute(NEW_ACCESS)
    op.execute(
        "create trigger guard_access before update of access, firm_id, company_id on dossier"
        " for each row execute function guard_access()"
    )
    op.execute(
        "create trigger guard_new_access after insert on dossier referencing new table as made"
        " for each statement execute function guard_new_access()"
    )


def _write_keys(connection: sa.Connection) -> None:
    """A batch at a time, in Python: the database knows no letters."""
    dossier = sa.table(
        "dossier",
        sa.column("id", sa.Uuid()),
        sa.column("name", sa.Text()),
        sa.column("name_key", sa.Text()),
    )
    last = None
    while True:
        batch = sa.select(dossier.c.id, dossier.c.name).order_by(dossier.c.id).limit(BATCH)
        found = connection.execute(batch if last is None else batch.where(dossier.c.id > last)).all()
        if not found:
            return
        last = found[-1].id
        new = sa.values(sa.column("of", sa.Uuid()), sa.column("name_key", sa.Text()), name="new").data(
            [(row.id, name_key(row.name)) for row in found]
        )
        connection.execute(sa.update(dossier).where(dossier.c.id == new.c.of).values(name_key=new.c.name_key))


def downgrade() -> None:
    """The lists in one piece, names alone, and access asked row by row."""
    op.execute("drop trigger guard_new_access on dossier")
    op.execute("drop trigger guard_access on dossier")
    op.execute("drop function guard_new_access()")
    op.execute(BOTH)
    op.execute(
        "create trigger guard_access before insert or update of access, firm_id, company_id on dossier"
        " for each row execute function guard_access()"
    )
    op.drop_column("dossier", "name_key")
    op.add_column("dossier_import", sa.Column("rows", JSONB(), nullable=True))
    for column in ("answers", "outcomes"):
        op.add_column("dossier_import", sa.Column(column, JSONB(), nullable=False, server_default="{}"))
    op.execute(
        "update dossier_import i set rows = coalesce(("
        "select jsonb_agg(r.value order by p.position, r.n) from dossier_import_part p"
        " cross join lateral jsonb_array_elements(convert_from(p.rows, 'UTF8')::jsonb) with ordinality as r(value, n)"
        " where p.import_id = i.id), '[]'),"
        " answers = coalesce((select jsonb_object_agg(a.key, a.value) from dossier_import_part p"
        " cross join lateral jsonb_each(p.answers) a where p.import_id = i.id), '{}'),"
        " outcomes = coalesce((select jsonb_object_agg(o.key, o.value) from dossier_import_part p"
        " cross join lateral jsonb_each(convert_from(p.outcomes, 'UTF8')::jsonb) o where p.import_id = i.id), '{}')"
    )
    op.alter_column("dossier_import", "rows", nullable=False)
    op.drop_table("dossier_import_part")
    op.drop_constraint("uq_dossier_import_firm_id_id", "dossier_import")
