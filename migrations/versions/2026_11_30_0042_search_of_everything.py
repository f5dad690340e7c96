"""Amounts, numbers of counterparties, names of files and reasons are found by index; spellings of one number are one supplier.

Revision: 0042, after 0041

An item has a text of what else it is found by, beside the counterparty's name, in the same index. Reasons are folded by the database
itself, as are notes and names of files where little is looked through: `folded` knows the letters of Latin scripts that Europe writes.
Names with a ligature or a stroke (œ, ø, ł) get the keys that they have since.
A French VAT number stands for its SIREN in the keys that tell documents apart, a Swiss or Norwegian one loses what follows it.
"""

import unicodedata

import sqlalchemy as sa
from alembic import op

from portal.kernel.names import fold, name_keys
from portal.kernel.searching import found_by

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

BATCH = 5000
BEFORE = "find_items(text, text, boolean, uuid, int)"
SIGNATURE = "find_items(text, text, boolean, text, text, text, numeric[], uuid, int)"
KEYS = {
    "dossier": ("name", ("sort_key", "fold")),
    "company": ("name", ("sort_key",)),
    "person": ("name", ("sort_key",)),
    "document": ("counterparty_name", ("sort_key", "fold")),
    "dossier_item": ("counterparty", ("fold",)),
}
STROKES = "[œŒæÆøØłŁđĐðÐþÞıħĦŧŦ]"
EMPTIED = ("counterparty = '', fold = '',", "counterparty = '', fold = '', found_by = '',")


def _folded() -> str:
    """The function that folds a text as `kernel.names.fold` does, for the letters of Latin scripts."""
    one: dict[str, str] = {}
    more: dict[str, str] = {}
    for code in (*range(0xA0, 0x250), 0x1E9E, *range(0x2010, 0x2016), *range(0x2018, 0x2020), 0x2032, 0x2212):
        sign = chr(code)
        if unicodedata.category(sign) == "Cf":
            continue
        to = fold(f"x{sign}x")[1:-1]
        if sign != to and len(to) == 1:
            one[sign] = to
        elif to and sign != to:
            more[sign] = to
    signs, plain = "".join(one), "".join(one.values())
    quoted = [text.replace("'", "''") for text in (signs, plain)]
    nested = f"translate(given, '{quoted[0]}', '{quoted[1]}')"
    for sign, to in more.items():
        if sign.isalpha() or sign.isnumeric():
            nested = f"replace({nested}, '{sign}', '{to}')"
    return f"""
create function folded(given text) returns text language sql immutable strict parallel safe
return btrim(regexp_replace(translate(lower(
  case when octet_length(given) = char_length(given) then given else {nested} end
), '"''`-' || chr(9) || chr(10), '      '), ' +', ' ', 'g'))
"""


SEEN = """i.state not in ('aside', 'superseded') and (manager is null or i.dossier_id in (
          select s.dossier_id from dossier_staff s
          where s.firm_id = current_firm() and s.person_id = manager and s.role = 'manager' and s.until is null))"""
NEWEST = f"""array(
    select i.id from (
      select * from dossier_item where firm_id = current_firm() order by item_date desc, id desc limit %s
    ) i
    where (key <> '' and number_key(i.number) like '%%' || key || '%%' or i.fold like name_pattern
        or i.found_by like beside_pattern or i.found_by like number_pattern or i.found_by like company_pattern
        or i.gross = any(amounts) or folded(i.approval_reason) like name_pattern)
      and {SEEN}
    order by i.item_date desc, i.id desc limit most
  )"""
MET = f"""select i.id, i.item_date from dossier_item i
      where i.firm_id = current_firm() and {SEEN}
        and (key <> '' and case when length(key) > 2 then number_key(i.number) like '%' || key || '%' else number_key(i.number) = key end
          or by_parts and i.fold like name_pattern
          or by_parts and i.found_by like beside_pattern
          or i.found_by like number_pattern
          or i.found_by like company_pattern
          or i.gross = any(amounts)
          or i.approval_reason is not null and by_parts and folded(i.approval_reason) like name_pattern)"""
FIND_ITEMS = f"""
create function find_items(searched text, name_pattern text, by_parts boolean, beside_pattern text, number_pattern text,
  company_pattern text, amounts numeric[], manager uuid, most int)
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
CANONICAL = r"""regexp_replace(regexp_replace(regexp_replace(duplicate_key, '^FR:..([0-9]{9})[|]', 'FR:\1|'),
  '^(CH:E|id:CHE)([0-9]{9})(MWST|TVA|IVA|TPV)?[|]', 'CH:CHE\2|'), '^NO:([0-9]{9})MVA[|]', 'NO:\1|')"""
SPELLINGS = rf"""
update document set duplicate_key = new.key from (
  select id, company_id, key, row_number() over (partition by company_id, key order by received_at, id) as place from (
    select id, company_id, received_at, {CANONICAL} as key from document
    where duplicate_key ~ '^(FR:[0-9A-Z]{{2}}[0-9]{{9}}|(CH:E|id:CHE)[0-9]{{9}}(MWST|TVA|IVA|TPV)?|NO:[0-9]{{9}}MVA)[|]'
      and duplicate_key !~ '^FR:..000'
  ) met
) new where document.id = new.id and new.place = 1
  and not exists (select from document other where other.company_id = new.company_id and other.duplicate_key = new.key)
