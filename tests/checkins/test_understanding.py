"""No call for help is ever read as safe; what is not certain goes to an officer."""

import csv
import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from alerts.checkins import understanding

REPLIES = Path(__file__).resolve().parent.parent / "data" / "replies.tsv"
with REPLIES.open(encoding="utf-8", newline="") as _file:
    ROWS = list(csv.DictReader(_file, delimiter="\t", quoting=csv.QUOTE_NONE))
HELP = [row["text"] for row in ROWS if row["label"] == "help"]


@pytest.mark.parametrize("text", HELP)
def test_a_call_for_help_is_never_read_as_safe(text):
    assert understanding.read(text).label != "safe"


@given(
    st.sampled_from(HELP),
    st.sampled_from(["", "SAFE ", "ok, ", "estoy bien. ", "1 "]),
    st.sampled_from(["", "!!!", " please", " 7K2Q", " 🙏", " safe"]),
    st.booleans(),
)
def test_no_wrapping_turns_a_call_for_help_into_safe(text, before, after, loud):
    said = f"{before}{text}{after}"
    assert understanding.read(said.upper() if loud else said).label != "safe"


@given(st.text(max_size=300))
def test_any_text_gets_one_of_the_four_labels(text):
    assert understanding.read(text).label in {"safe", "help", "stop", "unclear"}


def test_nineteen_of_twenty_labelled_replies_are_right():
    right = sum(understanding.read(row["text"]).label == row["label"] for row in ROWS)
    assert right / len(ROWS) >= 0.95


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("SAFE 7K2Q", "safe"),
        ("HELP 7K2Q", "help"),
        ("1", "safe"),
        ("2", "help"),
        ("٢", "help"),
        ("3 safe, 1 missing", "help"),
        ("We are safe but my wife isn't answering", "unclear"),
        ("safe, stop texting me", "safe"),
        ("Is it safe to go out?", "unclear"),
        ("heeeelp", "help"),
        ("Saef", "safe"),
        ("S A F E", "safe"),
        ("HELP STOP", "help"),
        ("j'ai besoin d'aide", "help"),
        ("Je n’ai pas besoin d’aide", "safe"),
        ("", "unclear"),
    ],
)
def test_what_people_type_is_understood(text, label):
    assert understanding.read(text).label == label


def test_the_words_that_decided_are_named():
    assert understanding.read("Estamos bien, no necesitamos ayuda").words == (
        "estamos bien",
        "no necesitamos ayuda",
    )


def test_the_command_prints_one_object_a_row():
    out = io.StringIO()
    call_command("understand", "--tsv", str(REPLIES), "--json", stdout=out)
    rows = [json.loads(line) for line in out.getvalue().splitlines()]
    assert len(rows) == len(ROWS)
    assert set(rows[0]) == {"lang", "text", "expected", "label", "words"}


def test_the_command_prints_the_matrix_by_language():
    out = io.StringIO()
    call_command("understand", "--tsv", str(REPLIES), stdout=out)
    assert "0 calls for help read as safe" in out.getvalue()
