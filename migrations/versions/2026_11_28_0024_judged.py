"""Documents that came before anybody looked for contradictions are judged once, also those that have left; typed ones are drawn.

Revision: 0024, after 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

# May change on a locked row: portal.features.documents.domain.UNLOCKED_COLUMNS has the same list.
OPEN_COLUMNS = (
    "array['tags', 'note', 'payment_state', 'drawing_due_at', 'drawing_rounds', 'findings', 'judged']"
)
OPEN_COLUMNS_BEFORE = "array['tags', 'note', 'payment_state', 'drawing_due_at', 'drawing_rounds']"
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
    if (old.pdf_sha256 is null and new.pdf_origin in ('derived', 'redrawn'))
       or (old.pdf_origin = 'embedded' and new.pdf_origin = 'redrawn') then
      before := before - {pdf};
      after := after - {pdf};
    end if;
    if after is distinct from before then
      raise exception 'locked document cannot be changed' using errcode = 'FL001';
    end if;
  end if;
  return case tg_op when 'DELETE' then old else new end;
end $$
"""


def upgrade() -> None:
    """Add the column: a sweep finds what is not judged yet, a job per company judges it, a batch at a time."""
    op.add_column(
        "document", sa.Column("judged", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.create_index(
        "ix_document_unjudged", "document", ["company_id", "id"], postgresql_where=sa.text("not judged")
    )
    op.execute(GUARD.format(open=OPEN_COLUMNS, pdf=PDF_COLUMNS))
    op.execute(
        "update document set drawing_due_at = received_at"
        " where ubl_sha256 is null and original_type = 'application/xml' and (pdf_sha256 is null or pdf_origin = 'embedded')"
    )


def downgrade() -> None:
    """Forget it; the findings stay."""
    op.execute(GUARD.format(open=OPEN_COLUMNS_BEFORE, pdf=PDF_COLUMNS))
    op.drop_index("ix_document_unjudged", "document")
    op.drop_column("document", "judged")
