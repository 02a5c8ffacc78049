"""Lists from which the names of invented people are drawn, in several scripts.

Common given and family names, put together by chance; no list of real persons was used.
"""

import csv
import functools
from pathlib import Path

PATH = Path(__file__).resolve().parent / "data" / "names.tsv"

NEEDS = (
    "uses a wheelchair",
    "needs insulin",
    "hard of hearing",
    "on dialysis",
    "pregnant",
    "travels with an oxygen device",
)


@functools.cache
def _lists() -> dict[tuple[str, str], list[str]]:
    with PATH.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        return {(row["language"], row["kind"]): row["names"].split() for row in rows}


def given(language: str) -> list[str]:
    """Return given names that are common among speakers of a language."""
    return _lists()[language, "given"]


def family(language: str) -> list[str]:
    """Return family names that are common among speakers of a language."""
    return _lists()[language, "family"]