"""
"""Of two documents whose keys become one, the second keeps the one it has: both stay."""


def upgrade() -> None:
    """Add the text, its index, the function that folds, and the wider search."""
    connection = op.get_bind()
    connection.exec_driver_sql(_folded().replace("%", "%%"))
    op.execute("revoke all on function folded(text) from public")
    op.execute("grant execute on function folded(text) to portal_app, portal_system")
    op.add_column("dossier_item", sa.Column("found_by", sa.Text(), nullable=False, server_default=""))
    for table in KEYS:
        # A key is no change of a locked paper, nothing to count, and nothing to tell.
        op.execute(f"alter table {table} disable trigger user")
    for table, (name, keys) in KEYS.items():
        _write_keys(connection, table, name, keys)
    _write_found_by(connection)
    _write_spellings(connection)
    for table in KEYS:
        op.execute(f"alter table {table} enable trigger user")
    op.execute("drop index ix_dossier_item_found")
    op.execute(
        "create index ix_dossier_item_found on dossier_item"
        " using gin (firm_id, fold gin_trgm_ops, number_key(number) gin_trgm_ops, found_by gin_trgm_ops)"
    )
    op.create_index("ix_dossier_item_amount", "dossier_item", ["firm_id", "gross"])
    op.execute(
        "create index ix_dossier_item_reason on dossier_item"
        " using gin (firm_id, folded(approval_reason) gin_trgm_ops) where approval_reason is not null"
    )
    op.execute(f"drop function {BEFORE}")
    op.execute(FIND_ITEMS)
    op.execute(f"revoke all on function {SIGNATURE} from public")
    op.execute(f"grant execute on function {SIGNATURE} to portal_app")
    _erase(*EMPTIED)


def _write_keys(connection: sa.Connection, table: str, name: str, keys: tuple[str, ...]) -> None:
    """The keys of names with a ligature or a stroke."""
    found = connection.execute(sa.text(f"select id, {name} from {table} where {name} ~ '{STROKES}'")).all()
    setting = ", ".join(f"{key} = :{key}" for key in keys)
    for row in found:
        values = name_keys(row[1])._asdict()
        connection.execute(
            sa.text(f"update {table} set {setting} where id = :id"),
            {"id": row[0], **{key: values[key] for key in keys}},
        )


def _write_found_by(connection: sa.Connection) -> None:
    last = None
    batch = sa.text(
        "select i.id, coalesce(d.original_name, s.original_name), d.pdf_name, d.counterparty_country, d.counterparty_number"
        " from dossier_item i left join document d on d.id = i.document_id left join statement s on s.id = i.statement_id"
        " where i.counterparty <> '' and (cast(:last as uuid) is null or i.id > :last) order by i.id limit :most"
    )
    write = sa.text(
        "update dossier_item i set found_by = new.said from unnest(cast(:ids as uuid[]), cast(:said as text[])) as new (id, said)"
        " where i.id = new.id"
    )
    while rows := connection.execute(batch, {"last": last, "most": BATCH}).all():
        last = rows[-1][0]
        said = [found_by((row[1], row[2]), row[3], row[4]) for row in rows]
        connection.execute(write, {"ids": [row[0] for row in rows], "said": said})


def _write_spellings(connection: sa.Connection) -> None:
    """The one form of a number in the keys of documents; a key that another document has by now stays as it is."""
    connection.exec_driver_sql(SPELLINGS)


def _erase(old: str, new: str) -> None:
    """Change what erasing empties, in the function as it stands."""
    body = op.get_bind().scalar(sa.text("select pg_get_functiondef('erase_paper'::regproc)"))
    if body.count(old) != 1:
        raise RuntimeError(f"erase_paper does not say {old!r} once")
    op.get_bind().exec_driver_sql(body.replace(old, new))


def downgrade() -> None:
    """The search by number and name alone; keys stay as they are."""
    _erase(EMPTIED[1], EMPTIED[0])
    op.execute(f"drop function {SIGNATURE}")
    op.drop_index("ix_dossier_item_reason", table_name="dossier_item")
    op.drop_index("ix_dossier_item_amount", table_name="dossier_item")
    op.execute("drop index ix_dossier_item_found")
    op.drop_column("dossier_item", "found_by")
    op.execute("drop function folded(text)")
    op.execute(
        "create index ix_dossier_item_found on dossier_item"
        " using gin (firm_id, fold gin_trgm_ops, number_key(number) gin_trgm_ops)"
    )
    op.execute(EARLIER)
    op.execute(f"revoke all on function {BEFORE} from public")
    op.execute(f"grant execute on function {BEFORE} to portal_app")


EARLIER_NEWEST = f"""array(
    select i.id from (
      select * from dossier_item where firm_id = current_firm() order by item_date desc, id desc limit %s
    ) i
    where (key <> '' and number_key(i.number) like '%%' || key || '%%' or i.fold like name_pattern)
      and {SEEN}
    order by i.item_date desc, i.id desc limit most
  )"""
EARLIER_MET = f"""select i.id, i.item_date from dossier_item i
      where i.firm_id = current_firm() and {SEEN}
        and (key <> '' and case when length(key) > 2 then number_key(i.number) like '%' || key || '%' else number_key(i.number) = key end
          or by_parts and i.fold like name_pattern)"""
EARLIER = (
    FIND_ITEMS.replace(
        """searched text, name_pattern text, by_parts boolean, beside_pattern text, number_pattern text,
  company_pattern text, amounts numeric[], manager uuid, most int""",
        "searched text, name_pattern text, by_parts boolean, manager uuid, most int",
    )
    .replace(NEWEST % 2_000, EARLIER_NEWEST % 2_000)
    .replace(NEWEST % 20_000, EARLIER_NEWEST % 20_000)
    .replace(MET, EARLIER_MET)
)
