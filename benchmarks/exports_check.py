"""A warm check of one invoice by all rules, against saxonche running the EN 16931 stylesheet alone.

The other side is the least that anybody who runs the published rules pays: parse the same bytes, transform,
get the report as text. Ours adds the hardened parser, the schema, another process and all Peppol rules.
"""

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import Row
from exports.ubl.check import check, close, engine

ROOT = Path(__file__).resolve().parents[1]
CORPUS = Path(os.environ.get("PORTAL_CORPUS", ROOT.parent / "shared" / "data"))
EXAMPLES = CORPUS / "ubl" / "OpenPEPPOL__peppol-bis-invoice-3" / "rules" / "examples"
DOCUMENTS = ("base-example.xml", "Allowance-example.xml")
GOAL = "≤ 1.2"
ROUNDS = 200
WARM_UP = 50


def _alternating(ours: Callable[[], object], theirs: Callable[[], object]) -> tuple[float, float]:
    """Seconds of both, taken in turns so that a busy moment hits both.

    The first quartile of each: whatever else the machine does only ever adds.
    """
    for _ in range(WARM_UP):
        ours()
        theirs()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for side, work in enumerate((ours, theirs)):
            start = time.perf_counter()
            work()
            times[side].append(time.perf_counter() - start)
    mine, other = (statistics.quantiles(side, n=4)[0] for side in times)
    return mine, other


def run() -> list[Row]:
    """The rows for the documents that are there; none without the test data."""
    from saxonche import PySaxonProcessor

    rows: list[Row] = []
    with PySaxonProcessor(license=False) as processor:
        compiler = processor.new_xslt30_processor()
        rules = compiler.compile_stylesheet(stylesheet_file=str(engine.resource(engine.RULES)))
        for name in DOCUMENTS:
            path = EXAMPLES / name
            if not path.is_file():
                continue
            data = path.read_bytes()
            text = data.decode("utf-8")

            def theirs(text: str = text) -> object:
                return rules.transform_to_string(xdm_node=processor.parse_xml(xml_text=text))

            def ours(data: bytes = data) -> object:
                return check(data, profile="peppol-bis-3")

            mine, other = _alternating(ours, theirs)
            rows.append(
                Row(
                    f"full rule check of {name}, warm: {mine * 1000:.1f} ms",
                    f"saxonche, EN 16931 alone: {other * 1000:.1f} ms",
                    mine / other,
                    GOAL,
                )
            )
    close()
    return rows
