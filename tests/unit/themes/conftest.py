"""The looks, without a portal: an environment that speaks English on a fixed day."""

from __future__ import annotations

import pytest
from jinja2 import Environment

from themes import build
from themes.assets import Assets, load
from themes.gallery import sample_environment


@pytest.fixture(scope="session")
def assets() -> Assets:
    """The static files, built when they are not."""
    build.build()
    return load()


@pytest.fixture(scope="session")
def environment(assets: Assets) -> Environment:
    return sample_environment(assets)
