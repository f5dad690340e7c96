"""What was misfiled is erased by two people of the office: one proposes, another one confirms, and the database sees to both.

Confirming a proposal empties the paper, whatever else holds what it says, and the files it came in, of every office, in that very
transaction (`erase_paper`). Nothing else can mark a row as erased, and an erased row never changes again.

Revision: 0025, after 0024
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from migrations.ops import FIRM, MEMBER, OPENED, policy, secure

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

ERASED = ("document", "statement", "bank_account", "intake_file")
KIND = sa.Enum(
    "private", "anothers", "other", name="erasurekind", native_enum=False, create_constraint=True, length=40
)
STATE = sa.Enum(
    "proposed",
    "withdrawn",
    "refused",
    "confirmed",
    "ended",
    name="erasurestate",
    native_enum=False,
    create_constraint=True,
    length=40,
)
DEFINER = "language plpgsql security definer set search_path = public, pg_temp as"

STAFF = """
create function is_staff(office uuid, who uuid) returns boolean language sql stable set search_path = public, pg_temp as $$
  select exists (
    select 1 from firm_member m join person p on p.id = m.person_id
    where m.firm_id = office and m.person_id = who and m.ended_at is null and p.disabled_at is null)
$$
"""

# After the insert: row security has said by then whose row it is.
PROPOSED = f"""
create function erasure_proposed() returns trigger {DEFINER} $$
begin
  if new.state is distinct from 'proposed' or new.answered_by is not null or new.removed_at is not null
    or new.subjects <> '{{}}' or not is_staff(new.firm_id, new.proposed_by)
  then
    raise exception 'an erasure begins with a proposal of somebody of the office' using errcode = 'FL005';
  end if;
  if new.document_id is not null then
    perform 1 from document d where d.company_id = new.company_id and d.id = new.document_id
      and d.aside_at is not null and d.erased_at is null for no key update;
  else
    perform 1 from statement s where s.company_id = new.company_id and s.id = new.statement_id
      and s.aside_at is not null and s.erased_at is null for no key update;
  end if;
  if not found then
    raise exception 'only what is put aside can be erased' using errcode = 'FL005';
  end if;
  return null;
end $$
"""

# What an answered proposal may still get: what was found to be erased (once), and when the files were gone (once).
ANSWERED = f"""
create function erasure_answered() returns trigger {DEFINER} $$
declare
  filled text[] := array['what', 'known', 'hashes', 'subjects'];
  answer text[] := array['state', 'answered_by', 'answered_by_name', 'answered_at', 'answer'];
  before jsonb := to_jsonb(old);
begin
  if tg_op = 'DELETE' then
    raise exception 'an erasure is history and is never deleted' using errcode = 'FL003';
  end if;
  if old.state = 'proposed' and new.state is distinct from 'proposed' then
    if to_jsonb(new) - answer is distinct from before - answer then
      raise exception 'what was proposed never changes' using errcode = 'FL003';
    end if;
    if new.state in ('confirmed', 'refused')
      and (new.answered_by is null or new.answered_by is not distinct from old.proposed_by
        or not is_staff(old.firm_id, new.answered_by))
    then
      raise exception 'a second person of the office answers a proposal' using errcode = 'FL005';
    end if;
    if new.state = 'withdrawn' and new.answered_by is distinct from old.proposed_by then
      raise exception 'who proposed it withdraws it' using errcode = 'FL005';
    end if;
    return new;
  end if;
  if old.state = 'confirmed' and old.subjects = '{{}}'
    and to_jsonb(new) - filled is not distinct from before - filled
  then
    return new;
  end if;
  if old.state = 'confirmed' and old.removed_at is null
    and to_jsonb(new) - 'removed_at'::text is not distinct from before - 'removed_at'::text
  then
    return new;
  end if;
  raise exception 'an answered erasure never changes' using errcode = 'FL003';
end $$
"""

GUARD = f"""
create function guard_erased() returns trigger {DEFINER} $$
begin
  if old.erased_at is not null then
    raise exception 'what was erased never changes' using errcode = 'FL005';
  end if;
  if new.erased_at is not null and not exists (
    select 1 from erasure e where e.company_id = new.company_id and e.state = 'confirmed' and new.id = any(e.subjects))
  then
    raise exception 'only a confirmed proposal erases' using errcode = 'FL005';
  end if;
  return new;
end $$
"""

# What comes back is not erased; what another office has erased needs no second time.
BROUGHT_BACK = f"""
create function end_erasures() returns trigger {DEFINER} $$
begin
  if (old.aside_at is not null and new.aside_at is null) or (old.erased_at is null and new.erased_at is not null) then
    update erasure e set state = 'ended', answered_at = coalesce(new.erased_at, now())
    where e.company_id = new.company_id and e.state = 'proposed' and new.id in (e.document_id, e.statement_id);
  end if;
  return null;
