"""Documents may be daily receipts, payroll, tax letters and contracts.

Revision: 0032, after 0031
"""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

BEFORE = (
    "sales_invoice",
    "sales_credit_note",
    "purchase_invoice",
    "purchase_credit_note",
    "expense_receipt",
    "other",
)
NEW = ("daily_receipts", "payroll", "tax_letter", "contract")
STATEMENT = ("statement",)


def upgrade() -> None:
    """One list of kinds for documents and items; a document is no statement."""
    _check("document", "kind", "kind", BEFORE + NEW + STATEMENT)
    op.create_check_constraint(op.f("ck_document_no_statement"), "document", "kind <> 'statement'")
    _check("dossier_item", "itemkind", "kind", BEFORE + NEW + STATEMENT)


def downgrade() -> None:
    """What has no word any more is another document, also where it is locked: the trigger of locks stands back for it."""
    new = ", ".join(f"'{kind}'" for kind in NEW)
    for table in ("document", "dossier_item"):
        op.execute(f"alter table {table} disable trigger user")
        op.execute(f"update {table} set kind = 'other' where kind in ({new})")
        op.execute(f"alter table {table} enable trigger user")
    op.execute(
        "update export_policy set approval_kinds = array(select distinct"
        f" case when kind in ({new}) then 'other' else kind end from unnest(approval_kinds) kind)"
        f" where approval_kinds && array[{new}]"
    )
    op.drop_constraint(op.f("ck_document_no_statement"), "document", type_="check")
    _check("document", "kind", "kind", BEFORE)
    _check("dossier_item", "kind", "itemkind", BEFORE + STATEMENT)


def _check(table: str, before: str, now: str, kinds: tuple[str, ...]) -> None:
    quoted = ", ".join(f"'{kind}'" for kind in kinds)
    op.drop_constraint(op.f(f"ck_{table}_{before}"), table, type_="check")
    op.create_check_constraint(op.f(f"ck_{table}_{now}"), table, f"kind in ({quoted})")
