"""A bundle of invoices with 100 kB PDFs beside them, against zipfile storing the same bytes.

Both sides read the same files and write to a new file on the same disk, each in a process of its own, taken
in turns. Ours also hashes every file against what its item claims, names everything and writes the
manifest. The second row is the most memory that ours ever held.

The goal speaks of 10,000 documents; so many take a minute, so the default is fewer: set
EXPORTS_BENCH_DOCUMENTS.
"""

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, cast

from benchmarks import Row

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = int(os.environ.get("EXPORTS_BENCH_DOCUMENTS", "2000"))
ROUNDS = 3
SAMPLES = 50
UBL_SIZE = 8_300  # a Belgian invoice of ten lines
PDF_SIZE = 100_000


def _samples(folder: Path) -> None:
    """Files of the right sizes; their content does not matter to either side."""
    source = random.Random(77)
    for n in range(SAMPLES):
        (folder / f"{n}.xml").write_bytes(source.randbytes(UBL_SIZE))
        (folder / f"{n}.pdf").write_bytes(source.randbytes(PDF_SIZE))


def _ours(folder: Path, out: Path, documents: int) -> None:
    from exports import bundle, layouts

    def described(path: Path, role: bundle.Role, media_type: str) -> bundle.ItemFile:
        data = path.read_bytes()
        return bundle.ItemFile(
            role=role,
            name=path.name,
            media_type=media_type,
            size=len(data),
            sha256=sha256(data).hexdigest(),
            origin="received",
            open=cast("partial[BinaryIO]", partial(path.open, "rb")),
        )

    files = [
        (
            described(folder / f"{n}.xml", "ubl", "application/xml"),
            described(folder / f"{n}.pdf", "pdf", "application/pdf"),
        )
        for n in range(SAMPLES)
    ]

    def items() -> Iterator[bundle.Item]:
        for n in range(documents):
            yield bundle.Item(
                id=f"0197f3c2-0000-7000-8000-{n:012d}",
                version=1,
                kind=bundle.Kind.purchase_invoice,
                number=f"2026/{n}",
                date=date(2026, 1, 1) + timedelta(days=n * 300 // documents),
                counterparty=f"Leverancier {n}",
                currency="EUR",
                net=Decimal("100.00"),
                tax=Decimal("21.00"),
                gross=Decimal("121.00"),
                tax_subtotals=(bundle.TaxAmount("S", Decimal(21), Decimal("100.00"), Decimal("21.00")),),
                files=files[n % SAMPLES],
            )

    header = bundle.Header(
        dossier_id="d",
        dossier_code="0042",
        dossier_name="Benchmark",
        company_number="0202239951",
        number=1,
        previous_sha256=None,
        policy="by_hand",
        created=datetime(2026, 11, 22, tzinfo=UTC),
        software="benchmark",
    )
    with out.open("wb") as stream:
        bundle.build(header, items(), layouts.get("sage-bob-demat"), stream)


def _theirs(folder: Path, out: Path, documents: int) -> None:
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for n in range(documents):
            for extension in ("pdf", "xml"):
                archive.write(folder / f"{n % SAMPLES}.{extension}", f"Demat/Aankopen/{n:06d}.{extension}")


def _measure(side: str, folder: Path, out: Path, documents: int) -> None:
    """The child (this file as a program): does one side once and prints its seconds and its peak memory in kB."""
    work = {"ours": _ours, "theirs": _theirs}[side]
    work(folder, out, 1)  # imports are not counted
    start = time.perf_counter()
    work(folder, out, documents)
    seconds = time.perf_counter() - start
    print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))


def _child(side: str, folder: Path) -> tuple[float, int]:
    out = folder / f"{side}.zip"
    command = [sys.executable, __file__, side, str(folder), str(out), str(DOCUMENTS)]
    answer = subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    out.unlink()
    seconds, peak = json.loads(answer.stdout)
    return seconds, peak


def run() -> list[Row]:
    """Time and memory of one bundle, the best of three of each side."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _samples(folder)
        taken = [(_child("ours", folder), _child("theirs", folder)) for _ in range(ROUNDS)]
    ours, theirs = (min(seconds for seconds, _ in side) for side in zip(*taken, strict=True))
    peak = max(kilobytes for (_, kilobytes), _ in taken) / 1024
    return [
        Row(
            f"bundle of {DOCUMENTS} documents with 100 kB PDFs: {ours:.2f} s",
            f"zipfile, stored: {theirs:.2f} s",
            ours / theirs,
            "≤ 1.5",
        ),
        Row(f"memory of that bundle: {peak:.0f} MB", "150 MB", peak / 150, "≤ 1.0"),
    ]


if __name__ == "__main__":
    _measure(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
