"""One earthquake from USGS, EMSC and GDACS, whose id changes at USGS, is one hazard.

USGS's item is captured; GDACS's is made of its facts by the exercises; EMSC's is made
here of the same facts, a little off in time, place and size as networks are.
"""

import copy
import itertools
import json
from datetime import timedelta

import pytest

from alerts.exercises.recording import QUAKE_ID, Recording, usgs_week
from alerts.hazards.listening import intake
from alerts.hazards.models import Hazard, Report
from tests.factories import NOON
from tests.hazards.test_proposing import make_source

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)


def usgs(identifier, ids, minutes):
    feature = copy.deepcopy(
        next(f for f in usgs_week()["features"] if f["id"] == QUAKE_ID)
    )
    stamp = int(NOON.timestamp() * 1000)
    feature["id"] = identifier
    feature["properties"] |= {
        "time": stamp,
        "updated": stamp + minutes * 60_000,
        "ids": f",{','.join(ids)},",
    }
    return json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()


def emsc():
    said = {
        "unid": "20140410_0000123",
        "time": f"{NOON + timedelta(seconds=3):%Y-%m-%dT%H:%M:%S.0Z}",
        "lastupdate": f"{NOON + timedelta(minutes=4):%Y-%m-%dT%H:%M:%S.0Z}",
        "mag": 6.0,
        "depth": 10.0,
        "flynn_region": "NICARAGUA",
        "auth": "EMSC",
    }
    geometry = {"type": "Point", "coordinates": [-86.45, 12.44, -10.0]}
    feature = {"type": "Feature", "id": said["unid"], "properties": said}
    features = [feature | {"geometry": geometry}]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def documents():
    return [
        ("usgs", usgs("nn00441", ["nn00441"], 2)),
        ("usgs", usgs(QUAKE_ID, ["nn00441", QUAKE_ID], 9)),
        ("quakes", emsc()),
        ("gdacs", Recording(quake_at=NOON).gdacs(LATER)),
    ]


@pytest.mark.parametrize(
    "order",
    itertools.permutations(range(4)),
    ids=lambda order: "".join(map(str, order)),
)
def test_three_sources_and_a_changed_id_are_one_hazard_in_any_order(order):
    listed = documents()
    sources = {
        name: make_source(slug=name, format=name)
        for name in ("usgs", "quakes", "gdacs")
    }
    for number in order:
        name, body = listed[number]
        intake.take(sources[name], body, "", LATER)
    hazard = Hazard.objects.get(merged_into=None)
    assert hazard.reports.count() == Report.objects.count() == 4
    assert set(hazard.reports.values_list("source__slug", flat=True)) == set(sources)
    assert (hazard.magnitude, hazard.level) == (6.1, 3)
    before = list(Report.objects.order_by("pk").values())
    for name, body in listed:
        intake.take(sources[name], body, "", LATER + timedelta(minutes=1))
    assert list(Report.objects.order_by("pk").values()) == before
