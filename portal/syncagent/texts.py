"""Every sentence the agent says to a person, by key: one table, so that another language can stand beside it.

Each says what happened and what to do about it. Parameters are in braces.
"""

import re
import unicodedata

TEXTS: dict[str, str] = {
    # pairing and addresses
    "bad_host": "{host!r} is not an address of a portal. Give it as in the browser, for example "
    "my.office.be.",
    "plain_http": "{host} would be reached without encryption. Only https is allowed, except on this "
    "computer.",
    "wrong_code": "The portal does not accept this code. It may be mistyped, used already or expired. "
    "Ask for a new one in the portal under Agents and type it within its time.",
    "too_many_tries": "The portal asks to wait: too many tries. Wait {seconds} seconds and try again.",
    "already_paired": "This agent is paired with {host} ({firm}). Run `fidero-agent unpair` first.",
    "not_paired": "This agent is not paired yet. Ask for a code in the portal under Agents, then run "
    "`fidero-agent pair <host> <code>`.",
    "config_unreadable": "The settings in {path} cannot be read ({detail}). "
    "Remove that file and pair this agent again.",
    "config_unwritable": "The settings folder {path} cannot be written ({detail}). "
    "Run the agent as a user who may, or name another folder with --config.",
    "already_running": "Another agent is running with the settings in {path}. Only one may.",
    # the portal
    "host_unknown": "The name {host} is not known. Check the spelling and this computer's network "
    "connection.",
    "host_away": "{host} cannot be reached ({detail}). The agent tries again later; nothing is lost.",
    "no_portal": "{host} answers, but not as a portal ({detail}). "
    "Check the address; a proxy or a login page of the network may be in between.",
    "moved": "{host} sends visitors on to {target}. Pair with that address instead.",
    "certificate": "The certificate of {host} is not trusted ({detail}). The agent does not connect. "
    "Ask who runs the portal or your network.",
    "certificate_time": "The certificate of {host} is not valid at this computer's time, {now} ({detail}). "
    "Check this computer's clock first.",
    "revoked": "The portal no longer accepts this agent: it was revoked. Nothing more is fetched. "
    "Ask for a new code in the portal and run `fidero-agent pair {host} <code>`.",
    "forbidden": "The portal does not allow this agent to do that ({detail}).",
    "portal_error": "The portal has a problem ({detail}). The agent tries again later; nothing is lost.",
    "delivery_failed": "Delivery {delivery} could not be fetched or confirmed ({detail}). It is tried "
    "again later.",
    "delivery_gone": "The portal no longer offers delivery {delivery} ({detail}). Nothing more of it is written.",
    "delivery_not_found": "The portal no longer has delivery {delivery}: it was taken back. Nothing more of it is written.",
    "delivery_archive_damaged": "The archive of delivery {delivery} is damaged in the portal. The office was told; made again, it "
    "comes as another delivery.",
    "delivery_taken": "Delivery {delivery} is with another agent of this office at the moment. This one leaves it alone.",
    "delivery_confirmed": "Delivery {delivery} has arrived already. Nothing is written twice.",
    "delivery_code_clash": "Delivery {delivery} waits: its dossier's code names the same folder as another dossier's. Change one of "
    "the codes in the portal.",
    "unreadable_delivery": "The portal offers a delivery this agent cannot read ({detail}). Update the "
    "agent.",
    "agent_too_old": "This agent, version {version}, is too old: the portal asks for at least {minimum}. "
    "Nothing is written until it is updated.",
    "update_available": "Version {latest} of the agent is available; this is {version}.",
    "clock_skew": "This computer's clock is {seconds} seconds {direction} the portal's. Set it right: "
    "times in proofs and certificates depend on it.",
    # the folder
    "bad_root": "{path} cannot be the folder for the files: {detail}.",
    "root_relative": "Give the folder with its full path, not {path}.",
    "root_mapped_letter": "{path} is a drive letter of a network share, which a service does not see. "
    "Give it as \\\\server\\share\\folder.",
    "root_missing": "The folder {path} is not there. If it is on a share, the share may be away. "
    "The agent tries again later; nothing is lost.",
    "root_not_writable": "The folder {path} cannot be written ({detail}). "
    "Give the user that runs the agent the right to write there.",
    "root_not_ours": "The folder {path} does not carry this agent's mark ({marker}). Perhaps the share is "
    "not "
    "mounted, or the folder was replaced. If it is the right one: `fidero-agent folders --root {path}`.",
    "root_taken": "The folder {path} belongs to another agent ({detail}). Two agents on one folder would "
    "write "
    "twice. If that agent is gone, add --take-over.",
    # one delivery: these go to the portal as `detail`
    "disk_full": "The disk of {path} is full ({detail}).",
    "access_denied": "{path} may not be written ({detail}).",
    "path_missing": "{path} is not there or is not a folder ({detail}).",
    "different_file_exists": "A different file already stands at {path}. It was not touched. "
    "Move it away, then deliver again.",
    "damaged_bundle": "The bundle is damaged: {detail}.",
    "failed": "It was tried {tries} times and always failed ({detail}). Look at the agent's log, then deliver again.",
    "unsafe_path": "The name {path!r} is not safe to write: {detail}.",
    "taken_by_importer": "{path} was written just before the agent stopped, and is no longer there: "
    "the bookkeeping package took it. It is confirmed and not written again.",
}


PROBLEMS: dict[str, str] = {
    "archive_damaged": "the archive is damaged in the portal",
    "busy": "somebody else is changing the same thing",
    "code_clash": "the dossier's code names the same folder as another's",
    "confirmed": "it has arrived already",
    "disk_full": "the portal has no room left",
    "forbidden": "this agent may not",
    "hidden_signs": "a text holds invisible signs",
    "invalid": "the portal does not understand the request",
    "not_found": "the portal does not know it",
    "slow": "it took the portal too long",
    "taken": "another agent has it",
    "too_large": "it is too large for the portal",
    "too_many": "too many requests",
    "unavailable": "a part of the portal is away",
    "unexpected": "something went wrong in the portal",
    "unknown_file": "a file is not of this bundle",
    "wrong_hash": "a file differs from the bundle's",
}
"""Code of a portal's problem → our words for it. The portal's own words are in the language of its readers, and somebody else's."""
_CODE = re.compile("[a-z][a-z0-9_]{0,40}")


def problem_words(status: int, code: str) -> str:
    """What a problem of the portal is, in a few words of ours; a code of a later portal stands for itself."""
    known = PROBLEMS.get(code) or (code if _CODE.fullmatch(code) else "")
    return f"status {status}: {known}" if known else f"status {status}"


_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0]|[\U000e0000-\U000e0fff]"
)
"""What takes no place or has no shape, and is no format character."""
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})


def visible(text: str) -> str:
    """The text with everything shown that would act on a terminal or hide in a line: control, direction, no character at all."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        _shown(char) if unicodedata.category(char) in _HIDDEN or _UNSEEN.match(char) else char
        for char in text
    )


def _shown(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def say(key: str, **params: object) -> str:
    """The sentence of `key`, filled in; what comes from outside cannot act on a terminal."""
    return visible(TEXTS[key].format(**params))
