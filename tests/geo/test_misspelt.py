"""A mistyped name is guessed at, the nearest and largest first; a right one is not."""

import pytest

from geo import gazetteer, misspelt


def labels(text, limit=5):
    return [place.label for place in misspelt.places(text, limit)]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Managau", "Managua, Nicaragua"),
        ("Mangua", "Managua, Nicaragua"),
        ("Tegucigapla", "Tegucigalpa"),
        ("Sarajvo", "Sarajevo"),
        ("Reykavik", "Reykjavík"),
        ("Istnabul", "Istanbul"),
        ("Kathmnadu", "Kathmandu"),
    ],
)
def test_a_town_with_a_letter_wrong_is_found(typed, meant):
    assert gazetteer.search(typed) == []
    assert any(label.startswith(meant) for label in labels(typed)[:2])


def test_a_town_before_its_country_is_looked_for_there():
    assert labels("Leno, Nicaragua")[0].startswith("León")
    assert all(label.endswith("Nicaragua") for label in labels("Leno, Nicaragua"))


def test_a_country_may_be_mistyped_too():
    assert labels("Hondurus")[0] == "Honduras"
    assert labels("Managau, Nicaragau") == ["Managua, Nicaragua"]


@pytest.mark.parametrize("typed", ["", "xy", "Qqqqqqq", ",,,", "Zzyzx, Nowhereland"])
def test_what_is_like_nothing_finds_nothing(typed):
    assert labels(typed) == []


def test_no_more_are_offered_than_asked_for():
    assert len(labels("Santiaga", limit=3)) == 3
