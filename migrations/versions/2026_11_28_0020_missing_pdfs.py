"""A PDF that is missing is asked for again, also for what is locked; one inside a UBL that does not open is drawn instead.

Revision: 0020, after 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

# May change on a locked row: portal.features.documents.domain.UNLOCKED_COLUMNS has the same list.
OPEN_COLUMNS = "array['tags', 'note', 'payment_state', 'drawing_due_at', 'drawing_rounds']"
OPEN_COLUMNS_BEFORE = "array['tags', 'note', 'payment_state']"
# May be filled in by a PDF that we drew: portal.features.documents.domain.PDF_COLUMNS has the same list.
PDF_COLUMNS = "'{pdf_sha256,pdf_name,pdf_size,pdf_origin}'::text[]"

GUARD = """
create or replace function guard_document() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  before jsonb;
  after jsonb;
begin
  if tg_op = 'UPDATE' and (new.original_sha256 <> old.original_sha256 or new.company_id <> old.company_id) then
    raise exception 'the original of a document never changes' using errcode = 'FL002';
  end if;
  if exists (select 1 from document_lock l where l.company_id = old.company_id and l.document_id = old.id) then
    if tg_op = 'DELETE' then
      raise exception 'locked document cannot be deleted' using errcode = 'FL001';
    end if;
    before := to_jsonb(old) - {open};
    after := to_jsonb(new) - {open};
{drawn}    if after is distinct from before then
      raise exception 'locked document cannot be changed' using errcode = 'FL001';
    end if;
  end if;
  return case tg_op when 'DELETE' then old else new end;
end $$
"""
DRAWN = f"""    if (old.pdf_sha256 is null and new.pdf_origin in ('derived', 'redrawn'))
       or (old.pdf_origin = 'embedded' and new.pdf_origin = 'redrawn') then
      before := before - {PDF_COLUMNS};
      after := after - {PDF_COLUMNS};
    end if;
"""


def upgrade() -> None:
    """Add the columns; every document whose PDF is missing, or inside a UBL and was looked into by nobody, is due."""
    op.add_column("document", sa.Column("drawing_due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "document", sa.Column("drawing_rounds", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.create_index(
        "ix_document_undrawn",
        "document",
        ["drawing_due_at", "id"],
        postgresql_where=sa.text("drawing_due_at is not null"),
    )
    op.create_index("ix_job_dead", "job", ["unique_key"], postgresql_where=sa.text("dead_at is not null"))
    op.execute(GUARD.format(open=OPEN_COLUMNS, drawn=DRAWN))
    op.execute(
        "update document set drawing_due_at = received_at"
        " where ubl_sha256 is not null and (pdf_sha256 is null or pdf_origin = 'embedded')"
    )


def downgrade() -> None:
    """Forget both; what was drawn instead stays, as one that we drew."""
    op.drop_index("ix_job_dead", "job")
    op.drop_index("ix_document_undrawn", "document")
    op.drop_column("document", "drawing_rounds")
    op.drop_column("document", "drawing_due_at")
    op.execute("alter table document disable trigger user")
    op.execute("update document set pdf_origin = 'derived' where pdf_origin = 'redrawn'")
    op.execute("alter table document enable trigger user")
    op.execute(GUARD.format(open=OPEN_COLUMNS_BEFORE, drawn=""))
