"""Every kind of trouble and every format of the two indexes is named by a test of this folder."""

import re
from pathlib import Path

import pytest

from tests.support import cases

HERE = Path(__file__).parent
KINDS = sorted({case.kind for case in cases.every_case()})
FORMATS = [case.kind for case in cases.every_format()]


@pytest.mark.corpus
def test_every_kind_has_a_test() -> None:
    """A kind is named as `of_kind("K01")`, or one of its inputs by its file; a format by its file."""
    if not KINDS:
        pytest.skip("../shared/data/cases is absent")
    said = "".join(path.read_text() for path in HERE.glob("test_*.py") if path.name != "test_index.py")
    named = set(re.findall(r'(?:of_kind|one_of)\(\s*"(K\d\d)"', said))
    missing = [kind for kind in KINDS if kind not in named]
    missing += [name for name in FORMATS if f'{name}"' not in said]
    assert missing == []
