"""Replies understood a second on one core, beside folding the same texts alone."""

import csv
import time
from pathlib import Path

import django

django.setup()

from alerts.checkins import understanding, wording  # noqa: E402 - after set-up
from bench.__main__ import figure, save  # noqa: E402

REPLIES = Path(__file__).resolve().parent.parent / "tests" / "data" / "replies.tsv"
ROUNDS = 20


def rate(texts: list[str], do: object) -> float:
    """Return texts a second."""
    assert callable(do)
    begun = time.perf_counter()
    for _ in range(ROUNDS):
        for text in texts:
            do(text)
    return ROUNDS * len(texts) / (time.perf_counter() - begun)


def main() -> None:
    """Measure both on the labelled replies."""
    with REPLIES.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        texts = [row["text"] for row in rows]
    understanding.read("warm up")
    peer, read = rate(texts, wording.tokens), rate(texts, understanding.read)
    save(
        "understanding",
        [figure("replies", read, "texts/s", "folding alone", peer, 0.05)],
    )


if __name__ == "__main__":
    main()
