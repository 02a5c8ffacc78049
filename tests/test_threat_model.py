"""A threat model is as good as its tests: every one that it names exists."""

import re

from tests.scratch import ROOT

NAMED = re.compile(r"`((?:[\w/]+\.py)?(?:::\w+)?)`")
ROW = re.compile(r"^\| (?!---|threat |who )(.+) \|$", re.MULTILINE)


def listed(text: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return each threat with the tests of its row, as file and function."""
    found, file = [], ""
    for row in ROW.findall(text):
        cells = row.split(" | ")
        tests = []
        for name in NAMED.findall(cells[-1]):
            path, _, function = name.partition("::")
            file = path or file
            tests.append((file, function))
        if cells[-1] == "the same" or cells[-1].startswith("the same;"):
            tests.append((file, ""))
        if len(cells) == 3 and (tests or "test" not in cells[0]):
            found.append((cells[0], tests))
    return found


def missing(text: str) -> list[str]:
    """Return what it names that is not there, and threats without a test."""
    wrong = []
    for threat, tests in listed(text):
        if not tests:
            wrong.append(f"no test: {threat}")
        for file, function in tests:
            path = ROOT / "tests" / file
            code = path.read_text(encoding="utf-8") if path.is_file() else ""
            if not code or (function and f"def {function}(" not in code):
                wrong.append(f"{file}::{function}")
    return wrong


def model() -> str:
    text = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
    return text.partition("## Sending")[2]


def test_every_test_that_is_named_exists() -> None:
    assert missing(model()) == []


def test_every_decision_of_an_incident_is_covered() -> None:
    heads = set(re.findall(r"^## (.+)$", model(), re.MULTILINE))
    wanted = {"Words approved beforehand", "Taking back", "In public", "Being told"}
    assert wanted | {"Handing over", "Looking", "Signing in", "The audit"} <= heads
    assert len(listed(model())) >= 40


def test_a_test_that_was_renamed_is_found() -> None:
    row = "| a | b | `test_threat_model.py::test_gone`, `::test_away`, `none.py` |\n"
    assert len(missing(row)) == 3
    assert missing("| a | b | nothing |\n") == ["no test: a"]