end $$
"""

# portal.features.keeping tells what is emptied and what stays; docs/decisions/0005 why.
ERASE = f"""
create function erase_paper() returns trigger {DEFINER} $$
declare
  paper uuid := coalesce(new.document_id, new.statement_id);
  at timestamptz := new.answered_at;
  own text[];
  elsewhere text[];
  files uuid[];
  whole uuid[];
  archives uuid[];
  uploads uuid[];
begin
  -- The order everywhere: items in id order, then the paper.
  perform 1 from dossier_item i where i.company_id = new.company_id and paper in (i.document_id, i.statement_id)
    order by i.id for no key update;
  if exists (select 1 from document_lock l where l.company_id = new.company_id and paper in (l.document_id, l.statement_id))
    or exists (
      select 1 from dossier_item i where i.company_id = new.company_id and paper in (i.document_id, i.statement_id)
        and (i.bundle_number is not null or i.state in ('reserved', 'bundled', 'delivered')))
  then
    raise exception 'what is locked or has left is not erased' using errcode = 'FL006';
  end if;
  if new.document_id is not null then
    select array_remove(array[d.original_sha256, d.ubl_sha256, d.pdf_sha256], null) into own
    from document d where d.company_id = new.company_id and d.id = paper and d.aside_at is not null and d.erased_at is null
    for no key update;
  else
    select array[s.file_sha256, s.original_sha256] into own
    from statement s where s.company_id = new.company_id and s.id = paper and s.aside_at is not null and s.erased_at is null
    for no key update;
  end if;
  if own is null then
    raise exception 'only what is put aside is erased' using errcode = 'FL005';
  end if;

  -- Every file that held it: by what was made of it, and by its bytes; not what belongs to another paper as well.
  select coalesce(array_agg(distinct sha), '{{}}') into elsewhere from (
    select unnest(array[d.original_sha256, d.ubl_sha256, d.pdf_sha256]) as sha
    from document d where d.company_id = new.company_id and d.erased_at is null and d.id <> paper
    union all select s.file_sha256 from statement s
    where s.company_id = new.company_id and s.erased_at is null and s.id <> paper) as others
  where sha is not null;
  select coalesce(array_agg(f.id), '{{}}') into files from intake_file f
  where f.company_id = new.company_id and f.erased_at is null and f.sha256 <> ''
    and ((f.document_id = paper or f.statement_ids->'ids' ? paper::text)
      or (f.sha256 = any(own) and f.sha256 <> all(elsewhere)));
  select own || coalesce(array_agg(f.sha256), '{{}}') || coalesce(array_agg(f.hints->>'pdf_sha256'), '{{}}') into own
  from intake_file f where f.id = any(files);
  select coalesce(array_agg(distinct sha), '{{}}') into own from unnest(own) as sha
  where sha is not null and sha <> all(elsewhere);
  select coalesce(array_agg(f.id), '{{}}') into files from intake_file f
  where f.company_id = new.company_id and f.erased_at is null and (f.id = any(files) or f.sha256 = any(own));
  -- A file of several statements: the others have their own bytes and stay.
  select coalesce(array_agg(f.id), '{{}}') into whole from intake_file f
  where f.id = any(files) and exists (
    select 1 from statement s where s.company_id = f.company_id and s.id <> paper and s.erased_at is null
      and f.statement_ids->'ids' ? s.id::text);
  -- The archives they came in: what else was in them is kept by itself.
  select coalesce(array_agg(a.id), '{{}}') into archives from intake_file a
  where a.company_id = new.company_id and a.erased_at is null and a.sha256 in (
    select p.sha256 from intake_file f join intake_file p on p.id = f.parent_id where f.id = any(files));
  select coalesce(array_agg(distinct f.upload_id), '{{}}') into uploads
  from intake_file f where f.id = any(files || archives);

  update erasure set
    what = '',
    known = (select coalesce(array_agg(sha), '{{}}') from unnest(own) as sha
             where not exists (select 1 from intake_file f where f.id = any(whole) and f.sha256 = sha)),
    hashes = (select coalesce(array_agg(distinct sha), '{{}}') from (
                select unnest(own) as sha union all select a.sha256 from intake_file a where a.id = any(archives)) as all_of),
    subjects = array[paper] || files || archives || uploads || coalesce((
        select array_agg(i.id) from dossier_item i
        where i.company_id = new.company_id and paper in (i.document_id, i.statement_id)), '{{}}')
      || coalesce((select array_agg(b.id) from statement s join bank_account b on b.id = s.account_id
                   where s.id = paper and not exists (
                     select 1 from statement o where o.account_id = b.id and o.id <> paper and o.erased_at is null)), '{{}}')
  where id = new.id;

  if new.document_id is not null then
    update document set
      erased_at = at, version = version + 1, kind = 'other', number = '',
      issue_date = make_date(extract(year from issue_date)::int, 12, 31), due_date = null, currency = 'EUR',
      net = 0, tax = 0, gross = 0, payable = 0, tax_subtotals = '[]', counterparty_name = '', counterparty_number = null,
      counterparty_country = null, structured_communication = null, "references" = '{{}}', original_name = '',
      ubl_sha256 = null, pdf_sha256 = null, pdf_name = null, pdf_size = null, pdf_origin = null, drawing_due_at = null,
      duplicate_key = null, findings = '[]', judged = true, tags = '{{}}', note = '', payment_state = 'open', changed_at = at
    where id = paper;
  else
    update statement set
      erased_at = at, version = version + 1, coda_number = 0, paper_number = 0, old_balance = 0, new_balance = 0,
      old_date = null, new_date = make_date(extract(year from coalesce(new_date, old_date, received_at::date))::int, 12, 31),
      debit_total = 0, credit_total = 0, movement_count = 0, original_name = '', findings = '[]', note = ''
    where id = paper;
    update bank_account b set
      erased_at = at, number = b.id::text, extension = '', iban = null, bic = null, holder = '', description = ''
    where b.id = (select s.account_id from statement s where s.id = paper) and b.erased_at is null
      and not exists (select 1 from statement o where o.account_id = b.id and o.erased_at is null);
  end if;
  update dossier_item i set
    state_before = case when i.state in ('aside', 'superseded') then i.state_before else i.state end,
    state = case when i.state = 'superseded' then i.state else 'aside' end,
    approval = case when i.approval = 'waiting' then 'not_needed' else i.approval end,
    kind = case when i.document_id is null then i.kind else 'other' end,
    state_reason = null, approval_reason = null, number = '', counterparty = '',
    item_date = make_date(extract(year from i.item_date)::int, 12, 31), due_date = null, currency = 'EUR',
    net = 0, tax = 0, gross = 0
  where i.company_id = new.company_id and paper in (i.document_id, i.statement_id);
  update intake_file f set
    erased_at = at,
    name = case when f.id = any(whole) or (f.id = any(archives) and exists (
             select 1 from intake_file m where m.parent_id = f.id and m.erased_at is null and m.id <> all(files)))
           then f.name else '' end,
    reason = case when f.id = any(whole || archives) then 'erased_part' else 'erased' end,
    reason_params = '{{}}', hints = '{{}}',
    state = case when f.state in ('received', 'to_process') then 'rejected' else f.state end,
    handled_at = coalesce(f.handled_at, at)
  where f.id = any(files || archives);
  update client_notice n set
    about = '', text = '', handled_at = coalesce(n.handled_at, at),
    handled_by_name = coalesce(n.handled_by_name, new.answered_by_name)
  where n.company_id = new.company_id and (n.document_id = paper or n.file_id = paper or n.file_id = any(files));
  -- What of it stands in letters and in finished work, which would be thrown away in a month anyway.
  update mail_message m set subject = '–'
  where m.dossier_id in (select d.id from dossier d where d.company_id = new.company_id)
    and new.what <> '' and position(new.what in m.subject) > 0;
  delete from job j where (j.done_at is not null or j.dead_at is not null)
    and position(paper::text in j.payload::text) > 0;
  delete from kept_form k where position(paper::text in k.action) > 0;
  return null;
