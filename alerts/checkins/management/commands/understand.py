"""`manage.py understand --tsv FILE`: how well replies are understood, by language."""

import csv
import json
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from alerts.checkins.models import Label
from alerts.checkins.reading import understanding

LABELS = [label.value for label in Label]


class Command(BaseCommand):
    """Read labelled replies (lang, text, label) and print the confusion matrix."""

    help = __doc__ or ""
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tsv", required=True, metavar="FILE")
        parser.add_argument("--json", action="store_true", help="one object a row")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = [self._read(row) for row in _rows(Path(options["tsv"]))]
        if options["json"]:
            for row in rows:
                self.stdout.write(json.dumps(row, ensure_ascii=False))
        else:
            self._matrix(rows)

    def _read(self, row: dict[str, str]) -> dict[str, Any]:
        reading = understanding.read(row["text"])
        return {
            "lang": row["lang"],
            "text": row["text"],
            "expected": row["label"],
            "label": str(reading.label),
            "words": list(reading.words),
        }

    def _matrix(self, rows: list[dict[str, Any]]) -> None:
        counted = Counter((r["lang"], r["expected"], r["label"]) for r in rows)
        head = "".join(f"{label:>9}" for label in LABELS)
        self.stdout.write(f"{'lang':<6}{'expected':<10}{head}")
        for lang, expected in sorted({(r["lang"], r["expected"]) for r in rows}):
            line = "".join(f"{counted[lang, expected, label]:>9}" for label in LABELS)
            self.stdout.write(f"{lang:<6}{expected:<10}{line}")
        right = sum(r["expected"] == r["label"] for r in rows)
        missed = sum(r["expected"] == "help" and r["label"] == "safe" for r in rows)
        self.stdout.write(
            f"{len(rows)} replies, {right} right, {missed} calls for help read as safe"
        )


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from None
    if rows and not {"lang", "text", "label"} <= set(rows[0]):
        raise CommandError("the first line must name the columns lang, text and label")
    return rows
