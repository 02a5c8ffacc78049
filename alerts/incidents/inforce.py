"""The alerts in force, and which of them may be about somebody.

In force is the newest settled alert of each open incident, until its time is over, it
is stopped, or an all-clear follows. A correction says what an earlier text got wrong:
it is not for who comes later.
"""

from collections.abc import Collection, Iterator
from datetime import datetime

import numpy as np
from django.db.models import Q
from shapely.geometry import MultiPolygon

from alerts.incidents import previewing
from alerts.incidents.models import Alert, AlertKind, AlertTile
from consular.people.models import Stay
from geo import nearness, reach, shapes
from geo.reach import Reach

JOINABLE = (AlertKind.ALERT, AlertKind.UPDATE)
FEW = 50  # stays; above it all tiles are read at once


def alerts(now: datetime) -> list[Alert]:
    """Return the alerts that somebody who comes now should get, one an incident."""
    settled = (
        Alert.objects.exclude(settled_at=None)
        .exclude(state=Alert.State.STOPPED)
        .exclude(kind=AlertKind.CORRECTION)
        .filter(incident__closed_at=None)
    )
    newest = settled.order_by("incident_id", "-pk")
    first: dict[int, int] = {}
    columns = ("incident_id", "pk", "kind", "not_after")
    for incident_id, number, kind, not_after in newest.values_list(*columns):
        if incident_id not in first:
            first[incident_id] = number if kind in JOINABLE and not_after > now else 0
    found = Alert.objects.filter(pk__in=first.values()).select_related("incident")
    return list(found.order_by("pk"))


def keep_tiles(alerts: Collection[Alert]) -> None:
    """Write the tiles of alerts that have none, and forget those no longer in force."""
    numbers = {alert.pk for alert in alerts}
    known = set(AlertTile.objects.values_list("alert_id", flat=True).distinct())
    if known - numbers:
        AlertTile.objects.filter(alert_id__in=known - numbers).delete()
    for alert in alerts:
        area = outline(alert) if alert.pk not in known else None
        if area is not None:
            AlertTile.objects.bulk_create(
                (
                    AlertTile(alert=alert, node=node, is_whole=is_whole)
                    for node, _, is_whole in reach.rows_of(area, alert.pk)
                ),
                ignore_conflicts=True,
            )


def outline(alert: Alert) -> MultiPolygon | None:
    """Return all zones of an alert as one shape."""
    return previewing.joined(
        shapes.from_geojson(zone["geometry"]) for zone in alert.zones
    )


def candidates(
    alerts: Collection[Alert], numbers: Collection[int]
) -> Iterator[tuple[int, int]]:
    """Pair alerts with the registrations that have a stay inside, on whatever days.

    Parameters
    ----------
    alerts : collection of Alert
        Those in force, with their tiles written.
    numbers : collection of int
        Ids of registrations.

    Yields
    ------
    (int, int)
        Ids of an alert and a registration.
    """
    stays = Stay.objects.current().filter(registration_id__in=numbers)
    by_area = [alert for alert in alerts if alert.include.get("country_only")]
    area = stays.exclude(precision__in=["exact", "town"])
    if by_area:
        known = set(area.values_list("registration_id", flat=True))
        yield from ((alert.pk, number) for alert in by_area for number in known)
    columns = ("registration_id", "lon", "lat", "radius_m")
    listed = stays.filter(precision__in=["exact", "town"]).values_list(*columns)
    if rows := list(listed):
        owners, lons, lats, radii = (np.array(each) for each in zip(*rows, strict=True))
        yield from (
            (alert_id, int(owners[row])) for alert_id, row in holding(lons, lats, radii)
        )


def holding(
    lons: reach.Degrees, lats: reach.Degrees, radii_m: reach.Degrees
) -> list[tuple[int, int]]:
    """Pair discs with the alerts in force whose zones hold or touch them.

    Returns
    -------
    list of (int, int)
        Id of an alert, place of a disc.
    """
    found = _tiles(lons, lats, radii_m).pairs(lons, lats, radii_m)
    pairs = list(
        zip(found.owners[found.is_sure], found.rows[found.is_sure], strict=True)
    )
    open_ = ~found.is_sure
    for number in np.unique(found.owners[open_]).tolist():
        rows = found.rows[open_ & (found.owners == number)]
        area = outline(Alert.objects.only("zones").get(pk=number))
        assert area is not None  # it has tiles
        is_in = nearness.touched_by(area, lons[rows], lats[rows], radii_m[rows])
        pairs += [(number, row) for row in rows[is_in]]
    return [(int(number), int(row)) for number, row in pairs]


def _tiles(lons: reach.Degrees, lats: reach.Degrees, radii_m: reach.Degrees) -> Reach:
    """Read the tiles that may matter for some discs."""
    rows = AlertTile.objects.values_list("node", "alert_id", "is_whole")
    if len(lons) <= FEW:
        nodes, spans = reach.nodes_to_look_for(lons, lats, radii_m)
        wanted = Q(node__in=nodes.tolist())
        for first, last in spans:
            wanted |= Q(node__range=(first, last))
        rows = rows.filter(wanted)
    return Reach.of(rows)
