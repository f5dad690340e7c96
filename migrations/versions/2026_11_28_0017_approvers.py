"""How many people of a company can approve stands on its dossiers, kept by triggers, so that approval is asked only where somebody answers.

A dossier whose number passes between none and some is marked; a sweep looks at its open items again. Landed dossiers are counted here,
and marked where items wait that nobody can answer.

Revision: 0017, after 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

# The roles with the right to approve: portal.kernel.actor.RIGHTS says the same (a test compares).
APPROVE = "('entrepreneur', 'approver')"
FOUND = f"""(select count(*) from company_member m join person p on p.id = m.person_id
    where m.company_id = {{company}} and m.ended_at is null and p.disabled_at is null and m.role in {APPROVE})"""
DEFINER = "security definer set search_path = public, pg_temp"

# Whoever makes items holds the same lock shared: they see the number of before and are looked at again, or the number of now.
COUNT = f"""
create function count_approvers(the_company uuid) returns void language plpgsql {DEFINER} as $$
declare found integer;
begin
  perform pg_advisory_xact_lock(hashtextextended('approvers:' || the_company, 0));
  found := {FOUND.format(company="the_company")};
  update dossier set
    approvers_changed = approvers_changed or (approvers = 0) is distinct from (found = 0),
    approvers = found
  where company_id = the_company and approvers is distinct from found;
end $$
"""
MEMBERS = f"""
create function count_approvers_of_member() returns trigger language plpgsql {DEFINER} as $$
begin
  perform count_approvers(case tg_op when 'DELETE' then old.company_id else new.company_id end);
  return null;
end $$
"""
PEOPLE = f"""
create function count_approvers_of_person() returns trigger language plpgsql {DEFINER} as $$
begin
  perform count_approvers(c.company_id)
  from (select distinct m.company_id from company_member m where m.person_id = new.id order by m.company_id) c;
  return null;
end $$
"""
DOSSIERS = f"""
create function count_approvers_of_dossier() returns trigger language plpgsql {DEFINER} as $$
begin
  perform pg_advisory_xact_lock_shared(hashtextextended('approvers:' || new.company_id, 0));
  new.approvers := {FOUND.format(company="new.company_id")};
  return new;
end $$
"""


def upgrade() -> None:
    """Columns, triggers, and the numbers of today."""
    op.add_column("dossier", sa.Column("approvers", sa.Integer(), nullable=False, server_default="0"))
    op.add_column(
        "dossier",
        sa.Column("approvers_changed", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_index(
        "ix_dossier_approvers_changed", "dossier", ["id"], postgresql_where=sa.text("approvers_changed")
    )
    for function in (COUNT, MEMBERS, PEOPLE, DOSSIERS):
        op.execute(function)
    op.execute(
        "create trigger count_approvers_of_member after insert or update or delete on company_member"
        " for each row execute function count_approvers_of_member()"
    )
    op.execute(
        "create trigger count_approvers_of_person after update of disabled_at on person"
        " for each row execute function count_approvers_of_person()"
    )
    op.execute(
        "create trigger count_approvers_of_dossier before insert or update of company_id on dossier"
        " for each row execute function count_approvers_of_dossier()"
    )
    op.execute(f"update dossier d set approvers = {FOUND.format(company='d.company_id')}")
    op.execute("update dossier set approvers_changed = true where approvers = 0 and waiting_count > 0")


def downgrade() -> None:
    """As it was."""
    for name, table in (
        ("count_approvers_of_member", "company_member"),
        ("count_approvers_of_person", "person"),
        ("count_approvers_of_dossier", "dossier"),
    ):
        op.execute(f"drop trigger {name} on {table}")
        op.execute(f"drop function {name}()")
    op.execute("drop function count_approvers(uuid)")
    op.drop_index("ix_dossier_approvers_changed", table_name="dossier")
    op.drop_column("dossier", "approvers_changed")
    op.drop_column("dossier", "approvers")
