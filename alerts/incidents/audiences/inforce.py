"""The alerts in force, and which of them may be about somebody.

In force is the newest settled alert of each open incident, until its time is over, it
is stopped, or an all-clear follows. A correction says what an earlier text got wrong,
an all-clear outside the zone that some are no longer in it: neither is for who comes
later, and neither ends what is in force.
"""

from collections.abc import Collection, Iterator
from datetime import datetime

import numpy as np
from django.db.models import Q
from shapely.geometry import MultiPolygon

from alerts.incidents.audiences import outlines
from alerts.incidents.models import Alert, AlertKind, AlertTile
from consular.people.models import Stay
from consular.people.stays import columnar
from geo import nearness, reach
from geo.reach import Reach

JOINABLE = (AlertKind.ALERT, AlertKind.UPDATE)
FEW = 50  # stays; above it all tiles are read at once


def alerts(now: datetime) -> list[Alert]:
    """Return the alerts that somebody who comes now should get, one an incident."""
    settled = (
        Alert.objects.exclude(settled_at=None)
        .exclude(state=Alert.State.STOPPED)
        .exclude(kind__in=[AlertKind.CORRECTION, AlertKind.OUTSIDE])
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
        area = outlines.outline(alert) if alert.pk not in known else None
        if area is not None:
            AlertTile.objects.bulk_create(
                (
                    AlertTile(alert=alert, node=node, is_whole=is_whole)
                    for node, _, is_whole in reach.rows_of(area, alert.pk)
                ),
                ignore_conflicts=True,
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
        found, places = holding(lons, lats, radii)
        yield from zip(found.tolist(), owners[places].tolist(), strict=True)


def holding(
    lons: reach.Degrees, lats: reach.Degrees, radii_m: reach.Degrees
) -> tuple[reach.Ids, reach.Ids]:
    """Pair discs with the alerts in force whose zones hold or touch them.

    Returns
    -------
    numbers, rows : ndarray (n,)
        Ids of alerts, and the places of discs.
    """
    found = _tiles(lons, lats, radii_m).pairs(lons, lats, radii_m)
    is_in = found.is_sure.copy()
    open_ = np.flatnonzero(~is_in)
    open_ = open_[np.argsort(found.owners[open_], kind="stable")]
    owners, firsts = np.unique(found.owners[open_], return_index=True)
    by_owner = dict(zip(owners.tolist(), np.split(open_, firsts)[1:], strict=True))

    def test(number: int, area: MultiPolygon) -> None:
        places = by_owner[number]
        rows = found.rows[places]
        is_in[places] = nearness.touched_by(area, lons[rows], lats[rows], radii_m[rows])

    outlines.each(by_owner, test)
    return found.owners[is_in], found.rows[is_in]


def _tiles(lons: reach.Degrees, lats: reach.Degrees, radii_m: reach.Degrees) -> Reach:
    """Read the tiles that may matter for some discs."""
    rows = AlertTile.objects.values_list("node", "alert_id", "is_whole")
    if len(lons) > FEW:
        return Reach.of_columns(*_all_tiles())
    nodes, spans = reach.nodes_to_look_for(lons, lats, radii_m)
    wanted = Q(node__in=nodes.tolist())
    for first, last in spans:
        wanted |= Q(node__range=(first, last))
    return Reach.of(rows.filter(wanted))


def _all_tiles() -> tuple[reach.Ids, reach.Ids, reach.Ids]:
    read = columnar.read(
        "SELECT node, alert_id, CAST(CAST(is_whole AS integer) AS bigint)"
        " FROM incidents_alerttile",
        (),
        ("i8", "i8", "i8"),
    )
    return read["0"], read["1"], read["2"]
