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
        # What takes two places is not cut in two: the part before it stays shorter.
        ("x" * 152 + "€" + "x" * 152, 3),
        ("x" * 151 + "€" + "x" * 153, 2),
        ("ل" * 66 + "😀" + "ل" * 66, 3),
    ],
)
def test_parts_are_those_of_the_standard(said, parts):
    assert text.size(said).parts == parts


@given(st.text(max_size=400))
def test_the_cheapest_text_never_costs_more(said):
    plain = text.size(said.translate(text.LOOK_ALIKES))
    most = min(plain.parts, text.size(said).parts)
    assert text.size(text.cheapest(said)).parts <= most


def test_dots_stay_one_sign_where_three_would_cost_another_part():
    said = "危" * 69 + "…"
    assert text.cheapest(said) == said
    assert text.cheapest("危" * 66 + "…") == "危" * 66 + "..."


def test_a_letter_whose_accent_stands_behind_it_costs_what_the_letter_costs():
    said = "Tre\u0301mor: reste\u0300z dehors"
    assert text.size(said).alphabet == "UCS-2"
    assert text.cheapest(said) == "Trémor: restèz dehors"
    assert text.size(text.cheapest(said)).alphabet == "GSM-7"


@pytest.mark.parametrize("mark", "\u2010\u2011‒`´ʼ′″‹›\u2007")
def test_marks_that_a_writer_s_program_puts_in_make_no_text_dear(mark):
    assert text.size(text.cheapest(f"10{mark}12")).alphabet == "GSM-7"


@pytest.mark.parametrize("mark", ["。电话", "،", "请"])
def test_a_link_ends_where_a_phone_sees_that_it_ends(mark):
    assert text.filled(f"{{link}}{mark}", "https://e.org/c/x", "").split(" ") == [
        "https://e.org/c/x",
        mark,
    ]
    assert text.filled("{link}. Tel", "https://e.org/c/x", "") == (
        "https://e.org/c/x. Tel"
    )
    assert text.filled(f"{{link}}{mark}", "", "") == mark


def test_the_letter_that_triples_the_price_is_named():
    assert text.size("Êtes-vous en sécurité ?").culprits == ("Ê",)


def test_a_text_in_arabic_keeps_its_letters():
    assert text.cheapest("هل أنت بخير؟") == "هل أنت بخير؟"
