"""The zone page: every way to give a zone, what is kept of it, and who else draws."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from alerts.incidents.models import Incident, SavedArea, Sketch, Zone
from alerts.incidents.zones import (
    outlining,
    previewing,
    saving,
    sketching,
    zone_forms,
    zoning,
)
from alerts.incidents.zones.outlining import Outline, area_of
from consular.missions.models import Mission, Officer, Role
from geo import gazetteer
from geo.cells import contains
from tests import factories
from tests.incidents import path

SQUARE = [[-86.5, 12.0], [-86.0, 12.0], [-86.0, 12.5], [-86.5, 12.5], [-86.5, 12.0]]
GEOJSON = {
    "type": "FeatureCollection",
    "features": [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [0, 0]}},
        {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [SQUARE]}},
    ],
}
CORNERS = " ".join(f"{lon},{lat},0" for lon, lat in SQUARE)
KML = (
    '<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Placemark>'
    "<Polygon><outerBoundaryIs><LinearRing><coordinates>"
    f"{CORNERS}</coordinates></LinearRing></outerBoundaryIs></Polygon>"
    "</Placemark></kml>"
)


@pytest.fixture
def incident(officer: Officer, now: datetime) -> Incident:
    return path.declared(officer, now)


def posted(desk: Any, incident: Incident, **said: Any) -> Any:
    form = {"action": "save", "level": "danger", "include_trip": "1"} | said
    return desk.post(reverse("incidents:zone", args=[incident.reference]), form)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Guanacaste, Costa Rica (CR-G)", "CR-G"),
        ("cr-g", "CR-G"),
        ("guanacaste", "CR-G"),
    ],
)
def test_a_region_is_chosen_by_option_code_or_name(
    desk: Any, incident: Incident, text: str, code: str
) -> None:
    assert posted(desk, incident, shape="region", region=text).status_code == 302
    zone = incident.zones.get()
    assert zone.given == {"code": code}
    assert "approximate" in zone.label


def test_a_region_s_name_that_several_have_is_asked_about(
    desk: Any, incident: Incident
) -> None:
    page = posted(desk, incident, shape="region", region="san").content.decode()
    assert "Which one?" in page
    assert not incident.zones.exists()


def test_a_name_that_several_countries_have_means_the_incident_s_own() -> None:
    assert zone_forms.region_code("San José", "CR").startswith("CR")
    assert zone_forms.region_code("San José", "UY").startswith("UY")


def test_a_whole_country_takes_in_who_is_on_its_beaches(
    incident: Incident, officer: Officer, now: datetime
) -> None:
    lon, lat = -85.89, 11.24  # west of it is the Pacific
    while contains(gazetteer.country_shape("NI"), [lon], [lat]).all():
        lon -= 0.005
    path.enrolled(now, lon=lon - 0.02, lat=lat)
    whole = Outline(shape="country", given={"code": "NI"})
    zoning.save(incident, whole, officer, now)
    assert previewing.count(incident, now)["people"] == 1


def test_a_mission_s_district_is_the_countries_it_looks_after(
    desk: Any, incident: Incident
) -> None:
    mission = Mission.objects.create(
        name="Embassy in Exampleville", place="X", country="NI", serves=["NI", "HN"]
    )
    answer = posted(desk, incident, shape="mission", mission=str(mission.pk))
    assert answer.status_code == 302
    zone = incident.zones.get()
    assert zone.label == "District of Embassy in Exampleville"
    assert 230_000 < zone.area_km2 < 260_000


@pytest.mark.parametrize("document", [json.dumps(GEOJSON), "\ufeff" + KML])
def test_polygons_of_an_uploaded_file_become_a_zone(
    desk: Any, incident: Incident, document: str
) -> None:
    upload = SimpleUploadedFile("../../etc/x.txt", document.encode())
    assert posted(desk, incident, shape="file", file=upload).status_code == 302
    zone = incident.zones.get()
    assert zone.label == "From a file"
    assert 2_900 < zone.area_km2 < 3_100


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (b"", "Choose a GeoJSON or KML file."),
        (b"PK\x03\x04", "zipped"),
        (b"{]", "not a GeoJSON text"),
        (b'{"type": "FeatureCollection", "features": []}', "no polygon"),
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]><kml/>", "document type"),
        (b"x" * 5_000_002, "are the limit"),
        (b'{"type": "\\ud800"}', "has no area; a polygon is needed"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(
    desk: Any, incident: Incident, document: bytes, words: str
) -> None:
    upload = SimpleUploadedFile("zone.kml", document)
    page = posted(desk, incident, shape="file", file=upload).content.decode()
    assert words in page
    assert not incident.zones.exists()


def test_a_zone_from_a_file_is_changed_without_the_file(
    desk: Any, incident: Incident
) -> None:
    upload = SimpleUploadedFile("x.geojson", json.dumps(GEOJSON).encode())
    posted(desk, incident, shape="file", file=upload)
    zone = incident.zones.get()
    posted(desk, incident, shape="file", zone=str(zone.pk), margin_km="10")
    changed = incident.zones.get()
    assert changed.area_km2 > zone.area_km2 + 2_000


def test_an_area_is_kept_for_later_and_used_in_another_incident(
    desk: Any, incident: Incident, officer: Officer, now: datetime
) -> None:
    zone = path.zoned(incident, officer, now)
    said = {"action": f"keep-{zone.pk}", f"name-{zone.pk}": "Managua  and around"}
    posted(desk, incident, **said)
    area = SavedArea.objects.get()
    assert area.name == "Managua and around"
    other = path.declared(officer, now, title="Flood")
    posted(desk, other, shape="saved", saved=str(area.pk))
    assert other.zones.get().geometry == zone.geometry
    none = posted(desk, other, action="forget", saved="").content.decode()
    assert "Choose the kept area that is to go." in none
    posted(desk, other, action="forget", saved=str(area.pk))
    assert not SavedArea.objects.exists()
    assert other.zones.get().geometry == zone.geometry


def test_a_name_is_given_to_one_kept_area_only(
    desk: Any, incident: Incident, officer: Officer, now: datetime
) -> None:
    zone = path.zoned(incident, officer, now)
    saving.keep(zone, "Coast", officer, now)
    said = {"action": f"keep-{zone.pk}", f"name-{zone.pk}": "Coast"}
    assert "name already" in posted(desk, incident, **said).content.decode()


@pytest.mark.parametrize("number", [0, -1, True, "1", None, 2**70])
def test_numbers_of_no_row_are_refused_at_their_field(
    incident: Incident, number: Any
) -> None:
    for shape in ("mission", "saved"):
        with pytest.raises(outlining.FieldsError) as caught:
            area_of(Outline(shape=shape, given={shape: number}), incident)
        assert shape in caught.value.errors


def test_an_outline_that_crosses_itself_is_taken_and_pointed_at(
    incident: Incident,
) -> None:
    bow = [[0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.0, 1.0]]
    area = area_of(Outline(shape="polygon", given={"ring": bow}), incident)
    assert area.crossing == pytest.approx((0.5, 0.5))
    assert "crosses itself at 0.500 N 0.500 E" in area.warning


def here(desk: Any, incident: Incident, **said: Any) -> dict[str, Any]:
    url = reverse("incidents:zone_here", args=[incident.reference])
    return desk.post(url, said).json()


def test_what_was_drawn_and_not_saved_is_there_after_a_crash(
    desk: Any, incident: Incident
) -> None:
    corners = "12, -86\n12.5, -86\n12.5, -86.5"
    here(desk, incident, keep="1", shape="polygon", corners=corners, level="caution")
    page = desk.get(reverse("incidents:zone", args=[incident.reference]))
    assert page.context["values"]["corners"] == corners
    assert "Not saved yet" in page.content.decode()
    posted(desk, incident, shape="polygon", corners=corners)
    page = desk.get(reverse("incidents:zone", args=[incident.reference]))
    assert page.context["sketch"] is None


def test_a_sketch_can_be_dropped_and_is_forgotten_after_days(
    desk: Any, incident: Incident, officer: Officer, now: datetime
) -> None:
    here(desk, incident, keep="1", shape="circle", lat="1")
    posted(desk, incident, action="discard")
    assert sketching.left_behind(incident, officer, now) is None
    sketching.keep(incident, officer, {"shape": "circle"}, now)
    later = now + timedelta(days=3)
    other = factories.make_officer(role=Role.CONSULAR_OFFICER)
    sketching.keep(incident, other, None, later)
    assert Sketch.objects.get().officer == other


def test_officers_on_the_page_see_one_another_and_what_was_saved(
    desk: Any, incident: Incident, officer: Officer, now: datetime
) -> None:
    other = factories.make_officer(role=Role.CONSULAR_OFFICER, full_name="Olu Example")
    sketching.keep(incident, other, {"shape": "polygon"}, now)
    company = sketching.company(incident, officer, now + timedelta(seconds=9))
    assert company.names == company.drawing == ["Olu Example"]
    assert company.saved_at is None
    path.zoned(incident, other, now)
    assert sketching.company(incident, officer, now).saved_at == now
    gone = sketching.company(incident, officer, now + timedelta(minutes=1))
    assert gone.names == []


def test_all_ways_to_give_a_zone_are_on_the_page(desk: Any, incident: Incident) -> None:
    page = desk.get(reverse("incidents:zone", args=[incident.reference]))
    words = page.content.decode()
    for shape in set(Zone.Shape.values) - {"hazard", "saved", "mission"}:
        assert f'value="{shape}"' in words


def given_by_program(
    desk: Any, incident: Incident, shape: str, given: dict[str, Any]
) -> Any:
    said = {"incident": incident.reference, "shape": shape, "level": "danger"}
    return desk.post(
        "/api/v1/zones/",
        json.dumps(said | {"given": given}),
        content_type="application/json",
    )


RING = [[-86.5, 12.0], [-86.0, 12.0], [-86.0, 12.5]]


@pytest.mark.parametrize(
    ("shape", "given"),
    [
        ("polygon", {"ring": RING}),
        ("polygon", {"type": "Polygon", "coordinates": [SQUARE]}),
        ("file", {"type": "Polygon", "coordinates": [SQUARE]}),
        ("country", {"code": "NI"}),
    ],
)
@pytest.mark.parametrize("word", ["\ud800", "\0"])
def test_of_what_a_program_gives_only_the_shape_is_kept(
    desk: Any, incident: Incident, shape: str, given: dict[str, Any], word: str
) -> None:
    answer = given_by_program(desk, incident, shape, given | {"x": word})
    assert answer.status_code == 201
    assert "x" not in incident.zones.get().given
    assert desk.get("/api/v1/zones/").status_code == 200


@pytest.mark.parametrize("shape", ["polygon", "circle", "country", "region", "file"])
@pytest.mark.parametrize("word", ["\ud800", "\0"])
def test_what_a_program_gives_in_broken_letters_is_refused_in_words(
    desk: Any, incident: Incident, shape: str, word: str
) -> None:
    given = {"ring": [[word, word]] * 4, "code": word, "type": word, "lat": word}
    if shape == "file":
        del given["ring"]
    answer = given_by_program(desk, incident, shape, given)
    assert answer.status_code == 400


def test_a_page_from_before_anothers_change_does_not_write_over_it(
    desk: Any, incident: Incident
) -> None:
    circle = {"shape": "circle", "lat": "12.14", "lon": "-86.25"}
    posted(desk, incident, radius_km="50", **circle)
    zone = incident.zones.get()
    old = circle | {"zone": zone.pk, "zone_at": zone.saved_at.isoformat()}
    assert posted(desk, incident, radius_km="90", **old).status_code == 302
    stale = posted(desk, incident, radius_km="10", **old)
    assert "changed or removed this zone" in stale.content.decode()
    assert 'value="10"' in stale.content.decode()
    forged = old | {"zone_at": "yesterday"}
    assert posted(desk, incident, radius_km="10", **forged).status_code == 200
    assert incident.zones.get().given["radius_m"] == 90_000
