"""What a second person is shown beside the texts: what changed, and what it costs."""

import re
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from alerts.incidents.approving import approval
from alerts.incidents.drafts import comparing, drafting, reckoning
from alerts.incidents.zones import zoning
from alerts.incidents.zones.outlining import Outline
from consular.missions.models import Officer
from geo import circles, shapes
from tests import factories
from tests.incidents import path


def words_of(change: comparing.Change) -> str:
    return "".join(piece.words for piece in change.pieces)


def test_what_was_changed_after_a_return_is_shown(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    draft = path.submitted(officer, now)
    approval.send_back(draft, approver, "Name the town.", now)
    said = path.content(valid_hours=6, channels=("sms",))
    drafting.save(draft, said, officer, now)
    approval.submit(draft, officer, now)
    draft.refresh_from_db()
    found = comparing.changes(draft.shown_before, draft.shown)
    assert [(c.title, c.before, c.after) for c in found[:2]] == [
        ("Ways", "sms; email", "sms"),
        ("Valid, hours", "12", "6"),
    ]
    # With the way goes its prepared correction.
    assert [c.title for c in found[2:]] == ["E-mail in English, correction"]
    assert {piece.kind for piece in found[2].pieces} == {"gone"}


def test_a_moved_zone_tells_its_ground_and_its_people(
    officer: Officer, approver: Officer, now: datetime, client: Client
) -> None:
    path.enrolled(now, phone="+12025550101", persons=3)
    path.enrolled(now, lon=-87.2, phone="+12025550102")
    draft = path.submitted(officer, now)
    approval.send_back(draft, approver, "It moved west.", now)
    zone = draft.incident.zones.get()
    west = Outline(shape="circle", given=zone.given | {"lon": -86.8})
    zoning.save(draft.incident, west, officer, now, zone=zone)
    draft.refresh_from_db()
    approval.submit(draft, officer, now)
    draft.refresh_from_db()
    found = {c.title: c for c in comparing.changes(draft.shown_before, draft.shown)}
    assert (found["People"].before, found["People"].after) == ("3", "1")
    said = words_of(found["Ground inside"])
    assert re.fullmatch(r"about [\d,]+ km² more, about [\d,]+ km² no longer", said)
    assert "With no valid contact" not in found
    factories.sign_in(client, approver)
    url = f"/desk/incidents/{draft.incident.reference}/approve/"
    html = client.get(url).content.decode()
    assert "m-before" in html
    assert "Ground inside" in html


@given(
    lon=st.sampled_from([-86.25, 179.9, -179.9, 0.0]),
    lat=st.sampled_from([12.14, 89.5, -89.5]),
    radius_m=st.floats(5_000, 400_000),
)
@hypothesis_settings(max_examples=20, deadline=None)
def test_the_ground_of_two_versions_adds_up(
    lon: float, lat: float, radius_m: float
) -> None:
    old, new = (
        shapes.to_geojson(circles.circle(lon, lat, r)) for r in (100_000.0, radius_m)
    )
    found = comparing.changes({"outline": old}, {"outline": new})
    if old == new:
        assert found == []
        return
    gained, lost = (
        int(number.replace(",", ""))
        for number in re.findall(r"([\d,]+) km²", words_of(found[0]))
    )
    areas_km2 = [shapes.area_km2(shapes.from_geojson(each)) for each in (old, new)]
    more_km2 = areas_km2[1] - areas_km2[0]
    assert gained - lost == pytest.approx(more_km2, rel=0.01, abs=2)
    assert min(gained, lost) == 0  # one circle lies in the other


def test_versions_from_before_people_were_kept_are_compared_all_the_same() -> None:
    assert (
        comparing.changes({"zones": []}, {"zones": [], "people": {"People": 3}}) == []
    )


def test_words_that_came_and_went_are_told_apart() -> None:
    found = comparing.changes(
        {"texts": {"sms-en": ["", "Stay outside now"]}},
        {"texts": {"sms-en": ["", "Stay inside now"]}},
    )[0]
    assert found.title == "Text message in English"
    assert [(p.kind, p.words.strip()) for p in found.pieces] == [
        ("same", "Stay"),
        ("gone", "outside"),
        ("new", "inside"),
        ("same", "now"),
    ]


def test_what_stayed_the_same_far_from_a_change_is_left_out() -> None:
    long = " ".join(f"word{n}" for n in range(60))
    old, new = f"{long} outside {long}", f"{long} inside {long}"
    found = comparing.changes(
        {"texts": {"sms-en": ["", old]}}, {"texts": {"sms-en": ["", new]}}
    )
    words = "".join(piece.words for piece in found[0].pieces)
    assert words.count(" … ") == 2
    assert "word52 word53" in words
    assert "word20" not in words
    assert [p.words.strip() for p in found[0].pieces if p.kind != "same"] == [
        "outside",
        "inside",
    ]


def test_the_cost_counts_the_parts_of_each_language(settings: Any) -> None:
    settings.PRICES = {"sms": 50_000}
    arabic = path.Words(channel="sms", language="ar", body="م" * 60 + " {link}")
    said = path.content(texts=(*path.content().texts, arabic))
    counts = {
        "by_channel": {"sms": 4},
        "registrations_by_channel": {"sms": 4},
        "by_language": {"en": 2, "ar": 1, "fr": 1},
    }
    way = reckoning.ways(said, "exercise", counts)[0]
    assert (way.messages, way.parts, way.cost) == (4, 5, 0.25)


def test_what_dearer_countries_cost_is_told_apart(settings: Any) -> None:
    settings.PRICES = {"sms": 50_000, "sms.CU": 200_000}
    counts = {"by_channel": {"sms": 4}, "registrations_by_channel": {"sms": 4}}
    said = path.content()
    assert reckoning.asks(said)
    way = reckoning.ways(said, "exercise", counts, {"NI": 0.75, "CU": 0.25})[0]
    assert [(each.name, each.cost) for each in way.countries] == [
        ("Cuba", 0.2),
        ("Nicaragua", pytest.approx(0.15)),
    ]
    assert way.cost == pytest.approx(0.35)
    settings.PRICES = {"sms": 50_000}
    assert not reckoning.asks(said)


def test_the_dearest_countries_are_named_and_the_sum_stays(settings: Any) -> None:
    settings.PRICES = {"sms": 50_000, "sms.CU": 200_000}
    codes = ("NI", "CU", "IE", "DE", "FR", "ES", "PT", "RU")
    counts = {"by_channel": {"sms": 80}, "registrations_by_channel": {"sms": 80}}
    way = reckoning.ways(
        path.content(), "exercise", counts, dict.fromkeys(codes, 1 / len(codes))
    )[0]
    assert [way.countries[0].name, way.countries[-1].name] == ["Cuba", "others"]
    assert sum(each.cost for each in way.countries) == pytest.approx(way.cost)


def test_the_second_person_sees_the_cost_by_country(
    settings: Any,
    time_machine: Any,
    officer: Officer,
    approver: Officer,
    now: datetime,
    client: Client,
) -> None:
    time_machine.move_to(now, tick=False)
    settings.PRICES = {"sms": 50_000, "sms.NI": 200_000}
    for number in range(3):
        path.enrolled(now, phone=f"+1202555010{number}")
    path.enrolled(now, phone="+50525550100")
    draft = path.submitted(officer, now)
    factories.sign_in(client, approver)
    url = f"/desk/incidents/{draft.incident.reference}/approve/"
    html = client.get(url).content.decode()
    assert "about 0.35 in the ministry" in html
    assert "Nicaragua 0.20 · United States 0.15" in html