end $$
"""

TRIGGERS = (
    "create trigger erasure_proposed after insert on erasure for each row execute function erasure_proposed()",
    "create trigger erasure_answered before update or delete on erasure for each row execute function erasure_answered()",
    """create trigger erase_paper after update of state on erasure for each row
    when (old.state = 'proposed' and new.state = 'confirmed') execute function erase_paper()""",
    *(
        f"create trigger guard_erased before update on {table} for each row execute function guard_erased()"
        for table in ERASED
    ),
    *(
        f"create trigger end_erasures after update on {table} for each row execute function end_erasures()"
        for table in ("document", "statement")
    ),
)
FUNCTIONS = ("is_staff(uuid, uuid)", "erasure_proposed()", "erasure_answered()", "erase_paper()")


def upgrade() -> None:
    """Nothing is erased yet."""
    for table in ERASED:
        op.add_column(table, sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    # The same file may come again: what was erased holds up no other.
    op.drop_index("uq_document_original", "document")
    op.create_index(
        "uq_document_original",
        "document",
        ["company_id", "original_sha256"],
        unique=True,
        postgresql_where=sa.text("erased_at is null"),
    )
    op.drop_constraint("uq_statement_company_id_content_hash", "statement")
    op.create_index(
        "uq_statement_content",
        "statement",
        ["company_id", "content_hash"],
        unique=True,
        postgresql_where=sa.text("erased_at is null"),
    )
    op.create_table(
        "erasure",
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("statement_id", sa.Uuid(), nullable=True),
        sa.Column("firm_id", sa.Uuid(), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("kind", KIND, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", STATE, nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("proposed_by_name", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_by_name", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("known", ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("hashes", ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("subjects", ARRAY(sa.Uuid()), server_default="{}", nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "num_nonnulls(document_id, statement_id) = 1", name=op.f("ck_erasure_one_subject")
        ),
        sa.CheckConstraint(
            "state not in ('confirmed', 'refused') or (answered_by is not null and answered_by <> proposed_by)",
            name=op.f("ck_erasure_second_person"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "document_id"],
            ["document.company_id", "document.id"],
            name=op.f("fk_erasure_company_id_document_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "statement_id"],
            ["statement.company_id", "statement.id"],
            name=op.f("fk_erasure_company_id_statement_id"),
        ),
        sa.ForeignKeyConstraint(
            ["firm_id", "dossier_id", "company_id"],
            ["dossier.firm_id", "dossier.id", "dossier.company_id"],
            name=op.f("fk_erasure_firm_id_dossier_id_company_id"),
        ),
        sa.ForeignKeyConstraint(
            ["firm_id", "proposed_by"],
            ["firm_member.firm_id", "firm_member.person_id"],
            name=op.f("fk_erasure_firm_id_proposed_by"),
        ),
        sa.ForeignKeyConstraint(
            ["firm_id", "answered_by"],
            ["firm_member.firm_id", "firm_member.person_id"],
            name=op.f("fk_erasure_firm_id_answered_by"),
        ),
        sa.ForeignKeyConstraint(["firm_id"], ["firm.id"], name=op.f("fk_erasure_firm_id")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_erasure_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
    )
    op.create_index(
        "uq_erasure_open",
        "erasure",
        ["firm_id", sa.text("coalesce(document_id, statement_id)")],
        unique=True,
        postgresql_where=sa.text("state = 'proposed'"),
    )
    op.create_index("ix_erasure_document", "erasure", ["company_id", "document_id"])
    op.create_index("ix_erasure_statement", "erasure", ["company_id", "statement_id"])
    op.create_index(
        "ix_erasure_subjects",
        "erasure",
        ["subjects"],
        postgresql_using="gin",
        postgresql_where=sa.text("state = 'confirmed'"),
    )
    secure("erasure")
    # An office hears of what another one has erased on a company of theirs: its own history must not tell it any more.
    ours = "company_id in (select d.company_id from dossier d where d.firm_id = (select current_firm()))"
    policy("erasure", "seen", f"{MEMBER} or {FIRM} or {ours}", command="select")
    policy("erasure", "made", f"({FIRM}) and ({OPENED})", command="insert")
    policy("erasure", "answered", FIRM, command="update")
    for function in (STAFF, PROPOSED, ANSWERED, GUARD, BROUGHT_BACK, ERASE):
        op.execute(function)
    for trigger in TRIGGERS:
        op.execute(trigger)


def downgrade() -> None:
    """What was erased stays empty and put aside; that it was is forgotten."""
    for table in ERASED:
        op.execute(f"drop trigger guard_erased on {table}")
    for table in ("document", "statement"):
        op.execute(f"drop trigger end_erasures on {table}")
        op.execute(f"alter table {table} disable trigger user")
    op.drop_table("erasure")
    for function in (*FUNCTIONS, "guard_erased()", "end_erasures()"):
        op.execute(f"drop function {function}")
    # Of what came again after it was erased, the one that is there keeps the hash.
    op.execute("update document set original_sha256 = 'erased ' || id where erased_at is not null")
    op.execute("update statement set content_hash = 'erased ' || id where erased_at is not null")
    for table in ("document", "statement"):
        op.execute(f"alter table {table} enable trigger user")
    op.drop_index("uq_statement_content", "statement")
    op.create_unique_constraint(
        "uq_statement_company_id_content_hash", "statement", ["company_id", "content_hash"]
    )
    op.drop_index("uq_document_original", "document")
    op.create_index("uq_document_original", "document", ["company_id", "original_sha256"], unique=True)
    for table in ERASED:
        op.drop_column(table, "erased_at")
