"""The limits of the zone page and of the API: what is long, deep, or can be misread."""

from datetime import datetime
from typing import Any

import pytest
from django.http import QueryDict
from django.urls import reverse

from alerts.incidents.errors import FieldsError
from alerts.incidents.models import Incident
from alerts.incidents.zones import coordinates, zone_forms
from consular import child
from consular.missions.models import Officer
from tests.incidents import path
from tests.incidents.test_zone_page import given_by_program, posted


@pytest.fixture
def incident(officer: Officer, now: datetime) -> Incident:
    return path.declared(officer, now)


@pytest.mark.parametrize(("count", "read"), [(1_990, 1_990), (2_010, 0), (9_000, 0)])
def test_a_long_list_of_corners_is_read_whole_or_refused(count: int, read: int) -> None:
    lines = (f"{step / 1e6 + 12:.12f}, {-86.123456789012}" for step in range(count))
    values = zone_forms.typed(_post(corners="\r\n".join(lines)))
    if not read:
        with pytest.raises(FieldsError, match="2,000"):
            coordinates.ring(values["corners"])
    else:
        assert len(coordinates.ring(values["corners"])) == read


def _post(**said: str) -> QueryDict:
    post = QueryDict(mutable=True)
    post.update(said)
    return post


def test_a_radius_that_can_be_read_as_two_numbers_is_asked_about(
    desk: Any, incident: Incident
) -> None:
    circle = {"shape": "circle", "lat": "12,514", "lon": "-86.25"}
    answer = posted(desk, incident, radius_km="1,000", **circle).content.decode()
    assert "write 1000 or 1.000" in answer
    assert not incident.zones.exists()
    assert posted(desk, incident, radius_km="12,5", **circle).status_code == 302
    assert incident.zones.get().given == {
        "lat": 12.514,
        "lon": -86.25,
        "radius_m": 12500,
    }


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (child.ChildLateError("reading it took long"), "try again in a moment"),
        (child.ChildError("reading it took too much"), "give it fewer corners"),
    ],
)
def test_a_shape_that_cannot_be_checked_now_says_what_to_do(
    desk: Any,
    incident: Incident,
    monkeypatch: pytest.MonkeyPatch,
    error: child.ChildError,
    words: str,
) -> None:
    def refuse(*_: Any) -> None:
        raise error

    monkeypatch.setattr(child, "call", refuse)
    corners = "12, -86\n12.5, -86\n12.5, -86.5"
    page = posted(desk, incident, shape="polygon", corners=corners)
    assert words in page.content.decode()


def test_a_side_of_the_world_and_a_minus_before_it_are_not_both_taken() -> None:
    with pytest.raises(FieldsError, match="Line 1 is not a place"):
        coordinates.ring("-33.9 S 151.2 E\n-33 S 151 E\n-33 S 152 E")


def test_a_program_s_shape_of_two_parts_stays_whole_when_its_level_is_changed(
    desk: Any, incident: Incident
) -> None:
    ring = [[177.0, -19.0], [-178.0, -19.0], [-178.0, -16.0], [177.0, -16.0]]
    fiji = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    assert given_by_program(desk, incident, "polygon", fiji).status_code == 201
    zone = incident.zones.get()
    shown = zone_forms.values_of(zone) | {"level": "caution"}
    shown["corners"] = shown["corners"].replace("\n", "\r\n")
    assert posted(desk, incident, zone=zone.pk, **shown).status_code == 302
    after = incident.zones.get()
    assert (after.level, after.geometry) == ("caution", zone.geometry)
    assert len(after.geometry["coordinates"]) == 2


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


@pytest.mark.parametrize("path_", ["/api/v1/zones/", "/api/v1/zones/preview/"])
@pytest.mark.parametrize(
    "given",
    [
        *(f'{{"ring": {nested(depth)}}}' for depth in (60, 400, 700, 850, 100_000)),
        f'{{"lat": {"9" * 400}, "lon": 1, "radius_m": 1000}}',
        '{"lat": 1e400, "lon": 1, "radius_m": 1000}',
        f'{{"ring": [{"[1, 2]," * 80_000} [1, 2]]}}',
        "[]",
    ],
    ids=range(9),
)
def test_a_shape_that_is_deep_or_huge_is_refused_in_words(
    desk: Any, incident: Incident, path_: str, given: str
) -> None:
    shape = "circle" if "lat" in given else "polygon"
    said = f'{{"incident": "{incident.reference}", "shape": "{shape}", "given": '
    answer = desk.post(path_, said + given + "}", content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()


def test_a_figure_of_thousands_of_digits_is_no_figure_before(
    desk: Any, incident: Incident
) -> None:
    said = {"incident": incident.reference, "last": "9" * 5_000}
    assert desk.post(reverse("incidents:preview"), said).status_code == 200
