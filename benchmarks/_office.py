"""A large office, written into the database at once: triggers off while loading, counters mended afterwards.

Rows are made by the database itself (`insert … select generate_series`), with indexes dropped meanwhile: a million documents with their
items, events, locks and manifest rows take about a minute. Values are made to look like work: most documents have left in a bundle, of
each client a few wait, are ready or held, and one client has many more than the others.
"""

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from portal.features.parties.models import Firm
from portal.kernel.actor import Actor, Role
from tests.support.builders import a_firm, a_member, a_staff_member
from tests.support.world import World

LOADED = ("document", "dossier_item", "audit_event", "document_lock", "export", "bundle_item")


@dataclass(frozen=True, slots=True)
class LargeOffice:
    """A firm with its people, and the client that has most documents.

    Attributes:
        big, big_company: the dossier and the company of the client with most documents.
        member: who decides for that client.
        documents, documents_of_big: how many there are, and how many that client has.
    """

    firm: Firm
    owner: Actor
    member: Actor
    big: UUID
    big_company: UUID
    documents: int
    documents_of_big: int


_DOSSIERS = (
    """
    insert into company (id, name, sort_key, country, number, language, brought_by_firm, created_at)
    select gen_random_uuid(), 'Company ' || n, 'company ' || lpad(n::text, 12, '0'), 'BE',
      lpad((100000000 + $3::int + n)::text, 10, '0'), 'nl', $1, now()
    from generate_series(1, $2::int) n
    """,
    """
    insert into dossier (firm_id, id, company_id, target_id, code, code_key, name, sort_key, fold, name_key, country, number, language, access,
      access_since, last_activity_at, created_at)
    select $1, gen_random_uuid(), id, (select t.id from target t where t.firm_id = $1), substr(name, 9), substr(name, 9), name, sort_key,
      lower(name), lower(name), 'BE', number, 'nl', 'managed', now(), now() - random() * interval '300 days', now() from company where brought_by_firm = $1
    """,
    """
    insert into dossier_staff (firm_id, id, dossier_id, person_id, role, since)
    select firm_id, gen_random_uuid(), id, $2, 'manager', date '2026-01-01' from dossier where firm_id = $1
    """,
)

# Nearly all have left; of every client some are in each of the other states. Of the largest as many as its lists show, however large it is,
# so that both offices show the same number of rows.
_PLACES = """
create temporary table made as
select gen_random_uuid() as document_id, gen_random_uuid() as item_id, d.id as dossier_id, d.company_id, n, x.export_id,
  case
    when d.id = $2 then case when n <= 60 then 'waiting' when n <= 120 then 'ready' when n <= 180 then 'held' else 'bundled' end
    when n % 50 = 1 then 'waiting' when n % 50 = 2 then 'ready' when n % 50 = 3 then 'held' else 'bundled'
  end as state,
  date '2020-01-01' + (n * 7 + abs(hashtext(d.id::text)) % 300) % 2400 as day,
  round((10 + abs(hashtext(d.id::text || n) % 1000000) / 100.0)::numeric, 2) as gross,
  timestamptz '2020-01-01 08:00+00' + n * interval '7 minutes' + abs(hashtext(d.id::text) % 1000) * interval '1 second' as at,
  case when d.id = $2 and n between 181 and 240 then 4001 else abs(hashtext(d.id::text || n % 40) % 4000) end as supplier,
  '2026/' || abs(hashtext(n || d.id::text) % 10000000) as number
from dossier d join (select dossier_id, id as export_id from export where firm_id = $1) x on x.dossier_id = d.id
  cross join lateral generate_series(1, case when d.id = $2 then $4::int else $3::int end) n
where d.firm_id = $1
"""
_ROWS = (
    """
    insert into document (company_id, id, kind, issuer, origin, state, version, number, issue_date, due_date, currency, net, tax, gross,
      payable, tax_subtotals, counterparty_name, sort_key, fold, counterparty_number, original_sha256, original_name, original_type,
      original_size, payment_state, received_at, changed_at, judged)
    select company_id, document_id, case when n % 4 = 0 then 'sales_invoice' else 'purchase_invoice' end, 'counterparty', 'ubl', 'final', 1,
      number, day, day + 30, 'EUR', round(gross / 1.21, 2), gross - round(gross / 1.21, 2), gross, gross, '[]',
      'Supplier ' || supplier, 'supplier ' || lpad(supplier::text, 12, '0'), 'supplier ' || supplier,
      lpad((200000000 + supplier)::text, 10, '0'), md5(document_id::text) || md5(n::text), n || '.xml', 'application/xml', 6000, 'open',
      at, at, true
    from made
    """,
    """
    insert into dossier_item (firm_id, id, dossier_id, company_id, document_id, kind, version, state, approval, number, counterparty, fold,
      item_date, due_date, currency, net, tax, gross, received_at, final_at, export_id, bundle_number, bundled_version, locked,
      decided_by_name, decided_at)
    select $1, item_id, dossier_id, company_id, document_id,
      case when n % 4 = 0 then 'sales_invoice' else 'purchase_invoice' end, 1, state,
      case state when 'waiting' then 'waiting' when 'held' then 'waiting' else 'approved' end, number,
      'Supplier ' || supplier, 'supplier ' || supplier, day, day + 30, 'EUR', round(gross / 1.21, 2), gross - round(gross / 1.21, 2), gross,
      at, at, case when state = 'bundled' then export_id end, case when state = 'bundled' then 1 end,
      case when state = 'bundled' then 1 end, state = 'bundled', 'Bert Claes', at
    from made
    """,
    """
    insert into audit_event (id, firm_id, company_id, at, actor, action, subject_type, subject_id, dossier_id, data)
    select gen_random_uuid(), case when n % 2 = 0 then $1::uuid end, company_id, at, '{"door": "page", "name": "Bert Claes"}',
      case when n % 2 = 0 then 'documents.received' else 'approvals.approved' end, 'document', document_id,
      case when n % 2 = 0 then dossier_id end, jsonb_build_object('what', 'Supplier ' || supplier || ', ' || number)
    from made
    """,
    """
    insert into document_lock (company_id, id, document_id, item_id, firm_id, bundle, reason, since)
    select company_id, gen_random_uuid(), document_id, item_id, $1, 1, 'exported', at from made where state = 'bundled'
    """,
    """
    insert into bundle_item (firm_id, id, export_id, item_id, position, version, reexport, entry)
    select $1, gen_random_uuid(), export_id, item_id, n, 1, false, '{"files": []}' from made where state = 'bundled'
    """,
)
_EXPORTS = """
insert into export (firm_id, id, dossier_id, company_id, state, number, target_id, layout, options, requested_by_name, by_policy, total,
  done, sha256, size, manifest_sha256, created_at, finished_at)
select firm_id, gen_random_uuid(), id, company_id, 'finished', 1, target_id, 'universal', '{}', 'Sofie', false, 1, 1, md5(id::text), 1,
  md5(id::text), now() - random() * interval '300 days', now() from dossier where firm_id = $1
"""
_COUNTERS = """
update dossier d set waiting_count = c.waiting, ready_count = c.ready, item_count = c.items, oldest_open_at = c.oldest, approvers = 1
from (
  select dossier_id, count(*) filter (where state = 'waiting') as waiting, count(*) filter (where state = 'ready') as ready,
    count(*) as items, min(received_at) filter (where state in ('waiting', 'ready')) as oldest
  from dossier_item where firm_id = $1 group by dossier_id
) c where c.dossier_id = d.id and d.firm_id = $1
"""
_PLAIN_INDEXES = """
select indexdef, indexrelid::regclass::text as name from pg_index
  join pg_indexes on indexname = indexrelid::regclass::text and schemaname = 'public'
where indrelid = any($1::text[]::regclass[]) and not exists (select from pg_constraint c where c.conindid = indexrelid)
"""


