"""Which present dossier a row of a list is about: the hidden id first, then the company number, then the code. A name is only asked. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from portal.features.dossiers.domain.codes import code_key
from portal.features.dossiers.domain.dossiers import Access
from portal.features.dossiers.domain.names import name_key


def uuid_of(text: str) -> UUID | None:
    """The id that a cell holds, if it is one."""
    try:
        return UUID(text.strip())
    except ValueError:
        return None


@dataclass(slots=True)
class Wanted:
    """What rows ask of the dossiers that are there: whichever has one of these is all that can decide about them.

    Ids in text; numbers, of whatever country; codes as they are written and by their key; keys of names.
    """

    ids: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)
    codes: set[str] = field(default_factory=set)
    code_keys: set[str] = field(default_factory=set)
    name_keys: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class KnownDossier:
    """A present dossier, as far as a list may change it.

    `made_here`: this very list made it; `clashes`: its code is another's folder; `folder`: where an agent has written for it, if one has;
    `space`: names the packages among which its code is given once.
    """

    id: str
    code: str | None
    country: str
    number: str | None
    activity: str
    values: Mapping[str, str]
    made_here: bool = False
    clashes: bool = False
    access: Access = Access.MANAGED
    folder: str = ""
    space: str = ""

    @property
    def ended(self) -> bool:
        """Whether the firm has no sight of the company any more, or was refused it."""
        return self.access in (Access.ENDED, Access.DECLINED)

    @property
    def name(self) -> str:
        """The name of the dossier, with its activity."""
        return self.values.get("name", "")


@dataclass(slots=True)
class Known:
    """What is there already.

    The dossiers in sight, the numbers of claimed companies, and of the dossiers that the firm keeps out of the actor's sight their
    numbers, the keys of their codes with the space of each, and their folded names. `space` is where new dossiers get their codes.
    """

    dossiers: Sequence[KnownDossier] = ()
    claimed: frozenset[tuple[str, str]] = frozenset()
    kept_already: frozenset[tuple[str, str]] = frozenset()
    codes_out_of_sight: frozenset[tuple[str, str]] = frozenset()
    names_out_of_sight: frozenset[str] = frozenset()
    space: str = ""
    _by_id: dict[str, KnownDossier] = field(default_factory=dict)
    _by_number: dict[tuple[str, str], list[KnownDossier]] = field(default_factory=dict)
    _by_code: dict[str, dict[str, KnownDossier]] = field(default_factory=dict)
    _by_key: dict[str, dict[str, KnownDossier]] = field(default_factory=dict)
    _by_name: dict[str, list[KnownDossier]] = field(default_factory=dict)
    _unseen_keys: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._unseen_keys = {key for _space, key in self.codes_out_of_sight}
        for one in self.dossiers:
            self.add(one)

    def add(self, one: KnownDossier) -> None:
        """One more dossier is there."""
        self._by_id[one.id] = one
        self._by_name.setdefault(name_key(one.name), []).append(one)
        if one.number:
            self._by_number.setdefault((one.country, one.number), []).append(one)
        if one.code:
            self._by_code.setdefault(one.code, {})[one.space] = one
            if not one.clashes:
                self._by_key.setdefault(code_key(one.code), {})[one.space] = one

    def with_id(self, text: str) -> KnownDossier | None:
        """The dossier of a hidden id; what is no id, unknown, or another firm's is nobody's."""
        given = uuid_of(text)
        return self._by_id.get(str(given)) if given is not None else None

    def with_number(self, country: str, number: str) -> list[KnownDossier]:
        """The dossiers on a company."""
        return self._by_number.get((country, number), [])

    def with_code(self, code: str) -> list[KnownDossier]:
        """The dossiers that have a code, one of a space: written so, or else one that is the same folder."""
        if not code:
            return []
        return list((self._by_key.get(code_key(code), {}) | self._by_code.get(code, {})).values())

    def has_code(self, code: str, key: str) -> bool:
        """Whether any dossier has a code, in sight or not, in whatever space; `key` is its key."""
        return key in self._by_key or code in self._by_code or key in self._unseen_keys

    def has_number(self, country: str, number: str) -> bool:
        """Whether there is a company of this number: one of the firm's, in sight or not, or a claimed one."""
        numbered = (country, number)
        return numbered in self._by_number or numbered in self.claimed or numbered in self.kept_already

    def has_name(self, key: str) -> bool:
        """Whether any dossier has a name of this key."""
        return key in self._by_name or key in self.names_out_of_sight

    def holds(self, code: str, space: str) -> KnownDossier | None:
        """The dossier of a space whose folder a code would name."""
        return self._by_key.get(code_key(code), {}).get(space)

    def taken_out_of_sight(self, code: str, space: str) -> bool:
        """Whether a dossier of a space that the actor does not see has the folder of a code."""
        return (space, code_key(code)) in self.codes_out_of_sight

    def named(self, name: str, number: str | None) -> list[KnownDossier]:
        """The dossiers that may be the same by their name: not those that another number proves to be another company."""
        found = self._by_name.get(name_key(name), [])
        return [one for one in found if not (number and one.number)]
