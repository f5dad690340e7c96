"""An invitation is of one of three kinds: to claim a company, to work at the firm, to join a company.

Revision: 0033, after 0032
"""

import sqlalchemy as sa
from alembic import op

from migrations.ops import FIRM, MEMBER, policy

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

BEFORE = ("none", "sent", "opened", "used", "expired")
STAFF = ("owner", "manager", "accountant", "assistant")
MEMBERS = ("entrepreneur", "approver", "contributor", "reader")
OPEN = "state in ('none', 'sent', 'opened')"
# The firm of the host keeps a member's invitation and does not see it: only the company decides about its people.
OF_FIRM = f"{FIRM} and kind is distinct from 'member'"
OF_MEMBERS = f"{MEMBER} and kind = 'member'"


def _quoted(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def _with_role(roles: tuple[str, ...]) -> str:
    # A check is fulfilled by null: `role in (…)` alone would let an invitation without a role pass.
    return f"role is not null and role in ({_quoted(roles)}) and invited_by is not null"


OF_KIND = f"""case kind
 when 'claim' then dossier_id is not null and company_id is not null and role is null
 when 'staff' then dossier_id is null and company_id is null and {_with_role(STAFF)}
 when 'member' then dossier_id is null and company_id is not null and {_with_role(MEMBERS)}
 else false end"""


def upgrade() -> None:
    """What there is are claims; who sent them is not known."""
    kind = sa.Enum("claim", "staff", "member", name="invitationkind", native_enum=False, length=40)
    role = sa.Enum(*STAFF, *MEMBERS, name="role", native_enum=False, length=40)
    op.add_column("invitation", sa.Column("kind", kind, nullable=False, server_default="claim"))
    op.alter_column("invitation", "kind", server_default=None)
    op.add_column("invitation", sa.Column("role", role, nullable=True))
    op.add_column("invitation", sa.Column("invited_by", sa.Uuid(), nullable=True))
    op.add_column("invitation", sa.Column("failure", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_invitation_invitationkind"), "invitation", "kind in ('claim', 'staff', 'member')"
    )
    op.create_check_constraint(
        op.f("ck_invitation_role"), "invitation", f"role in ({_quoted(STAFF + MEMBERS)})"
    )
    for column in ("dossier_id", "company_id"):
        op.alter_column("invitation", column, nullable=True)
    op.create_foreign_key(op.f("fk_invitation_company_id"), "invitation", "company", ["company_id"], ["id"])
    op.create_foreign_key(op.f("fk_invitation_invited_by"), "invitation", "person", ["invited_by"], ["id"])
    op.create_check_constraint(op.f("ck_invitation_of_kind"), "invitation", OF_KIND)
    _states((*BEFORE, "withdrawn"))
    for name, owner, of_kind in (
        ("uq_invitation_staff", "firm_id", "staff"),
        ("uq_invitation_member", "company_id", "member"),
    ):
        op.create_index(
            name,
            "invitation",
            [owner, "email"],
            unique=True,
            postgresql_where=sa.text(f"kind = '{of_kind}' and {OPEN}"),
        )
    op.create_index(
        "ix_invitation_member", "invitation", ["company_id"], postgresql_where=sa.text("kind = 'member'")
    )
    op.execute("drop policy firm on invitation")
    policy("invitation", "firm", OF_FIRM)
    policy("invitation", "members_see", OF_MEMBERS, command="select")
    policy("invitation", "members_made", f"{OF_MEMBERS} and firm_id = (select host_firm())", command="insert")
    policy("invitation", "members_changed", OF_MEMBERS, command="update")


def downgrade() -> None:
    """Invitations of staff and members are deleted: there is no word for them. A withdrawn claim has expired."""
    for name in ("firm", "members_see", "members_made", "members_changed"):
        op.execute(f"drop policy {name} on invitation")
    for name in ("ix_invitation_member", "uq_invitation_staff", "uq_invitation_member"):
        op.drop_index(name, table_name="invitation")
    op.execute("delete from invitation where kind <> 'claim'")
    op.execute("update invitation set state = 'expired' where state = 'withdrawn'")
    _states(BEFORE)
    op.drop_constraint(op.f("ck_invitation_of_kind"), "invitation", type_="check")
    for column in ("dossier_id", "company_id"):
        op.alter_column("invitation", column, nullable=False)
    op.drop_constraint(op.f("fk_invitation_company_id"), "invitation", type_="foreignkey")
    for column in ("kind", "role", "invited_by", "failure"):
        op.drop_column("invitation", column)
    policy("invitation", "firm", FIRM)


def _states(states: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_invitation_invitationstate"), "invitation", type_="check")
    op.create_check_constraint(
        op.f("ck_invitation_invitationstate"), "invitation", f"state in ({_quoted(states)})"
    )
