"""Who acts, for whom, and what they may do.

The rights are a table (domain.md §2): nothing is allowed until granted here.
"""

import enum

import msgspec

from portal.kernel.ids import AgentId, CompanyId, FirmId, KeyId, PersonId
from portal.kernel.language import N_


class Role(enum.StrEnum):
    """Roles of firm staff, then roles of company members."""

    OWNER = "owner"
    MANAGER = "manager"
    ACCOUNTANT = "accountant"
    ASSISTANT = "assistant"
    ENTREPRENEUR = "entrepreneur"
    APPROVER = "approver"
    CONTRIBUTOR = "contributor"
    READER = "reader"


ROLE_NAMES = {
    Role.OWNER: N_("Owner"),
    Role.MANAGER: N_("Manager"),
    Role.ACCOUNTANT: N_("Accountant"),
    Role.ASSISTANT: N_("Assistant"),
    Role.ENTREPRENEUR: N_("Entrepreneur"),
    Role.APPROVER: N_("Approver"),
    Role.CONTRIBUTOR: N_("Contributor"),
    Role.READER: N_("Reader"),
}


class Right(enum.StrEnum):
    """What a person may be allowed to do."""

    FIRM_SETTINGS = "firm_settings"
    BRAND = "brand"
    AGENTS = "agents"
    DOSSIERS_SEE = "dossiers_see"
    DOSSIERS_EDIT = "dossiers_edit"  # create, import, invite
    UPLOAD = "upload"  # and process quick entry
    EXPORT = "export"  # send unapproved, deliver again
    UNLOCK = "unlock"  # and policies
    DOCUMENTS_SEE = "documents_see"
    APPROVE = "approve"
    SEND = "send"  # to my accountant
    MEMBERS = "members"  # and a firm's access


_OWN = {Right.DOSSIERS_SEE, Right.DOCUMENTS_SEE}
RIGHTS: dict[Role, frozenset[Right]] = {
    Role.OWNER: frozenset(
        _OWN
        | {
            Right.FIRM_SETTINGS,
            Right.BRAND,
            Right.AGENTS,
            Right.DOSSIERS_EDIT,
            Right.UPLOAD,
            Right.EXPORT,
            Right.UNLOCK,
        }
    ),
    Role.MANAGER: frozenset(
        _OWN
        | {
            Right.BRAND,
            Right.AGENTS,
            Right.DOSSIERS_EDIT,
            Right.UPLOAD,
            Right.EXPORT,
            Right.UNLOCK,
        }
    ),
    Role.ACCOUNTANT: frozenset(_OWN | {Right.DOSSIERS_EDIT, Right.UPLOAD, Right.EXPORT, Right.UNLOCK}),
    Role.ASSISTANT: frozenset(_OWN | {Right.DOSSIERS_EDIT, Right.UPLOAD}),
    Role.ENTREPRENEUR: frozenset(
        {Right.DOCUMENTS_SEE, Right.UPLOAD, Right.APPROVE, Right.SEND, Right.MEMBERS}
    ),
    Role.APPROVER: frozenset({Right.DOCUMENTS_SEE, Right.UPLOAD, Right.APPROVE, Right.SEND}),
    Role.CONTRIBUTOR: frozenset({Right.DOCUMENTS_SEE, Right.UPLOAD}),
    Role.READER: frozenset({Right.DOCUMENTS_SEE}),
}


class Door(enum.StrEnum):
    """How the actor came in."""

    PAGE = "page"
    API = "api"
    AGENT = "agent"
    JOB = "job"
    CLI = "cli"


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """The person for whom somebody else acts, as the audit log names them."""

    person_id: PersonId
    name: str


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who acts. Exactly one of `firm_id` (staff, agents, policies) and `company_id` (members) is the scope.

    `host_firm_id` is the firm whose host a member came through. `name` is for the audit log and for greetings. `granted` are
    the rights of a program's key, which has no role. `on_behalf_of` is whoever wanted what this one does for them; it gives no
    rights, and the audit log tells both.
    """

    door: Door
    name: str
    firm_id: FirmId | None = None
    company_id: CompanyId | None = None
    host_firm_id: FirmId | None = None
    person_id: PersonId | None = None
    agent_id: AgentId | None = None
    key_id: KeyId | None = None
    role: Role | None = None
    granted: tuple[Right, ...] = ()
    on_behalf_of: Principal | None = None

    @property
    def is_firm(self) -> bool:
        """Whether firm staff, an agent or a policy of a firm acts."""
        return self.firm_id is not None

    def may(self, right: Right) -> bool:
        """Whether role or key grant the right; an actor with neither (a policy, the system) is checked elsewhere."""
        return right in self.granted or (self.role is not None and right in RIGHTS[self.role])


def system_actor(name: str) -> Actor:
    """The portal itself: sweeps, sealing, matching."""
    return Actor(door=Door.JOB, name=name)


def policy_actor(firm_id: FirmId, name: str, on_behalf_of: Principal | None = None) -> Actor:
    """A firm's standing order, such as an export policy; or the portal, which ends what a person of the firm had begun."""
    return Actor(door=Door.JOB, name=name, firm_id=firm_id, on_behalf_of=on_behalf_of)
