"""The program of the rules process: it alone loads saxonche, and answers frames on its standard input.

Run as ``python saxon_child.py STYLESHEET`` with a connected socket as standard input. It imports nothing of
this library: a path is all it needs. Its frames are a length (four bytes, big-endian) and that many bytes:

- first it sends ``ready`` once the rules are compiled;
- every request is a document, UTF-8, already parsed and written again by the caller;
- every answer starts with one byte: ``+`` and one line for each broken rule, or ``!`` and a message.

A line has the fields rule, severity, location, how many more breaches of this rule were left out, and the
rule's text, between tabs. End of file ends the program, so it never outlives its caller.

Why a process of its own: the engine is a native image that has aborted whole processes of others, it
resolves external entities when it is given any, and it holds 200 MB.
"""

import contextlib
import os
import socket
import sys
from pathlib import Path
from typing import Any

#: The official rules as an import; around them, only what is broken is written, as text. That is quicker
#: than writing and parsing the whole report, and bounded: a document can break a rule on each of its lines.
_STYLESHEET = """
<xsl:stylesheet version="2.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
                xmlns:svrl="http://purl.oclc.org/dsdl/svrl">
  <xsl:import href="{rules}"/>
  <xsl:output method="text"/>
  <xsl:template match="/">
    <xsl:variable name="report"><xsl:apply-imports/></xsl:variable>
    <xsl:for-each-group select="$report//svrl:failed-assert" group-by="@id">
      <xsl:variable name="more" select="max((0, count(current-group()) - {limit}))"/>
      <xsl:for-each select="subsequence(current-group(), 1, {limit})">
        <xsl:value-of select="@id, @flag, @location, $more, normalize-space(svrl:text)" separator="&#9;"/>
        <xsl:text>&#10;</xsl:text>
      </xsl:for-each>
    </xsl:for-each-group>
  </xsl:template>
</xsl:stylesheet>
"""
LIMIT = 100  #: breaches reported for one rule


def _harden() -> None:
    """No files written, no core dumps: this process turns bytes into text and nothing else."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _receive(channel: socket.socket, count: int) -> bytes | None:
    parts: list[bytes] = []
    while count:
        part = channel.recv(min(count, 1 << 20))
        if not part:
            return None
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def _send(channel: socket.socket, payload: bytes) -> None:
    channel.sendall(len(payload).to_bytes(4, "big") + payload)


def _answer(processor: Any, rules: Any, document: bytes) -> bytes:
    try:
        node = processor.parse_xml(xml_text=document.decode("utf-8"))
        return b"+" + (rules.transform_to_string(xdm_node=node) or "").encode("utf-8")
    except Exception as error:  # noqa: BLE001  # the engine raises plain exceptions; the caller decides
        return b"!" + str(error).encode("utf-8", "replace")


def main(stylesheet: str) -> None:
    """Compiles the rules, says so, then answers until the other side closes."""
    _harden()
    channel = socket.socket(fileno=os.dup(0))
    # The native engine must not reach the channel: whatever it prints or reads goes nowhere.
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    from saxonche import PySaxonProcessor

    with PySaxonProcessor(license=False) as processor:
        compiler = processor.new_xslt30_processor()
        text = _STYLESHEET.format(rules=Path(stylesheet).as_uri(), limit=LIMIT)
        rules = compiler.compile_stylesheet(stylesheet_text=text)
        _send(channel, b"ready")
        while True:
            header = _receive(channel, 4)
            document = header and _receive(channel, int.from_bytes(header, "big"))
            if not document:
                return
            _send(channel, _answer(processor, rules, document))


if __name__ == "__main__":
    main(sys.argv[1])
