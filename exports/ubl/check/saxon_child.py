"""The program of the rules process: it alone loads saxonche, and answers frames on its standard input.

Run as ``python saxon_child.py STYLESHEET`` with a connected socket as standard input. It imports nothing of
this library: a path is all it needs. Its frames are a length (four bytes, big-endian) and that many bytes:

- first it sends ``ready`` once the rules are compiled, or ``!`` and why it cannot;
- every request is a document, UTF-8, already parsed and written again by the caller;
- every answer starts with one byte: ``+`` and one line for each broken rule, or ``!`` and a message.

A line has the fields rule, severity, location, how many more breaches of this rule were left out, and the
rule's text, between tabs. End of file ends the program, so it never outlives its caller.

Why a process of its own: the engine is a native image that has aborted whole processes of others, it
resolves external entities when it is given any, and it holds 200 MB.
"""

import contextlib
import os
import re
import socket
import sys
from pathlib import Path
from typing import Any

#: Stands in for the published root template: the same patterns, but only what is broken is written, as text.
#: That is quicker than writing and parsing the whole report, and bounded: a document can break a rule on each
#: of its lines.
_ROOT = """
<xsl:template match="/">
  <xsl:variable name="report">{patterns}</xsl:variable>
  <xsl:for-each-group select="$report//svrl:failed-assert" group-by="@id">
    <xsl:variable name="more" select="max((0, count(current-group()) - {limit}))"/>
    <xsl:for-each select="subsequence(current-group(), 1, {limit})">
      <xsl:value-of select="@id, @flag, @location, $more, normalize-space(svrl:text)" separator="&#9;"/>
      <xsl:text>&#10;</xsl:text>
    </xsl:for-each>
  </xsl:for-each-group>
</xsl:template>
"""
_PATTERN = re.compile(r'<xsl:apply-templates mode="M[0-9]+" select="/" />')
_PUBLISHED_ROOT = re.compile(r'<xsl:template match="/">.*?</xsl:template>', re.DOTALL)
_OUTPUT = re.compile(r"<xsl:output [^>]*/>")
_FIRED = re.compile(r"<svrl:fired-rule [^>]*/>")
_WALK = 'select="@*|*"'
_CONTEXT = re.compile(r'<xsl:template match="([^"]*)" mode="M[0-9]+" priority="[0-9]')
_PREDICATE = re.compile(r"\[[^\[\]]*\]")
LIMIT = 100  #: breaches reported for one rule


def stylesheet(published: str) -> str:
    """The published rules without the parts of the report that nobody reads here.

    Every test stays as it is. Left out are the notes of what was looked at, and the search for rules about
    attributes, of which there is none: a fifth of the time.

    Raises:
        ValueError: The stylesheet does not have the form this was written for.
    """
    patterns = "".join(_PATTERN.findall(published))
    root = _ROOT.format(patterns=patterns, limit=LIMIT)
    text, roots = _PUBLISHED_ROOT.subn(lambda _: root, published)
    text, outputs = _OUTPUT.subn('<xsl:output method="text"/>', text)
    about_attributes = any(_is_attribute(context) for context in _CONTEXT.findall(published))
    if not patterns or roots != 1 or outputs != 1 or about_attributes:
        raise ValueError("the published rules have another form")
    return _FIRED.sub("", text.replace(_WALK, 'select="*"'))


def _is_attribute(context: str) -> bool:
    while _PREDICATE.search(context):
        context = _PREDICATE.sub("", context)
    return "@" in context or "attribute(" in context


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


def main(path: str) -> None:
    """Compiles the rules, says so, then answers until the other side closes."""
    _harden()
    channel = socket.socket(fileno=os.dup(0))
    # The native engine must not reach the channel: whatever it prints or reads goes nowhere.
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    try:
        _serve(channel, path)
    except Exception as error:  # noqa: BLE001  # said to the caller, who has nothing else to read
        with contextlib.suppress(OSError):
            _send(channel, b"!" + str(error).encode("utf-8", "replace"))


def _serve(channel: socket.socket, path: str) -> None:
    from saxonche import PySaxonProcessor

    with PySaxonProcessor(license=False) as processor:
        compiler = processor.new_xslt30_processor()
        published = Path(path).read_text(encoding="utf-8")
        rules = compiler.compile_stylesheet(stylesheet_text=stylesheet(published))
        _send(channel, b"ready")
        while True:
            header = _receive(channel, 4)
            document = header and _receive(channel, int.from_bytes(header, "big"))
            if not document:
                return
            _send(channel, _answer(processor, rules, document))


if __name__ == "__main__":
    main(sys.argv[1])
