"""The list of hazards begins with what matters now; the rest is one press away."""

from datetime import timedelta

import pytest
from django.http import QueryDict
from django.urls import reverse

from alerts.hazards import listing
from alerts.hazards.models import Proposal
from tests.factories import NOON, make_officer, sign_in
from tests.hazards.test_proposing import SQUARE, make_hazard, make_source

pytestmark = pytest.mark.django_db


@pytest.fixture
def hazards():
    source = make_source()
    made = {
        "severe": make_hazard("flood", 3, source, title="severe"),
        "storm": make_hazard("weather", 4, source, title="storm"),
        "rain": make_hazard("weather", 3, source, title="rain"),
        "strong": make_hazard("earthquake", 2, source, title="strong", magnitude=5.6),
        "weak": make_hazard("earthquake", 2, source, title="weak", magnitude=5.1),
        "silent": make_hazard("flood", 3, source, title="silent", state="stale"),
        "over": make_hazard("flood", 4, source, title="over", state="expired"),
        "drill": make_hazard("flood", 4, source, title="drill", is_test=True),
        "people": make_hazard("flood", 1, source, title="people"),
    }
    Proposal.objects.create(
        hazard=made["people"],
        level=1,
        reason="made",
        geometry=SQUARE,
        registrations=1,
        people=2,
        counted_at=NOON,
    )
    return made


def shown(query: str) -> set[str]:
    found = listing.asked_for(QueryDict(query), NOON + timedelta(minutes=1))
    return {hazard.title for hazard in found}


MATTER = {"severe", "storm", "strong", "silent", "people"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", MATTER),
        ("show=nonsense", MATTER),
        ("kind=flood", {"severe", "silent", "people"}),
        ("inside=1", {"people"}),
        ("show=current", {*MATTER, "rain", "weak", "drill"}),
        ("show=current&level=4", {"storm", "drill"}),
        ("show=all", {*MATTER, "rain", "weak", "drill", "over"}),
        ("show=all&level=4", {"storm", "over", "drill"}),
    ],
)
def test_the_address_says_which_hazards_are_shown(hazards, query, expected):
    assert shown(query) == expected


def test_what_was_merged_into_another_is_not_shown(hazards):
    hazards["storm"].merged_into = hazards["severe"]
    hazards["storm"].save()
    assert "storm" not in shown("show=all")


def test_the_page_counts_what_it_shows_and_what_there_is(client, hazards):
    sign_in(client, make_officer())
    page = " ".join(client.get(reverse("hazards:list")).content.decode().split())
    assert "5 hazards shown, of 8 current and 9 in all" in page
    assert "?show=all" in page
    assert "Nothing that matters now" not in page
    whole = client.get(reverse("hazards:list"), {"show": "all"}).content.decode()
    assert "9 hazards shown" in whole
