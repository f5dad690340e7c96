"""What agents send and get, field for field as in `portal.syncagent.contract` (a test compares the two).

The agent is a program of its own that imports nothing of the portal, so the contract stands on both sides.
"""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

NO_NUL = r"\A[^\x00]*\Z"
"""Names of a machine's own are taken whatever signs they have, but for the one that no text may hold."""
Text = Annotated[str, msgspec.Meta(max_length=400, pattern=NO_NUL)]
Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class PairRequest(msgspec.Struct, forbid_unknown_fields=True):
    """A code as typed, and which machine types it."""

    code: Annotated[str, msgspec.Meta(max_length=40)]
    name: Annotated[str, msgspec.Meta(max_length=80, pattern=NO_NUL)]
    platform: Annotated[str, msgspec.Meta(max_length=80, pattern=NO_NUL)]
    version: Annotated[str, msgspec.Meta(max_length=20)]


class Paired(msgspec.Struct):
    """The new agent's key, shown once."""

    agent_id: UUID
    token: str
    firm_name: str
    poll_seconds: float


class AgentProblem(msgspec.Struct):
    """Something on the agent's side that a person must know."""

    code: Annotated[str, msgspec.Meta(max_length=60)]
    detail: Text


class Heartbeat(msgspec.Struct):
    """What an agent says of itself."""

    version: Annotated[str, msgspec.Meta(max_length=20)]
    platform: Annotated[str, msgspec.Meta(max_length=80, pattern=NO_NUL)]
    queue: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
    free_bytes: Annotated[int, msgspec.Meta(ge=0, lt=2**62)] | None
    root_writable: bool
    problems: Annotated[list[AgentProblem], msgspec.Meta(max_length=50)]


class HeartbeatReply(msgspec.Struct):
    """When to call again, how long a call of the feed may wait, and which versions count."""

    poll_seconds: float
    minimum_version: str
    latest_version: str
    wait_seconds: float = 0.0


class DeliveryFile(msgspec.Struct):
    """One file to write, relative to the dossier's folder."""

    item_id: UUID
    path: str
    sha256: str
    size: int
    role: str


class Delivery(msgspec.Struct):
    """One bundle that an agent is to write, with its files."""

    id: UUID
    dossier_id: UUID
    dossier_code: str | None
    dossier_name: str
    company_number: str | None
    bundle_id: UUID
    bundle_number: int
    sha256: str
    size: int
    files: list[DeliveryFile]


class Deliveries(msgspec.Struct):
    """Everything that waits, per dossier in the order of bundle numbers; `mark` stands for it when the feed is asked to wait."""

    deliveries: list[Delivery]
    mark: str = ""


class ConfirmedFile(msgspec.Struct):
    """The proof for one file."""

    item_id: UUID
    role: Annotated[str, msgspec.Meta(max_length=40)]
    path: Annotated[str, msgspec.Meta(max_length=2000, pattern=NO_NUL)]
    sha256: Sha256
    written_at: Annotated[datetime, msgspec.Meta(tz=True)]


class Confirmation(msgspec.Struct):
    """All files of one delivery."""

    files: Annotated[list[ConfirmedFile], msgspec.Meta(max_length=50_000)]


class Confirmed(msgspec.Struct):
    """How many files are proved now, and the delivery's state."""

    confirmed: int
    state: str


class RefusalNotice(msgspec.Struct):
    """Why a delivery was not written."""

    reason: Literal[
        "disk_full",
        "access_denied",
        "path_missing",
        "different_file_exists",
        "damaged_bundle",
        "unsafe_path",
        "failed",
    ]
    detail: Annotated[str, msgspec.Meta(max_length=2000, pattern=NO_NUL)]
    item_id: UUID | None = None
