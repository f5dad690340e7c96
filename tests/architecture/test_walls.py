"""The database's own catalogue: who may see and do what, for tables that exist today and for any that is added."""

import asyncio
import re

import asyncpg
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from portal.db.roles import DatabaseUrls, prepare_roles
from portal.features.documents.domain.documents import PDF_COLUMNS, UNLOCKED_COLUMNS
from portal.kernel.actor import RIGHTS, Right
from portal.metadata import metadata
from tests.support.servers import ROOT, Servers, migrate

WITHOUT_ROWS_OF_ANYBODY = {"alembic_version": "one line: the version of the schema"}
SYSTEM_ONLY = {
    "login_session": "looked up before anybody is known",
    "rate_count": "counts tries of strangers",
    "job_turn": "when each owner was served last",
    "password_reset": "looked up by a token before anybody is known",
    "page_token": "looked up when the session has ended",
    "kept_form": "written when the session has ended",
}
ROOTS = {"firm", "company", "person"}
"""The owners themselves: children refer to them by their one id."""
DEFINERS = {
    "document_lock_takes_the_row": "a firm's lock takes a company's row",
    "guard_document": "locks of every firm count",
    "guard_statement": "locks of every firm count",
    "count_items_insert": "counters are kept in every scope",
    "count_items_update": "counters are kept in every scope",
    "count_items_delete": "counters are kept in every scope",
    "count_intake_insert": "members hand in, the firm's dossier counts",
    "count_intake_update": "members hand in, the firm's dossier counts",
    "count_intake_delete": "members hand in, the firm's dossier counts",
}
DEFINERS |= {
    "count_approvers": "members come and go, the firm's dossier counts",
    "count_approvers_of_member": "members come and go, the firm's dossier counts",
    "count_approvers_of_person": "a person who is disabled answers no more",
    "count_approvers_of_dossier": "a new dossier counts the company's members",
}
DEFINERS |= {
    "erasure_proposed": "who belongs to an office, and what is put aside, is asked whoever proposes",
    "erasure_answered": "a second person of the office is asked for, whoever answers",
    "erase_paper": "what was erased is erased at every office",
    "guard_erased": "a confirmed proposal of any office counts",
    "end_erasures": "a member brings back what an office proposed to erase",
}
DEFINERS |= {
    "find_items": "an index on parts of words is of no use under row security; it names the firm itself and gives ids alone",
}
HISTORY = {
    "audit_event",
    "audit_seal",
    "approval_decision",
    "bundle_item",
    "delivery_proof",
    "bundle_download",
}


async def test_every_table_has_forced_row_security_and_a_policy(catalogue: asyncpg.Connection) -> None:
    rows = await catalogue.fetch(
        "select c.relname, c.relrowsecurity and c.relforcerowsecurity as walled,"
        " (select count(*) from pg_policy p where p.polrelid = c.oid) as policies"
        " from pg_class c where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace"
    )
    open_tables = {row["relname"] for row in rows if not row["walled"] or not row["policies"]}
    assert open_tables == set(WITHOUT_ROWS_OF_ANYBODY)


async def test_a_policy_that_lets_write_also_says_what_may_be_written(catalogue: asyncpg.Connection) -> None:
    rows = await catalogue.fetch(
        "select polrelid::regclass::text as name, polname from pg_policy"
        " where polcmd in ('*', 'a', 'w') and polwithcheck is null or polcmd <> 'a' and polqual is null"
    )
    assert [tuple(row) for row in rows] == []


async def test_policies_bind_everybody(catalogue: asyncpg.Connection) -> None:
    """PUBLIC and permissive: no policy for one role could be forgotten for another."""
    assert await catalogue.fetchval("select count(*) from pg_policy where polroles <> '{0}'") == 0


@pytest.mark.parametrize("table", sorted({*SYSTEM_ONLY, *WITHOUT_ROWS_OF_ANYBODY}))
async def test_the_application_has_no_right_at_all_on_what_is_the_systems(
    catalogue: asyncpg.Connection, table: str
) -> None:
    for right in ("select", "insert", "update", "delete", "truncate", "references", "trigger"):
        allowed = await catalogue.fetchval("select has_table_privilege('portal_app', $1, $2)", table, right)
        assert not allowed, right


async def test_views_are_security_barriers(catalogue: asyncpg.Connection) -> None:
    rows = await catalogue.fetch(
        "select relname, coalesce(reloptions, '{}') as options from pg_class"
        " where relkind in ('v', 'm') and relnamespace = 'public'::regnamespace"
    )
    assert {row["relname"] for row in rows} == {"member_dossier"}
    assert all("security_barrier=true" in row["options"] for row in rows)


