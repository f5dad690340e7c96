"""Who sees what is proposed to be erased: the company, the office that proposes it, and offices that have opened the dossier.

Revision: 0026, after 0025
"""

from alembic import op

from migrations.ops import FIRM, MEMBER, OPENED, policy

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

DOSSIERS = "company_id in (select d.company_id from dossier d where d.firm_id = (select current_firm()))"


def upgrade() -> None:
    """What is confirmed every office with a dossier sees, also after its access has ended: its own history must not tell the names."""
    op.execute("drop policy seen on erasure")
    policy(
        "erasure",
        "seen",
        f"{MEMBER} or {FIRM} or {OPENED} or (state = 'confirmed' and {DOSSIERS})",
        command="select",
    )


def downgrade() -> None:
    """Whoever has a dossier on the company, with or without access."""
    op.execute("drop policy seen on erasure")
    policy("erasure", "seen", f"{MEMBER} or {FIRM} or {DOSSIERS}", command="select")
