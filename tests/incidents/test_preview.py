"""Who would be warned, before anything is sent: in the page and in the API."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse
from shapely.geometry import MultiPolygon, box

from alerts.dispatch import addresses
from alerts.dispatch.models import Address, Message
from alerts.incidents.audiences import audience
from alerts.incidents.models import Incident, Zone
from alerts.incidents.zones import headcount, previewing, zoning
from alerts.incidents.zones.zoning import Outline
from consular.missions.models import Officer
from consular.people.models import Registration
from geo import gazetteer
from tests.incidents import path

GIVEN = {"lon": path.MANAGUA[0], "lat": path.MANAGUA[1]}
CIRCLE = {"shape": "circle", "given": GIVEN | {"radius_m": 50_000}}


@pytest.fixture
def incident(officer: Officer, now: datetime) -> Incident:
    """An incident near Managua without a zone."""
    cache.clear()
    return path.declared(officer, now)


def asked(desk: Any, incident: Incident, **changes: Any) -> Any:
    said = CIRCLE | {"incident": incident.reference, "level": "danger"} | changes
    return desk.post("/api/v1/zones/preview/", said, content_type="application/json")


def test_levels_count_each_person_once_in_the_worst(
    incident: Incident, officer: Officer, now: datetime
) -> None:
    path.enrolled(now, persons=2)
    path.enrolled(now, lon=-86.25 + 1.2, persons=3)
    wide = Outline(shape="circle", level="caution", given=GIVEN | {"radius_m": 2e5})
    zoning.save(incident, wide, officer, now)
    path.zoned(incident, officer, now)
    counts = previewing.count(incident, now)
    assert counts["by_level"] == {"danger": 2, "caution": 3}
    assert sum(counts["by_level"].values()) == counts["people"]


def test_one_level_is_everyone(
    incident: Incident, officer: Officer, now: datetime
) -> None:
    path.enrolled(now, persons=2)
    path.zoned(incident, officer, now)
    assert previewing.count(incident, now)["by_level"] == {"danger": 2}


def test_who_is_left_out_is_told_by_reason(
    incident: Incident, officer: Officer, now: datetime
) -> None:
    path.enrolled(now, precision="country", persons=2)
    path.enrolled(now, lon=-86.25 + 0.6)
    path.enrolled(now, entry={"kind": "residence"})
    path.zoned(incident, officer, now)
    rule = previewing.INCLUDE | {"residence": False}
    left_out = previewing.count(incident, now, include=rule)["left_out_by"]
    assert left_out == {"rule": 1, "unconfirmed": 0, "country_only": 2, "nearby": 1}


def test_who_opted_out_is_inside_and_counts_as_not_reachable(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    path.enrolled(now, phone="+12025550101")
    path.enrolled(now)
    alert = path.approved(officer, approver, now)
    audience.settle(alert, now)
    key = Address.objects.get().address_key
    addresses.opt_out(key, "sms", Address.OptOut.ALL, now)
    counts = previewing.count(alert.incident, now)
    assert (counts["people"], counts["opted_out"], counts["no_contact"]) == (2, 1, 1)
    assert counts["by_channel"] == {"sms": 0, "email": 0, "none": 2}


def test_who_sent_stop_by_another_channel_counts_as_opted_out(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    stopped, began_again = "+12025550101", "+12025550102"
    path.enrolled(now, phone=stopped)
    path.enrolled(now, phone=began_again)
    for number in (stopped, began_again):
        addresses.stop(number, "whatsapp", now)
    addresses.start(began_again, "sms", now)
    again = addresses.key("sms", began_again)
    refused: dict[str, Any] = {"channel": "voice", "opt_out": "all", "changed_at": now}
    Address.objects.create(address_key=again, **refused)
    alert = path.approved(officer, approver, now)
    assert alert.draft.preview["by_channel"] == {"sms": 1, "email": 0, "none": 1}
    assert alert.draft.preview["opted_out"] == 1
    assert audience.settle(alert, now)
    reasons = alert.audience.order_by("pk").values_list("reason", flat=True)
    assert list(reasons) == ["opted_out", "inside"]
    assert Message.objects.get().address.address_key == again


def test_an_open_incident_whose_zone_overlaps_is_named(
    incident: Incident, officer: Officer, now: datetime
) -> None:
    other = path.declared(officer, now, title="Flood at the lake")
    path.zoned(other, officer, now)
    path.zoned(incident, officer, now)
    overlaps = previewing.count(incident, now)["overlaps"]
    assert [each["reference"] for each in overlaps] == [other.reference]


def test_a_zone_larger_than_a_continent_is_questioned(incident: Incident) -> None:
    russia = gazetteer.country_shape("RU")
    words = previewing.unusual(previewing.shapes.area_km2(russia), 0, incident.mode)
    assert words == ["This zone is larger than a continent. Is that meant?"]
    nicaragua = gazetteer.country_shape("NI")
    assert not previewing.unusual(
        previewing.shapes.area_km2(nicaragua), 0, incident.mode
    )


def test_a_zone_with_most_of_everyone_is_questioned(
    incident: Incident, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previewing, "FEW_PEOPLE", 3)
    path.enrolled(now, persons=3)
    path.enrolled(now, lon=20, persons=1)
    area = MultiPolygon([box(-87, 11, -85, 13)])
    counts = previewing.count(incident, now, areas=[("danger", area)])
    assert counts["warnings"] == ["75 % of everyone who is registered is in this zone."]


def test_the_quick_figure_is_the_exact_one_where_nobody_counts_twice(
    incident: Incident, officer: Officer, now: datetime
) -> None:
    for number in range(6):
        path.enrolled(now, lon=-86.25 + number / 5, persons=number % 3 + 1)
    path.zoned(incident, officer, now)
    areas = previewing.areas_of(incident)
    exact = previewing.count(incident, now)["people"]
    assert previewing.count_quickly(incident, areas, now, 12) == exact > 0
    assert previewing.count_quickly(incident, [], now, 12) == 0


def test_the_api_counts_what_is_not_saved_and_tells_the_difference(
    desk: Any, incident: Incident
) -> None:
    today = previewing.window(incident, datetime.now(tz=incident.zone_info)).starts_on
    path.enrolled(
        datetime.now(tz=incident.zone_info),
        arrives_on=today,
        departs_on=today + timedelta(days=3),
        persons=4,
    )
    exact = asked(desk, incident, last=3).json()
    assert (exact["people"], exact["difference"]) == (4, 1)
    assert exact["by_level"] == {"danger": 4}
    assert asked(desk, incident, quick=True).json() == {"people": 4, "is_quick": True}
    nobody = asked(desk, incident, include={"trip": False}).json()
    assert (nobody["people"], nobody["left_out_by"]["rule"]) == (0, 4)
    assert not Zone.objects.exists()


def test_the_api_refuses_a_rule_there_is_not(desk: Any, incident: Incident) -> None:
    answer = asked(desk, incident, include={"tourists": True})
    assert answer.status_code == 400
    assert "tourists" in str(answer.json())


def test_the_page_answers_a_quick_question_with_a_number_alone(
    desk: Any, incident: Incident
) -> None:
    said = {
        "incident": incident.reference,
        "shape": "circle",
        "lat": "12.14",
        "lon": "-86.25",
        "radius_km": "50",
        "quick": "1",
    }
    answer = desk.post(reverse("incidents:preview"), said).json()
    assert answer == {"people": 0, "is_quick": True, "errors": {}}


def test_fresh_and_stale_are_counted_apart(
    incident: Incident, officer: Officer, now: datetime
) -> None:
    path.enrolled(now, persons=2)
    Registration.objects.update(silences=2)
    path.enrolled(now, persons=3)
    path.zoned(incident, officer, now)
    counts = previewing.count(incident, now)
    assert (counts["people"], counts["stale"]) == (5, 2)
    bars = headcount.context(counts)["freshness"]
    assert [bar.count for bar in bars] == [3, 2]