async def test_functions_with_the_owners_rights_are_listed_and_look_in_public_before_temporary_tables(
    catalogue: asyncpg.Connection,
) -> None:
    rows = await catalogue.fetch(
        "select proname, proconfig from pg_proc where pronamespace = 'public'::regnamespace and prosecdef"
    )
    assert {row["proname"] for row in rows} == set(DEFINERS)
    assert all("search_path=public, pg_temp" in (row["proconfig"] or ()) for row in rows)
    others = {setting for row in rows for setting in row["proconfig"]} - {"search_path=public, pg_temp"}
    assert others == {"plan_cache_mode=force_custom_plan"}


@pytest.mark.parametrize("role", ["portal_app", "portal_system"])
async def test_the_roles_own_nothing_and_may_not_build(catalogue: asyncpg.Connection, role: str) -> None:
    found = await catalogue.fetchrow("select * from pg_roles where rolname = $1", role)
    assert found is not None
    for power in ("rolsuper", "rolcreatedb", "rolcreaterole", "rolreplication"):
        assert not found[power], power
    assert found["rolbypassrls"] == (role == "portal_system")
    owned = "select count(*) from {} where {} = (select oid from pg_roles where rolname = $1)"
    for table, column in (("pg_class", "relowner"), ("pg_proc", "proowner"), ("pg_namespace", "nspowner")):
        assert await catalogue.fetchval(owned.format(table, column), role) == 0, table
    member_of = (
        "select count(*) from pg_auth_members m join pg_roles r on r.oid = m.member where r.rolname = $1"
    )
    assert await catalogue.fetchval(member_of, role) == 0
    assert not await catalogue.fetchval("select has_schema_privilege($1, 'public', 'create')", role)
    rights = await catalogue.fetch(
        "select c.relname, p.kind from pg_class c, unnest(array['truncate', 'references', 'trigger', 'maintain']) p(kind)"
        " where c.relkind in ('r', 'v') and c.relnamespace = 'public'::regnamespace and has_table_privilege($1, c.oid, p.kind)",
        role,
    )
    assert [tuple(row) for row in rights] == []


async def test_nobody_may_call_our_functions_but_our_roles(catalogue: asyncpg.Connection) -> None:
    rows = await catalogue.fetch(
        "select proname from pg_proc p where pronamespace = 'public'::regnamespace"
        " and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')"  # of an extension
        " and exists (select 1 from aclexplode(coalesce(proacl, acldefault('f', proowner))) a where a.grantee = 0)"
    )
    assert [row["proname"] for row in rows] == []


@pytest.mark.parametrize("table", sorted(HISTORY))
async def test_history_can_be_neither_changed_nor_deleted_by_either_role(
    catalogue: asyncpg.Connection, table: str
) -> None:
    for role in ("portal_app", "portal_system"):
        for right in ("update", "delete", "truncate"):
            allowed = await catalogue.fetchval("select has_table_privilege($1, $2, $3)", role, table, right)
            assert not allowed, (role, right)
    triggers = await catalogue.fetch(
        "select tgname from pg_trigger where tgrelid = $1::regclass and tgname like '%_is_history%'", table
    )
    assert len(triggers) == 2


GUARDS = """
select distinct t.tgrelid::regclass::text as name, pg_get_triggerdef(t.oid) || pg_get_functiondef(t.tgfoid) as text
from pg_trigger t where not t.tgisinternal
"""
COMPARED = re.compile(r"\b(?:new|old)\.(\w+)\s*(?:<>|!=)\s*(?:new|old)\.\1\b")


async def test_guards_compare_what_may_be_empty_by_is_distinct_from(catalogue: asyncpg.Connection) -> None:
    """`new.x <> old.x` is neither true nor false when one of the two is null: the guard would be open."""
    required = {
        (row["name"], row["column"])
        for row in await catalogue.fetch(
            "select attrelid::regclass::text as name, attname as column from pg_attribute where attnotnull"
        )
    }
    compared = {
        (row["name"], column)
        for row in await catalogue.fetch(GUARDS)
        for column in COMPARED.findall(row["text"])
    }
    assert ("document", "original_sha256") in compared, "the search finds nothing any more"
    assert compared <= required


