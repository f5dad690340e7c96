"""Row security for migrations: every tenant table gets ENABLE, FORCE and a policy from here.

asyncpg takes one statement at a time, so each goes through `op.execute` by itself.
"""

from alembic import op

FIRM = "firm_id = (select current_firm())"
MEMBER = "company_id = (select current_company())"
OPENED = (
    "company_id = (select d.company_id from dossier d where d.firm_id = (select current_firm())"
    " and d.company_id = (select opened_company()) and d.access in ('managed', 'granted') limit 1)"
)
COMPANY = f"{MEMBER} or {OPENED}"


def secure(table: str) -> None:
    """Row security on, also for the owner."""
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")


def policy(table: str, name: str, using: str, *, check: str | None = None, command: str = "all") -> None:
    """One policy; `check` is what new rows must satisfy (the same as `using` unless said)."""
    parts = [f"create policy {name} on {table} for {command}"]
    if command != "insert":
        parts.append(f"using ({using})")
    if command in ("all", "insert", "update"):
        parts.append(f"with check ({check or using})")
    op.execute(" ".join(parts))


def firm_table(table: str) -> None:
    """A table whose rows belong to one firm and are seen by it alone."""
    secure(table)
    policy(table, "firm", FIRM)


def company_table(table: str) -> None:
    """A table whose rows belong to one company: its members see them, and a firm that has opened it."""
    secure(table)
    policy(table, "company", COMPANY)


def never_changes(table: str, *, delete: bool = True) -> None:
    """Rows of this table are history: nobody updates or (with `delete`) deletes them, whoever asks."""
    events = "update or delete" if delete else "update"
    op.execute(
        f"create trigger {table}_is_history before {events} on {table} for each row execute function refuse_change()"
    )
    if delete:
        op.execute(
            f"create trigger {table}_is_history_too before truncate on {table} for each statement execute function refuse_change()"
        )
        op.execute(f"revoke update, delete, truncate on {table} from portal_app, portal_system")
