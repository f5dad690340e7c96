"""Reading what Docker reads: the Dockerfile's stages, what the build context holds, and compose.yaml with its values filled in."""

import fnmatch
import json
import re
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: `COPY`, its options without dashes, and the rest of the line."""

    name: str
    options: dict[str, str]
    text: str

    @property
    def words(self) -> list[str]:
        """The rest as words; of the exec form, its members."""
        return json.loads(self.text) if self.text.startswith("[") else shlex.split(self.text)


@dataclass(slots=True)
class Stage:
    """A stage: what it builds on, and its instructions in order."""

    name: str
    image: str
    instructions: list[Instruction] = field(default_factory=list[Instruction])

    def all(self, name: str) -> list[Instruction]:
        """The instructions of one name."""
        return [one for one in self.instructions if one.name == name]


def dockerfile() -> dict[str, Stage]:
    """The stages by name, in order."""
    text = re.sub(r"^\s*#.*\n", "", (DOCKER / "Dockerfile").read_text(), flags=re.MULTILINE)
    stages: dict[str, Stage] = {}
    current: Stage | None = None
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        if not line.strip():
            continue
        name, _, rest = line.strip().partition(" ")
        options: dict[str, str] = {}
        while found := re.match(r"--([a-z-]+)=(\S+)\s+", rest):
            options[found[1]] = found[2]
            rest = rest[found.end() :]
        if name == "FROM":
            image, word, alias = rest.split()
            assert word == "AS", "every stage has a name"
            current = stages[alias] = Stage(alias, image)
        else:
            assert current is not None
            current.instructions.append(Instruction(name, options, rest.strip()))
    return stages


def lineage(stages: Mapping[str, Stage], name: str) -> list[Instruction]:
    """Every instruction that makes a target, from its first stage on."""
    stage = stages[name]
    before = lineage(stages, stage.image) if stage.image in stages else []
    return [*before, *stage.instructions]


def ignored(path: str) -> bool:
    """Whether .dockerignore keeps a path (relative, with slashes) out of the build: its last matching line decides."""
    out = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        rule = line.strip()
        if not rule or rule.startswith("#"):
            continue
        keep = rule.startswith("!")
        pattern = rule.removeprefix("!")
        parts = path.split("/")
        heads = ["/".join(parts[: length + 1]) for length in range(len(parts))]
        patterns = [pattern, pattern.removeprefix("**/")] if pattern.startswith("**/") else [pattern]
        if pattern.startswith("**/"):
            hit = any(fnmatch.fnmatchcase(part, pattern[3:]) for part in parts)
        else:
            hit = any(
                head.count("/") == each.count("/") and fnmatch.fnmatchcase(head, each)
                for head in heads
                for each in patterns
            )
        if hit:
            out = not keep
    return out


def copy_into(folder: Path, stage: Stage) -> None:
    """Copy what a stage takes from the build context into a folder standing for its WORKDIR."""
    for instruction in stage.all("COPY"):
        if "from" in instruction.options:
            continue
        *sources, target = instruction.words
        for source in sources:
            there = ROOT / source
            to = folder / target / Path(source).name if target.endswith("/") else folder / target
            files = [there] if there.is_file() else [path for path in there.rglob("*") if path.is_file()]
            for file in files:
                relative = file.relative_to(ROOT).as_posix()
                if not ignored(relative):
                    place = to if there.is_file() else to / file.relative_to(there)
                    place.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(file, place)


def variables() -> set[str]:
    """The names of all values that compose.yaml takes from the .env file."""
    return set(re.findall(r"\$\{([A-Z0-9_]+)", (DOCKER / "compose.yaml").read_text()))


def compose(values: Mapping[str, str]) -> dict[str, Any]:
    """compose.yaml with these values filled in, as compose does: `:?` demands, `:-` has a default, `$$` is a dollar.

    Raises:
        KeyError: a demanded value is missing.
    """

    def fill(found: re.Match[str]) -> str:
        if found[0] == "$$":
            return "$"
        name, kind, other = found[1], found[2], found[3]
        if values.get(name):
            return values[name]
        if kind == ":-":
            return other
        raise KeyError(name)

    def filled(thing: Any) -> Any:
        if isinstance(thing, str):
            return re.sub(r"\$\$|\$\{([A-Z0-9_]+)(:\?|:-)([^}]*)\}", fill, thing)
        if isinstance(thing, list):
            return [filled(one) for one in thing]  # pyright: ignore[reportUnknownVariableType] - what YAML holds
        if isinstance(thing, dict):
            return {key: filled(one) for key, one in thing.items()}  # pyright: ignore[reportUnknownVariableType] - as above
        return thing

    return filled(yaml.safe_load((DOCKER / "compose.yaml").read_text()))


def example() -> dict[str, str]:
    """What .env.example names, with the values it gives; lines commented out count with theirs."""
    found = re.findall(r"^#?([A-Z0-9_]+)=(.*)$", (DOCKER / ".env.example").read_text(), re.MULTILINE)
    return dict(found)