async def test_foreign_keys_between_owned_tables_begin_with_the_owner(catalogue: asyncpg.Connection) -> None:
    """Foreign keys do not respect row security: by (owner, id) they cannot point across the wall, nor ask what is there."""
    rows = await catalogue.fetch(
        "select c.conrelid::regclass::text as child, c.confrelid::regclass::text as parent, c.conname,"
        " (select array_agg(a.attname order by k.place) from unnest(c.conkey) with ordinality k(number, place)"
        "  join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.number) as columns"
        " from pg_constraint c where c.contype = 'f' and c.connamespace = 'public'::regnamespace"
    )
    loose = [
        row["conname"]
        for row in rows
        if row["parent"] not in ROOTS and row["columns"][0] not in ("firm_id", "company_id")
    ]
    assert loose == ["fk_audit_seal_event_id"]  # a seal has no owner column: the system alone writes them


async def test_every_owned_table_names_its_owner_and_requires_it(catalogue: asyncpg.Connection) -> None:
    unowned = set(SYSTEM_ONLY) | set(WITHOUT_ROWS_OF_ANYBODY) | ROOTS
    either = {"job", "audit_event", "audit_seal"}  # a firm's, a company's, or the platform's
    rows = await catalogue.fetch(
        "select table_name from information_schema.columns where table_schema = 'public'"
        " and column_name in ('firm_id', 'company_id') and is_nullable = 'NO'"
    )
    owned = {row["table_name"] for row in rows}
    assert set(metadata.tables) - owned - unowned - either == set()


async def test_what_may_change_on_a_locked_document_is_the_same_list_in_code_and_trigger(
    catalogue: asyncpg.Connection,
) -> None:
    body = str(await catalogue.fetchval("select pg_get_functiondef('guard_document'::regproc)"))
    lists = re.findall(r"to_jsonb\(\w+\) - array\[([^\]]*)\]", body)
    assert len(lists) == 2
    assert all(set(re.findall(r"'(\w+)'", found)) == UNLOCKED_COLUMNS for found in lists)
    drawn = re.findall(r"(?:before|after) - '\{([^}]*)\}'", body)
    assert len(drawn) == 2
    assert all(set(found.split(",")) == PDF_COLUMNS for found in drawn)


async def test_who_can_approve_is_the_same_list_in_code_and_trigger(catalogue: asyncpg.Connection) -> None:
    approve = {role.value for role, rights in RIGHTS.items() if Right.APPROVE in rights}
    for name in ("count_approvers(uuid)", "count_approvers_of_dossier()"):
        body = str(await catalogue.fetchval("select pg_get_functiondef($1::regprocedure)", name))
        (roles,) = re.findall(r"role in \(([^)]*)\)", body)
        assert set(re.findall(r"'(\w+)'", roles)) == approve


async def test_every_table_of_the_catalogue_is_one_of_the_models(catalogue: asyncpg.Connection) -> None:
    rows = await catalogue.fetch("select tablename from pg_tables where schemaname = 'public'")
    assert {row["tablename"] for row in rows} == set(metadata.tables) - {"member_dossier"} | {
        "alembic_version"
    }


def test_the_models_and_the_migrations_agree(catalogue_urls: DatabaseUrls) -> None:
    config = Config(str(ROOT / "alembic.ini"))
    config.set_main_option("sqlalchemy.url", catalogue_urls.owner.replace("%", "%%"))
    command.check(config)


def test_migrations_are_one_line_without_forks() -> None:
    script = ScriptDirectory.from_config(Config(str(ROOT / "alembic.ini")))
    revisions = list(script.walk_revisions())
    assert len(script.get_heads()) == 1
    assert not [revision.revision for revision in revisions if revision.is_merge_point]
    numbers = [revision.revision for revision in reversed(revisions)]
    assert numbers == sorted(numbers)


async def test_migrating_an_empty_database_twice_changes_nothing_the_second_time(
    servers: Servers,
) -> None:
    urls = prepare_roles(servers.admin_url, "portal_from_empty", servers.passwords)
    try:
        owner = await asyncpg.connect(urls.owner.replace("+asyncpg", ""))
        assert await owner.fetchval("select count(*) from pg_tables where schemaname = 'public'") == 0
        await owner.close()
        await asyncio.to_thread(migrate, urls.owner)
        await asyncio.to_thread(migrate, urls.owner)
        owner = await asyncpg.connect(urls.owner.replace("+asyncpg", ""))
        assert await owner.fetchval("select count(*) from alembic_version") == 1
        await owner.close()
        app = await asyncpg.connect(urls.app.replace("+asyncpg", ""))
        with pytest.raises(asyncpg.InsufficientPrivilegeError):  # no temporary tables to shadow ours
            await app.execute("create temporary table document_lock (id int)")
        await app.close()
    finally:
        await servers.drop_database(urls)
