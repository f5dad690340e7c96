"""The rules process: started when needed, replaced when dead, ended when silent, and gone at exit."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from exports.ubl.check import engine, saxon_child, source
from exports.ubl.check.engine import Engine, EvaluationError, RulesUnavailableError
from tests.exports.ubl_check.samples import INVOICE

DOCUMENT = source.parse(INVOICE.encode()).serialised()
WRONG = DOCUMENT.replace(b">200.00</cbc:LineExtensionAmount>", b">201.00</cbc:LineExtensionAmount>")
PROJECT = Path(__file__).resolve().parents[3]

#: Speaks like the rules process and knows one rule; what is tested with it is the caller's side.
STAND_IN = """
import socket
channel = socket.socket(fileno=0)
channel.sendall((5).to_bytes(4, "big") + b"ready")
while size := channel.recv(4, socket.MSG_WAITALL):
    document = channel.recv(int.from_bytes(size, "big"), socket.MSG_WAITALL)
    answer = b"+BR-CO-10\\tfatal\\t/\\t0\\ttext\\n" if b">201.00<" in document else b"+"
    channel.sendall(len(answer).to_bytes(4, "big") + answer)
"""


@pytest.fixture
def stand_in(tmp_path: Path) -> Path:
    path = tmp_path / "stand_in.py"
    path.write_text(STAND_IN)
    return path


@pytest.fixture
def swift(monkeypatch: pytest.MonkeyPatch, stand_in: Path) -> Iterator[Engine]:
    """An engine with the stand-in, which starts at once."""
    monkeypatch.setattr(engine, "_CHILD", stand_in)
    made = Engine()
    yield made
    made.close()


@pytest.fixture(scope="module")
def rules() -> Iterator[Engine]:
    """The real one."""
    made = Engine()
    yield made
    made.close()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_worker_stays_for_the_next_question(rules: Engine) -> None:
    assert rules.evaluate(DOCUMENT) == []
    [first] = rules.pids()
    assert [failure.rule for failure in rules.evaluate(WRONG)] == ["BR-CO-10", "BR-CO-13"]
    assert rules.pids() == [first]


def test_a_worker_killed_between_questions_is_replaced(swift: Engine) -> None:
    swift.warm()
    [first] = swift.pids()
    os.kill(first, signal.SIGKILL)
    assert [failure.rule for failure in swift.evaluate(WRONG)] == ["BR-CO-10"]
    [second] = swift.pids()
    assert second != first
    assert not alive(first)


def test_a_worker_killed_while_it_works_is_replaced_and_the_other_work_done_once(swift: Engine) -> None:
    swift.warm()
    [first] = swift.pids()
    done: list[int] = []

    def meanwhile() -> None:
        os.kill(first, signal.SIGKILL)
        done.append(1)

    os.kill(first, signal.SIGSTOP)
    assert [failure.rule for failure in swift.evaluate(WRONG, meanwhile)] == ["BR-CO-10"]
    assert done == [1]


def test_a_worker_that_says_nothing_is_ended_and_the_next_question_answered(
    stand_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_CHILD", stand_in)
    rules = Engine(timeout=0.1)
    try:
        rules.warm()
        [first] = rules.pids()
        os.kill(first, signal.SIGSTOP)
        with pytest.raises(RulesUnavailableError, match="rules_timeout"):
            rules.evaluate(DOCUMENT)
        assert not alive(first)
        assert rules.pids() == []
        assert [failure.rule for failure in rules.evaluate(WRONG)] == ["BR-CO-10"]
    finally:
        rules.close()


def test_a_document_on_which_it_dies_twice_is_not_sent_a_third_time(
    swift: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    send = engine.Worker.send

    def deadly(worker: engine.Worker, document: bytes, seconds: float) -> None:
        sent.append(worker.pid)
        os.kill(worker.pid, signal.SIGKILL)
        send(worker, document, seconds)

    monkeypatch.setattr(engine.Worker, "send", deadly)
    with pytest.raises(RulesUnavailableError, match="rules_died"):
        swift.evaluate(DOCUMENT)
    assert len(set(sent)) == 2
    assert swift.pids() == []


def test_an_error_of_the_caller_meanwhile_leaves_no_answer_for_the_next_one(swift: Engine) -> None:
    def meanwhile() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        swift.evaluate(WRONG, meanwhile)
    assert swift.evaluate(DOCUMENT) == []


def test_a_value_the_rules_cannot_calculate_with_is_an_error_and_the_worker_lives(rules: Engine) -> None:
    rules.warm()
    pids = rules.pids()
    with pytest.raises(EvaluationError, match="xs:decimal"):
        rules.evaluate(DOCUMENT.replace(b">200.00<", b">x<"))
    assert rules.evaluate(DOCUMENT) == []
    assert rules.pids() == pids


def test_many_threads_get_their_own_answers(stand_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_CHILD", stand_in)
    rules = Engine(workers=2)
    answers: dict[int, list[list[str]]] = {number: [] for number in range(8)}
    texts = {number: WRONG if number % 2 else DOCUMENT for number in answers}

    def ask(number: int) -> None:
        for _ in range(10):
            answers[number].append([failure.rule for failure in rules.evaluate(texts[number])])

    threads = [threading.Thread(target=ask, args=(number,)) for number in answers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(rules.pids()) <= 2
    rules.close()
    for number, found in answers.items():
        assert found == [["BR-CO-10"] if number % 2 else []] * 10


def test_a_document_longer_than_the_socket_takes_at_once_arrives_whole(rules: Engine) -> None:
    note = b"<cbc:Note>" + b"x" * 3_000_000 + b"</cbc:Note><cbc:DocumentCurrencyCode>"
    long = WRONG.replace(b"<cbc:DocumentCurrencyCode>", note, 1)
    assert [failure.rule for failure in rules.evaluate(long)] == ["BR-CO-10", "BR-CO-13"]


def test_breaches_beyond_a_hundred_are_counted_not_listed(rules: Engine) -> None:
    text = DOCUMENT.decode()
    start, end = text.index("<cac:InvoiceLine>"), text.index("</Invoice>")
    line = text[start:end].replace(">100.00<", ">100.000<")
    failures = rules.evaluate((text[:start] + line * 75 + text[end:]).encode())
    decimals = [failure for failure in failures if failure.rule == "BR-DEC-23"]
    assert len(decimals) == 100
    assert {failure.more for failure in decimals} == {50}


def test_the_process_ends_with_its_caller_however_that_ends(stand_in: Path) -> None:
    program = textwrap.dedent(
        """
        import os, signal, sys
        from pathlib import Path
        from exports.ubl.check import engine
        from exports.ubl.check.engine import ENGINE
        engine._CHILD = Path(sys.argv[1])
        ENGINE.warm()
        print(*ENGINE.pids(), flush=True)
        os.kill(os.getpid(), signal.SIGKILL if sys.argv[2] == "kill" else 0)
        """
    )
    for way in ("exit", "kill"):
        ended = subprocess.run(
            [sys.executable, "-c", program, str(stand_in), way],
            capture_output=True,
            text=True,
            cwd=PROJECT,
            check=False,
        )
        pid = int(ended.stdout)
        assert ended.stderr == ""
        # After an exit it is gone; after a kill it ends when it notices that nobody is there any more.
        gone = threading.Event()
        for _ in range(500):
            if not alive(pid) or "Z" in Path(f"/proc/{pid}/stat").read_text().split(")")[1][:3]:
                gone.set()
                break
            gone.wait(0.01)
        assert gone.is_set()


def test_a_forked_child_starts_its_own_and_leaves_the_parents_alone(stand_in: Path) -> None:
    program = textwrap.dedent(
        """
        import os, sys
        from pathlib import Path
        from exports.ubl.check import engine
        from exports.ubl.check.engine import ENGINE
        engine._CHILD = Path(sys.argv[1])
        ENGINE.warm()
        parent = ENGINE.pids()
        child = os.fork()
        if not child:
            assert ENGINE.pids() == []
            ENGINE.warm()
            same = ENGINE.pids() == parent
            ENGINE.close()
            os._exit(same)
        _, status = os.waitpid(child, 0)
        assert status == 0, status
        assert ENGINE.evaluate(b"<a/>") == []
        assert ENGINE.pids() == parent
        """
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(stand_in)],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_engine_is_never_loaded_into_the_calling_process() -> None:
    program = textwrap.dedent(
        f"""
        import sys
        from exports.ubl.check import check
        assert check({INVOICE.encode()!r}, profile="peppol-bis-3") == []
        assert not [name for name in sys.modules if "saxonche" in name]
        """
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=PROJECT, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_without_the_rules_installed_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "RULES", "ubl-2.1/other.xslt")
    with pytest.raises(RulesUnavailableError, match="rules_missing"):
        Engine().evaluate(DOCUMENT)


def test_rules_of_another_form_stop_the_start_and_not_the_truth(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = tmp_path / "rules.xslt"
    other.write_text("<xsl:stylesheet/>")
    monkeypatch.setattr(engine, "resource", lambda _name: other)
    with pytest.raises(RulesUnavailableError, match="another form"):
        Engine().evaluate(DOCUMENT)


def test_a_rule_about_an_attribute_would_be_noticed() -> None:
    published = engine.resource(engine.RULES).read_text(encoding="utf-8")
    assert saxon_child.stylesheet(published)
    context = 'match="cac:LegalMonetaryTotal" mode="M11" priority="10'
    assert context in published
    about_attribute = published.replace(context, context.replace("Total", "Total[a[b]]/@x"), 1)
    with pytest.raises(ValueError, match="another form"):
        saxon_child.stylesheet(about_attribute)
