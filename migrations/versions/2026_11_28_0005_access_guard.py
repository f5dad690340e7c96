"""Access is the owner's to give: the plain application role may ask for it, and keep what it brought itself.

Row security reads `dossier.access` and `company.claimed_at` to decide who sees a company. Without this, a firm's own session could
write the answer it wants there. Answers of owners, claims and joins run in the system role, which is not held back.

Revision: 0005, after 0004
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

DOSSIER = """
create function guard_access() returns trigger language plpgsql set search_path = public, pg_temp as $$
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
COMPANY = """
create function guard_claim() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  if current_user <> 'portal_app' then
    return new;
  end if;
  if (tg_op = 'INSERT' and new.claimed_at is null and new.brought_by_firm = current_firm())
    or (tg_op = 'UPDATE'
        and (new.claimed_at, new.brought_by_firm) is not distinct from (old.claimed_at, old.brought_by_firm))
  then
    return new;
  end if;
  raise exception 'a company is claimed by its owner' using errcode = '42501';
end $$
"""
GUARDS = (
    ("guard_access", DOSSIER, "dossier", "access, firm_id, company_id"),
    ("guard_claim", COMPANY, "company", "claimed_at, brought_by_firm"),
)


def upgrade() -> None:
    """Put the guards before the rows."""
    for name, function, table, columns in GUARDS:
        op.execute(function)
        op.execute(
            f"create trigger {name} before insert or update of {columns} on {table}"
            f" for each row execute function {name}()"
        )


def downgrade() -> None:
    """Take them away."""
    for name, _function, table, _columns in GUARDS:
        op.execute(f"drop trigger {name} on {table}")
        op.execute(f"drop function {name}()")
