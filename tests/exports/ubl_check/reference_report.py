"""Runs the published stylesheet as it is, by saxonche as it is, over documents: what we are compared with.

A program: ``python reference_report.py STYLESHEET FOLDER`` prints, for each file by name, the failed asserts in
order as JSON, or an error.
"""

import json
import sys
from pathlib import Path

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - lxml has no types
from saxonche import PySaxonProcessor

FAILED = "{http://purl.oclc.org/dsdl/svrl}failed-assert"


def main(stylesheet: str, folder: str) -> None:
    with PySaxonProcessor(license=False) as processor:
        rules = processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=stylesheet)
        report: dict[str, object] = {}
        for path in sorted(Path(folder).iterdir()):
            try:
                node = processor.parse_xml(xml_text=path.read_text(encoding="utf-8"))
                answer = etree.fromstring(rules.transform_to_string(xdm_node=node).encode())
                report[path.name] = [
                    [failed.get("id"), failed.get("flag"), failed.get("location")]
                    for failed in answer.iter(FAILED)
                ]
            except Exception as error:  # noqa: BLE001  # the engine raises plain exceptions
                report[path.name] = {"error": str(error)}
        json.dump(report, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
