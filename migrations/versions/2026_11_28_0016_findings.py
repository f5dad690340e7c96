"""What does not agree in a document, and a short way to the other documents of its supplier and number.

Revision: 0016, after 0015
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and the index; documents that are there were judged by nobody and have no findings."""
    op.add_column(
        "document",
        sa.Column("findings", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
    )
    op.create_index(
        "ix_document_number",
        "document",
        ["company_id", "duplicate_key"],
        postgresql_ops={"duplicate_key": "text_pattern_ops"},
        postgresql_where=sa.text("duplicate_key is not null"),
    )


def downgrade() -> None:
    """Forget both."""
    op.drop_index("ix_document_number", "document")
    op.drop_column("document", "findings")
