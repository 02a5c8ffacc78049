"""Outlines of alerts are read by the hundred as they are read one by one."""

from datetime import datetime

import pytest
from shapely.geometry import MultiPolygon

from alerts.incidents.audiences import outlines
from alerts.incidents.models import Alert
from alerts.incidents.zones import zoning
from alerts.incidents.zones.outlining import Outline
from consular.missions.models import Officer
from tests.incidents import path

FIJI = {"lon": 179.9, "lat": -17.0, "radius_m": 90_000.0}
NEXT_TO_IT = {"lon": -85.6, "lat": 12.14, "radius_m": 50_000.0}


@pytest.mark.parametrize("second", [None, NEXT_TO_IT, FIJI])
def test_many_are_read_as_one_is(
    second: dict[str, float] | None, officer: Officer, approver: Officer, now: datetime
) -> None:
    alert = path.approved(officer, approver, now)
    if second:
        area = Outline(shape="circle", given=second, level="caution")
        zone = zoning.save(alert.incident, area, officer, now)
        zones = [
            *alert.zones,
            {"level": zone.level, "label": zone.label, "geometry": zone.geometry},
        ]
        Alert.objects.filter(pk=alert.pk).update(zones=zones)
        alert.refresh_from_db()
    found: dict[int, MultiPolygon] = {}
    outlines.each([alert.pk, alert.pk + 1], found.__setitem__)
    wanted = outlines.outline(alert)
    assert wanted is not None
    assert list(found) == [alert.pk]
    assert found[alert.pk].symmetric_difference(wanted).area == 0
    assert wanted.area > 0.5


def test_an_alert_without_a_zone_has_no_outline(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    alert = path.approved(officer, approver, now)
    Alert.objects.filter(pk=alert.pk).update(zones=[])
    found: dict[int, MultiPolygon] = {}
    outlines.each([alert.pk], found.__setitem__)
    assert found == {}
