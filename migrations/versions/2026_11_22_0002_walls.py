"""The walls: row security, locks, history and counters.

Revision: 0002, after 0001
"""

from alembic import op

from migrations.ops import (
    COMPANY,
    FIRM,
    MEMBER,
    OPENED,
    company_table,
    firm_table,
    never_changes,
    policy,
    secure,
)

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SETTINGS = {
    "current_firm": "app.firm_id",
    "opened_company": "app.opened_company_id",
    "current_company": "app.company_id",
    "host_firm": "app.host_firm_id",
    "current_person": "app.person_id",
}
FIRM_TABLES = (
    "mail_message",
    "firm_member",
    "dossier",
    "invitation",
    "dossier_import",
    "export_policy",
    "export",
    "bundle_item",
    "delivery",
    "delivery_proof",
    "bundle_download",
    "agent",
    "pairing_code",
)
COMPANY_TABLES = (
    "company_member",
    "document",
    "bank_account",
    "statement",
    "intake_file",
    "approval_decision",
)
SYSTEM_TABLES = ("login_session", "rate_count")

# May change on a locked row: portal.features.documents.domain.UNLOCKED_COLUMNS has the same list.
OPEN_DOCUMENT_COLUMNS = "array['tags', 'note', 'payment_state']"
OPEN_STATEMENT_COLUMNS = "array['note']"

GUARD = """
create function {name}() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if tg_op = 'UPDATE' and ({sacred}) then
    raise exception 'the original of a {table} never changes' using errcode = 'FL002';
  end if;
  if exists (select 1 from document_lock l where l.company_id = old.company_id and l.{column} = old.id) then
    if tg_op = 'DELETE' then
      raise exception 'locked {table} cannot be deleted' using errcode = 'FL001';
    end if;
    if to_jsonb(new) - {open} is distinct from to_jsonb(old) - {open} then
      raise exception 'locked {table} cannot be changed' using errcode = 'FL001';
    end if;
  end if;
  return case tg_op when 'DELETE' then old else new end;
end $$
"""

# Taking the row first makes a concurrent edit either finish before the lock stands, or meet it.
LOCK_TAKES_THE_ROW = """
create function document_lock_takes_the_row() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if new.document_id is not null then
    perform 1 from document where company_id = new.company_id and id = new.document_id for no key update;
  else
    perform 1 from statement where company_id = new.company_id and id = new.statement_id for no key update;
  end if;
  return new;
end $$
"""

FINISHED_EXPORT = """
create function finished_export_stays() returns trigger language plpgsql as $$
begin
  if old.state = 'finished' then
    raise exception 'a finished bundle never changes' using errcode = 'FL003';
  end if;
  return case tg_op when 'DELETE' then old else new end;
end $$
"""

COUNT_ITEMS = """
create function count_items() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
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
           coalesce(sum(sign), 0) as items,
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

COUNT_INTAKE = """
create function count_intake() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
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
NEW_FILES = "select company_id, state, received_at, 1 as sign from new_rows"
OLD_FILES = "select company_id, state, received_at, -1 as sign from old_rows"


def _counters(table: str, function: str, body: str, new: str, old: str) -> None:
    shapes = {
        "insert": ("referencing new table as new_rows", new),
        "update": ("referencing old table as old_rows new table as new_rows", f"{new} union all {old}"),
        "delete": ("referencing old table as old_rows", old),
    }
    for command, (referencing, changes) in shapes.items():
        name = f"{function}_{command}"
        op.execute(body.replace(f"function {function}()", f"function {name}()").replace("{changes}", changes))
        op.execute(
            f"create trigger {name} after {command} on {table} {referencing}"
            f" for each statement execute function {name}()"
        )


