"""The child is killed and replaced when it passes a limit; the caller gets words."""

import pytest

from alerts.hazards.listening import reading
from consular import child


def test_a_function_answers_from_the_child():
    assert child.call("math.factorial", 5) == 120


@pytest.mark.parametrize(
    ("path", "args", "words"),
    [
        ("time.sleep", (9,), "longer than"),
        ("math.factorial", (1_000_000,), "processor time"),
        ("builtins.bytearray", (900_000_000,), "memory"),
        ("os.abort", (), "crash"),
        ("os._exit", (3,), "crash"),
    ],
)
def test_a_hog_is_killed_and_the_next_call_works(path, args, words):
    wall_s = 1.5 if path == "time.sleep" else 60.0  # a busy machine gives little
    with pytest.raises(child.ChildError, match=words):
        child.call(path, *args, cpu_s=0.5, wall_s=wall_s)
    assert child.call("math.factorial", 3) == 6


def test_a_refusal_carries_the_function_s_own_words():
    with pytest.raises(child.ChildRefused, match="invalid literal"):
        child.call("builtins.int", "x")


def test_a_child_that_is_slow_to_start_has_the_whole_time_for_its_work(
    tmp_path, monkeypatch
):
    (tmp_path / "slow_to_import.py").write_text(
        "import time\ntime.sleep(1)\ndef work(): return 'done'\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    fresh = child._Child()
    assert fresh.call("slow_to_import.work", (), 0.5, 0.9) == "done"
    fresh.end()


def test_a_document_that_was_late_is_read_once_more(monkeypatch):
    said = [child.ChildLateError("late"), ("accepted", "", None)]

    def call(path: str, *args: object, cpu_s: float) -> object:
        answer = said.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(child, "call", call)
    assert reading.in_child(b"x") == ("accepted", "", None)
    said = [child.ChildLateError("late")] * 2
    assert reading.in_child(b"x") == (reading.QUARANTINED, "late", None)


def test_a_large_document_is_given_more_processor_time(monkeypatch):
    given = []

    def call(path: str, *args: object, cpu_s: float) -> object:
        given.append(cpu_s)
        return ("accepted", "", None)

    monkeypatch.setattr(child, "call", call)
    for size in (1, 8_000_000):
        reading.in_child(b" " * size)
    assert given == [1.0, 2.0]
