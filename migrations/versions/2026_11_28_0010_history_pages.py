"""Pages of history: indexes in the order they are read, and a firm sees what members did in the dossiers it serves.

Until now a member's acts were seen only with their company opened, so no page over all dossiers could tell of them. What names another
firm's dossier stays that firm's.

Revision: 0010, after 0009
"""

from alembic import op

from migrations.ops import OPENED, policy

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INDEXES = {
    "of_firm": ["firm_id", "at", "id"],
    "of_company": ["company_id", "at", "id"],
    "of_dossier": ["dossier_id", "at", "id"],
    "of_subject": ["subject_id", "id"],
}
SERVED = (
    "firm_id is null"
    " and company_id in (select d.company_id from dossier d"
    " where d.firm_id = (select current_firm()) and d.access in ('managed', 'granted'))"
    " and (dossier_id is null or dossier_id in (select d.id from dossier d where d.firm_id = (select current_firm())))"
)


def upgrade() -> None:
    """Indexes and policy."""
    for owner in ("company", "dossier", "firm"):
        op.drop_index(f"ix_audit_event_{owner}_id", table_name="audit_event")
    for name, columns in INDEXES.items():
        op.create_index(f"ix_audit_event_{name}", "audit_event", columns)
    op.execute("drop policy opened on audit_event")
    policy("audit_event", "served", SERVED, command="select")


def downgrade() -> None:
    """As it was."""
    op.execute("drop policy served on audit_event")
    policy("audit_event", "opened", f"firm_id is null and {OPENED}", command="select")
    for name in INDEXES:
        op.drop_index(f"ix_audit_event_{name}", table_name="audit_event")
    for owner in ("company", "dossier", "firm"):
        op.create_index(f"ix_audit_event_{owner}_id", "audit_event", [f"{owner}_id"])