async def a_large_office(
    world: World,
    admin_url: str,
    *,
    dossiers: int,
    documents: int,
    big: int,
    slug: str = "noordzee",
    first_number: int = 0,
) -> LargeOffice:
    """A firm with this many dossiers, the documents divided evenly over them, and one client with `big` of them.

    Args:
        first_number: where the numbers of its companies begin, which no two may share.
        admin_url: of a superuser on any database of the server; only one may switch triggers off.
    """
    firm = await a_firm(world, slug)
    owner = await a_staff_member(world, firm, Role.OWNER)
    admin = await asyncpg.connect(
        f"{admin_url.rpartition('/')[0]}/{world.urls.app.rpartition('/')[2]}", timeout=30
    )
    try:
        await admin.execute("set session_replication_role = replica")
        await admin.execute("set synchronous_commit = off")
        await admin.execute("set maintenance_work_mem = '512MB'")
        for statement, *values in (
            (_DOSSIERS[0], firm.id, dossiers, first_number),
            (_DOSSIERS[1], firm.id),
            (_DOSSIERS[2], firm.id, owner.person_id),
            (_EXPORTS, firm.id),
        ):
            await admin.execute(statement, *values)
        first = await admin.fetchrow(
            "select id, company_id from dossier where firm_id = $1 order by sort_key limit 1", firm.id
        )
        assert first is not None
        await admin.execute("analyze dossier")
        indexes = await admin.fetch(_PLAIN_INDEXES, list(LOADED))
        for index in indexes:
            await admin.execute(f"drop index {index['name']}")
        await admin.execute(
            _PLACES, firm.id, first["id"], max(1, round((documents - big) / (dossiers - 1))), big
        )
        for statement in _ROWS:
            await admin.execute(statement, *([firm.id] if "$1" in statement else []))
        for index in indexes:
            await admin.execute(index["indexdef"])
        await admin.execute(_COUNTERS, firm.id)
        await admin.execute("drop table made")
        await admin.execute("set session_replication_role = origin")
        await admin.execute("vacuum analyze")
        loaded = await admin.fetchval("select count(*) from document")
    finally:
        await admin.close()
    member = await a_member(world, firm, first["company_id"])
    return LargeOffice(firm, owner, member, first["id"], first["company_id"], loaded, big)
