"""The wire contract between the agent and the portal, `/api/v1/agent/…`, version 1.

JSON with snake_case names. Ids are opaque text to the agent (the portal uses uuid7). SHA-256 values are
64 lower case hexadecimal digits. Sizes are bytes. Times are RFC 3339 with an offset.

Errors are `application/problem+json` (`Problem`); the agent decides by status and `code`, and shows `detail`:

=======  ==================  ==========================================================================
status   code                meaning
=======  ==================  ==========================================================================
400      `wrong_code`        pair: the code is unknown, used or expired
401      `revoked`           any other call: this agent's token no longer counts; the agent stops
403      any                 this agent may not do that (for example: the firm switched agents off)
404/409/410  any             a delivery is gone, was taken back or is finished; the agent lets go of it
429      any                 too many tries; `Retry-After` in seconds is honoured
=======  ==================  ==========================================================================

All calls but `pair` carry `Authorization: Bearer <token>`.

==================================================  =======================  ====================
call                                                body                     answer
==================================================  =======================  ====================
POST `/api/v1/agent/pair`                           `PairRequest`            201 `Paired`
POST `/api/v1/agent/heartbeat`                      `Heartbeat`              200 `HeartbeatReply`
GET  `/api/v1/agent/deliveries[?wait=…&mark=…]`     –                        200 `Deliveries`
GET  `/api/v1/agent/deliveries/{id}/bundle`         –                        200/206 the ZIP
POST `/api/v1/agent/deliveries/{id}/confirm`        `Confirmation`           200 `Confirmed`
POST `/api/v1/agent/deliveries/{id}/refuse`         `RefusalNotice`          200 any JSON
==================================================  =======================  ====================

The ZIP answers with `ETag: "<sha256 of the ZIP>"`, `Accept-Ranges: bytes`, and honours `Range` with
`If-Range`.

A portal that offers `wait_seconds` lets the feed be asked with `wait` (whole seconds, at most those offered) and the `mark` of the
answer before: it answers as soon as something else waits than the mark stands for, or when the time is over. It may answer sooner
with the same mark (too many wait, it is being stopped); then the agent makes pauses of its own. One call of an agent waits at a time.

*Deliver again* must be a new delivery id: the agent keeps what it wrote per delivery id, and confirms an id
that it has written without writing its files a second time, also when the importer has taken them away
meanwhile.
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

Id = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z_-]{1,64}\Z")]
Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
Size = Annotated[int, msgspec.Meta(ge=0, le=1 << 40)]

RefusalReason = Literal[
    "disk_full",
    "access_denied",
    "path_missing",
    "different_file_exists",
    "damaged_bundle",
    "unsafe_path",
    "failed",
]

PAIR = "/api/v1/agent/pair"
HEARTBEAT = "/api/v1/agent/heartbeat"
DELIVERIES = "/api/v1/agent/deliveries"


class PairRequest(msgspec.Struct, frozen=True):
    """`code` as shown in the portal; `name` of the computer as people know it; `platform`: `Windows 11`."""

    code: str
    name: str
    platform: str
    version: str


class Paired(msgspec.Struct, frozen=True):
    """The agent's identity. The token is shown once; the portal keeps only its hash."""

    agent_id: Id
    token: Annotated[str, msgspec.Meta(min_length=16, max_length=512, pattern=r"^[\x21-\x7e]+\Z")]
    firm_name: str
    poll_seconds: float


class AgentProblem(msgspec.Struct, frozen=True):
    """Something on the agent's side a person must know: `code` is a key, `detail` one English sentence.

    Codes: `root_missing`, `root_not_writable`, `root_not_ours`, `clock_skew`, `agent_too_old`,
    `unreadable_delivery`, `delivery_failed`.
    """

    code: str
    detail: str


class Heartbeat(msgspec.Struct, frozen=True):
    """`queue`: deliveries listed but not finished; `free_bytes`: on the root's disk, null when it is away."""

    version: str
    platform: str
    queue: int
    free_bytes: int | None
    root_writable: bool
    problems: list[AgentProblem]


class HeartbeatReply(msgspec.Struct, frozen=True):
    """Below `minimum_version` the agent delivers nothing and says so; versions are dotted numbers.

    `wait_seconds`: how long a call of the feed may wait for news; 0 where the portal knows nothing of it.
    """

    poll_seconds: float
    minimum_version: str
    latest_version: str
    wait_seconds: float = 0.0


class DeliveryFile(msgspec.Struct, frozen=True):
    """One file of a delivery.

    `path`: relative to the dossier's folder, `/` between folders, exactly the member's name in the ZIP.
    `role`: what the file is to its item, for example `ubl`, `pdf`, `attachment`, `coda`.
    """

    item_id: Id
    path: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
    sha256: Sha256
    size: Size
    role: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


class Delivery(msgspec.Struct, frozen=True):
    """One bundle on its way to this agent. `sha256` and `size` are the ZIP's.

    Files go to `<root>/<dossier_code>/<path>`, without a code to
    `<root>/_unassigned/<company number or dossier id>/<path>`. `manifest.json` is in the ZIP, never in
    `files`.
    """

    id: Id
    dossier_id: Id
    dossier_code: str | None
    dossier_name: str
    company_number: str | None
    bundle_id: Id
    bundle_number: int
    sha256: Sha256
    size: Size
    files: list[DeliveryFile]


class Deliveries(msgspec.Struct, frozen=True):
    """Everything that waits for this agent, per dossier in the order of `bundle_number`. Not paged. `mark` is opaque."""

    deliveries: list[Delivery]
    mark: str = ""


class ConfirmedFile(msgspec.Struct, frozen=True):
    """The proof for one file: the absolute path as this machine says it, and the SHA-256 of what is there."""

    item_id: str
    role: str
    path: str
    sha256: str
    written_at: datetime


class Confirmation(msgspec.Struct, frozen=True):
    """All files of one delivery in one call. Sending it again must change nothing and answer 200 again."""

    files: list[ConfirmedFile]


class Confirmed(msgspec.Struct, frozen=True):
    """`confirmed`: how many files the portal holds a proof of; `state`: the delivery's state."""

    confirmed: int
    state: str


class RefusalNotice(msgspec.Struct, frozen=True):
    """Why a delivery was not written; nothing is left half-written. `detail` is one English sentence."""

    reason: RefusalReason
    detail: str
    item_id: str | None = None


class Problem(msgspec.Struct, frozen=True):
    """An error as `application/problem+json` (RFC 9457) plus `code`."""

    status: int = 0
    title: str = ""
    detail: str = ""
    code: str = ""
    type: str = "about:blank"
