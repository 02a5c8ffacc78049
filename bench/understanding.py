"""Replies understood a second on one core, beside folding the same texts alone."""

import csv
import time
from pathlib import Path

import django

django.setup()

from alerts.checkins.reading import understanding, wording  # noqa: E402
from bench.__main__ import figure, save  # noqa: E402

DATA = Path(__file__).resolve().parent.parent / "tests" / "data"
FILES = (
    "replies.tsv",
    "replies_own.tsv",
    "replies_held_out.tsv",
    "replies_blind.tsv",
    "replies_fourth.tsv",
    "replies_fifth.tsv",
    "replies_sixth.tsv",
)
ROUNDS = 5
GOAL = 10_000  # texts a second on one core


def rate(texts: list[str], do: object) -> float:
    """Return texts a second."""
    assert callable(do)
    begun = time.process_time()
    for _ in range(ROUNDS):
        for text in texts:
            do(text)
    return ROUNDS * len(texts) / (time.process_time() - begun)


def texts_of(path: Path) -> list[str]:
    """Return the texts of one file of labelled replies."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [row["text"] for row in rows]


def main() -> None:
    """Measure both on the labelled replies."""
    texts = [text for name in FILES for text in texts_of(DATA / name)]
    for text in texts:  # a process reads phrases and names of places once
        understanding.read(text)
    peer, read = rate(texts, wording.tokens), rate(texts, understanding.read)
    save(
        "understanding",
        [
            figure("replies", read, "texts/s", "the goal", GOAL, 1),
            figure("replies, by effort", read, "texts/s", "folding alone", peer, 0.1),
        ],
    )


if __name__ == "__main__":
    main()
