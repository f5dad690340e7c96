"""Reading and checking 10,000 CODA movements, against febelfin-coda and pycoda.

Every library in an interpreter of its own (both others are a module named ``coda``), taken in turns so that
a busy moment hits all; the best of the rounds counts. febelfin-coda is among the development packages;
pycoda is measured where EXPORTS_BENCH_PYCODA names an interpreter that has it. Ours reads and checks;
febelfin-coda asserts balances and counts while it reads, pycoda checks nothing.
"""

import os
import subprocess
import sys
import tempfile
from datetime import date
from decimal import Decimal
from pathlib import Path

from benchmarks import Row

ROOT = Path(__file__).resolve().parents[1]
MOVEMENTS = 10_000
ROUNDS = 7
GOAL = "≥ 2"

_TIMED = """
import sys, time
{imports}
path = sys.argv[1]
data = open(path, "rb").read()
start = time.perf_counter()
{work}
print(time.perf_counter() - start)
"""

_OURS = _TIMED.format(imports="from exports import coda", work="assert coda.check(coda.read(data)) == []")
_FEBELFIN = _TIMED.format(
    imports="import io\nfrom coda import CODA", work="CODA(io.StringIO(data.decode('cp1252')))"
)
_PYCODA = _TIMED.format(imports="from coda.parser import Parser", work="Parser().parse(data)")


def sample(movements: int = MOVEMENTS) -> bytes:
    """A statement whose movements have five records each, as those of the larger banks do."""
    from msgspec import structs

    from exports import coda

    day = date(2026, 11, 2)
    accounts = ("BE68539007547034", "FR1420041010050500013M02606", "BE71096123456769")
    made: list[coda.Movement] = []
    for n in range(movements):
        movement = coda.movement_of(
            Decimal(n % 90_000 + 1) / 100 * (1 if n % 3 else -1),
            day,
            name=f"Customer number {n}",
            account=accounts[n % 3],
            bic="GKCCBEBB",
            text=f"Invoice {n} of the second of November, with thanks for the prompt delivery",
            reference=f"E2E-{n:010d}",
            bank_reference=f"REFERENCE{n:010d}",
        )
        address = "001" + f"Customer number {n}".ljust(70) + "Main Street 1".ljust(35) + "9000 Ghent"
        information = coda.Information(
            transaction_code=movement.transaction_code,
            bank_reference=movement.bank_reference,
            is_structured=True,
            communication=address,
        )
        made.append(structs.replace(movement, information=(information,)))
    statement = coda.statement_of(
        account=coda.Account("BE68539007547034"),
        holder="Holder",
        old_balance=Decimal(1000),
        old_balance_date=date(2026, 10, 30),
        date=day,
        coda_sequence=211,
        movements=made,
    )
    return coda.write(coda.File((statement,)))


def _seconds(python: str, code: str, path: Path) -> float | None:
    """Seconds that the code took in its interpreter, or nothing when the library is not there."""
    done = subprocess.run(
        [python, "-c", code, str(path)], capture_output=True, text=True, check=False, cwd=ROOT, timeout=120
    )
    return float(done.stdout) if done.returncode == 0 else None


def run() -> list[Row]:
    """The rows for the libraries that are there."""
    sides = {"ours": (sys.executable, _OURS), "febelfin-coda": (sys.executable, _FEBELFIN)}
    if pycoda := os.environ.get("EXPORTS_BENCH_PYCODA"):
        sides["pycoda"] = (pycoda, _PYCODA)
    times: dict[str, list[float]] = {name: [] for name in sides}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sample.cod"
        path.write_bytes(sample())
        for _ in range(ROUNDS):
            for name, (python, code) in sides.items():
                seconds = _seconds(python, code, path)
                if seconds is not None:
                    times[name].append(seconds)
    ours = min(times.pop("ours"))
    return [
        Row(
            f"read + check {MOVEMENTS:,} CODA movements ({ours * 1000:.0f} ms)", name, min(taken) / ours, GOAL
        )
        for name, taken in times.items()
        if taken
    ]