def upgrade() -> None:
    """Build the walls."""
    for function, setting in SETTINGS.items():
        op.execute(
            f"create function {function}() returns uuid language sql stable parallel safe"
            f" as $$ select nullif(current_setting('{setting}', true), '')::uuid $$"
        )
    op.execute(
        "create function refuse_change() returns trigger language plpgsql as"
        " $$ begin raise exception '% is history and never changes', tg_table_name using errcode = 'FL003'; end $$"
    )
    for table in FIRM_TABLES:
        firm_table(table)
    for table in COMPANY_TABLES:
        company_table(table)

    secure("firm")
    policy("firm", "own", "id = (select current_firm())")
    policy("firm", "host", "id = (select host_firm())", command="select")
    for table in ("host", "firm_brand"):
        firm_table(table)
        policy(table, "host", "firm_id = (select host_firm())", command="select")

    secure("company")
    policy(
        "company",
        "company",
        COMPANY.replace("company_id =", "id =", 1).replace(
            f"or {OPENED}", "or " + OPENED.replace("company_id =", "id =", 1)
        ),
    )
    policy("company", "brought", "brought_by_firm = (select current_firm()) and claimed_at is null")

    secure("person")
    policy("person", "self", "id = (select current_person())")
    policy(
        "person",
        "staff",
        "id in (select m.person_id from firm_member m where m.firm_id = (select current_firm()))",
        command="select",
    )
    policy(
        "person",
        "members",
        f"id in (select m.person_id from company_member m where m.{COMPANY.replace(' or company_id', ' or m.company_id')})",
        command="select",
    )
    policy("company_member", "myself", "person_id = (select current_person())", command="select")

    firm_table("dossier_item")
    policy("dossier_item", "member_sees", MEMBER, command="select")
    policy("dossier_item", "member_decides", MEMBER, command="update")

    secure("document_lock")
    policy("document_lock", "seen", COMPANY, command="select")
    policy("document_lock", "made", f"({FIRM}) and ({OPENED})", command="insert")
    policy("document_lock", "changed", FIRM, check=f"({FIRM}) and ({OPENED})", command="update")
    policy("document_lock", "lifted", FIRM, command="delete")

    secure("hand_over")
    policy("hand_over", "member", MEMBER)
    policy("hand_over", "firm", FIRM, command="select")

    secure("job")
    policy("job", "firm", FIRM)
    policy("job", "member", f"firm_id is null and {MEMBER}")

    secure("audit_event")
    policy("audit_event", "written", f"({FIRM}) or (firm_id is null and {MEMBER})", command="insert")
    policy("audit_event", "firm", FIRM, command="select")
    policy("audit_event", "member", MEMBER, command="select")
    policy("audit_event", "opened", f"firm_id is null and {OPENED}", command="select")
    secure("audit_seal")
    policy(
        "audit_seal",
        "chain",
        "chain = (select current_firm()) or chain = (select current_company())",
        command="select",
    )

    for table in SYSTEM_TABLES:
        secure(table)
        policy(table, "system_only", "false")
        op.execute(f"revoke all on {table} from portal_app")

    for table in (
        "audit_event",
        "audit_seal",
        "approval_decision",
        "bundle_item",
        "delivery_proof",
        "bundle_download",
    ):
        never_changes(table)
    op.execute("revoke insert on audit_seal from portal_app")
    op.execute("revoke all on alembic_version from portal_app, portal_system")

    # What a member may see of the firm's dossiers: no code, no manager, no policy, no folders.
    op.execute(
        "create view member_dossier with (security_barrier) as"
        " select d.id, d.firm_id, d.company_id, d.name, d.access, d.access_since, d.handed_over_at, f.name as firm_name"
        " from dossier d join firm f on f.id = d.firm_id where d.company_id = current_company()"
    )
    op.execute("revoke all on member_dossier from portal_app, portal_system")
    op.execute("grant select on member_dossier to portal_app, portal_system")

    # An item that goes (its dossier's access ended before it left) takes its lock along.
    op.create_foreign_key(
        op.f("fk_document_lock_firm_id_item_id"),
        "document_lock",
        "dossier_item",
        ["firm_id", "item_id"],
        ["firm_id", "id"],
        ondelete="CASCADE",
    )
    op.create_index("ix_document_lock_item", "document_lock", ["firm_id", "item_id"])
    op.execute(LOCK_TAKES_THE_ROW)
    op.execute(
        "create trigger document_lock_takes_the_row before insert on document_lock"
        " for each row execute function document_lock_takes_the_row()"
    )
    op.execute(
        GUARD.format(
            name="guard_document",
            table="document",
            column="document_id",
            open=OPEN_DOCUMENT_COLUMNS,
            sacred="new.original_sha256 <> old.original_sha256 or new.company_id <> old.company_id",
        )
    )
    op.execute(
        GUARD.format(
            name="guard_statement",
            table="statement",
            column="statement_id",
            open=OPEN_STATEMENT_COLUMNS,
            sacred="new.original_sha256 <> old.original_sha256 or new.file_sha256 <> old.file_sha256"
            " or new.company_id <> old.company_id",
        )
    )
    for table in ("document", "statement"):
        op.execute(
            f"create trigger guard_{table} before update or delete on {table}"
            f" for each row execute function guard_{table}()"
        )
    op.execute(FINISHED_EXPORT)
    op.execute(
        "create trigger finished_export_stays before update or delete on export"
        " for each row execute function finished_export_stays()"
    )

    _counters("dossier_item", "count_items", COUNT_ITEMS, NEW_ROWS, OLD_ROWS)
    _counters("intake_file", "count_intake", COUNT_INTAKE, NEW_FILES, OLD_FILES)


def downgrade() -> None:
    """There is no way back over the walls: drop the database instead."""
    raise RuntimeError("the first migrations are not reversible: create the database anew")
