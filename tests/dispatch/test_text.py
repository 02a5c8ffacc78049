"""Parts are counted as the network counts them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.dispatch import text


@pytest.mark.parametrize(
    ("said", "parts"),
    [
        ("", 1),
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("x" * 306, 2),
        ("x" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ل" * 70, 1),
        ("ل" * 71, 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
    ],
)
def test_parts_are_those_of_the_standard(said, parts):
    assert text.size(said).parts == parts


@given(st.text(max_size=400))
def test_the_cheapest_text_never_costs_more(said):
    plain = text.size(said.translate(text.LOOK_ALIKES))
    assert text.size(text.cheapest(said)).parts <= plain.parts


def test_the_letter_that_triples_the_price_is_named():
    assert text.size("Êtes-vous en sécurité ?").culprits == ("Ê",)


def test_a_text_in_arabic_keeps_its_letters():
    assert text.cheapest("هل أنت بخير؟") == "هل أنت بخير؟"
