"""Load tables of code shapes, and draw what waited for them."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import shapely
from django.db import transaction
from shapely.geometry import MultiPolygon

from alerts.hazards import geocodes, proposing
from alerts.hazards.events import placing, summing
from alerts.hazards.events.versions import chunks
from alerts.hazards.models import CodeShape, Hazard, Report, WaitingCode
from consular.missions import audit
from consular.missions.models import Officer
from geo import shapes
from geo.repairing import polygons_of

CORNERS_MOST = 2_000
COARSE_DEG = 0.002  # some 200 m
SIDES = ("lon_min", "lat_min", "lon_max", "lat_max")


class TableError(ValueError):
    """Say what is wrong with a table, and in which row."""


@dataclass(frozen=True)
class Row:
    """One code of a table."""

    code: str
    name: str
    shape: MultiPolygon
    is_box: bool = False


def rows_of(text: str, code_field: str, name_field: str) -> list[Row]:
    """Read a table: GeoJSON features, or TSV with `wkt` or the four sides of a box.

    Raises
    ------
    TableError
        When a row has no code or no usable shape; then nothing is loaded.
    """
    start = text.lstrip("\ufeff \t\r\n")
    read = _features if start.startswith("{") else _lines
    rows = list(read(start, code_field, name_field))
    if not rows:
        raise TableError("the table is empty")
    return rows


def _features(text: str, code_field: str, name_field: str) -> Iterator[Row]:
    try:
        value = json.loads(text)
        features = value["features"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise TableError("it is not a GeoJSON FeatureCollection") from None
    for at, feature in enumerate(features, 1):
        said = feature.get("properties") or {}
        try:
            shape = shapes.from_geojson(feature)
        except shapes.ShapeError as error:
            raise TableError(f"feature {at}: {error}") from None
        yield _row(at, said.get(code_field), said.get(name_field), shape)


def _lines(text: str, code_field: str, name_field: str) -> Iterator[Row]:
    for at, line in enumerate(csv.DictReader(io.StringIO(text), delimiter="\t"), 2):
        try:
            if line.get("wkt"):
                shape, is_box = shapes.from_wkt(line["wkt"]), False
            else:
                west, south, east, north = (float(line[side]) for side in SIDES)
                corners = [(west, south), (east, south), (east, north), (west, north)]
                shape, is_box = shapes.from_ring(corners), True
        except (KeyError, TypeError, ValueError) as error:
            said = str(error) if isinstance(error, shapes.ShapeError) else "no shape"
            raise TableError(f"line {at}: {said}") from None
        yield _row(at, line.get(code_field), line.get(name_field), shape, is_box)


def _row(
    at: int, code: Any, name: Any, shape: MultiPolygon, is_box: bool = False
) -> Row:
    word = str(code or "").strip().upper()
    if not word or len(word) > 80:
        raise TableError(f"row {at} has no code, or a code of more than 80 letters")
    if shapely.get_num_coordinates(shape) > CORNERS_MOST:
        coarse = polygons_of(shapely.make_valid(shapely.simplify(shape, COARSE_DEG)))
        shape = coarse if not coarse.is_empty else shape
    return Row(word, str(name or "")[:200], shape, is_box)


def load(scheme: str, rows: list[Row], now: datetime) -> int:
    """Store a table's shapes, and draw the reports that waited; return how many."""
    scheme = geocodes.scheme_of(scheme)
    CodeShape.objects.bulk_create(
        [
            CodeShape(
                scheme=scheme,
                code=row.code,
                name=row.name,
                geometry=shapes.to_geojson(row.shape),
                is_box=row.is_box,
                loaded_at=now,
            )
            for row in {row.code: row for row in rows}.values()
        ],
        500,
        update_conflicts=True,
        unique_fields=["code", "scheme"],
        update_fields=["name", "geometry", "is_box", "loaded_at"],
    )
    return _draw_waiting(scheme, {row.code for row in rows}, now)


def _draw_waiting(scheme: str, codes: set[str], now: datetime) -> int:
    found: set[int] = set()
    for some in chunks(codes):
        rows = WaitingCode.objects.filter(scheme=scheme, code__in=some)
        found |= set(rows.values_list("report_id", flat=True))
    ids = sorted(found)
    for start in range(0, len(ids), 200):
        touched = _drawn(ids[start : start + 200], now)
        for hazard in Hazard.objects.filter(pk__in=touched, state="active"):
            proposing.propose(hazard, now)
    return len(ids)


def _drawn(report_ids: list[int], now: datetime) -> set[int]:
    """Draw some reports anew from all their codes, and write their hazards."""
    with transaction.atomic():
        placing.one_at_a_time()
        reports = list(Report.objects.filter(pk__in=report_ids))
        for report in reports:
            report.geometry = None
            report.flags = [f for f in report.flags if f not in _MADE]
        missing = geocodes.place(reports)
        Report.objects.bulk_update(reports, ["geometry", "lon", "lat", "flags"], 100)
        waiting = WaitingCode.objects.filter(report_id__in=report_ids)
        still = {
            (reports[at].pk, *code) for at, all_ in missing.items() for code in all_
        }
        over = [w.pk for w in waiting if (w.report_id, w.scheme, w.code) not in still]
        WaitingCode.objects.filter(pk__in=over).delete()
        touched = {report.hazard_id for report in reports if report.hazard_id}
        for hazard in Hazard.objects.filter(pk__in=touched):
            summing.refill(hazard, now)
    return touched


_MADE = (geocodes.FROM_CODES, geocodes.FROM_BOXES)


def set_aside(scheme: str, code: str, by: Officer, now: datetime) -> int:
    """Take a code off the list of tasks; its reports stay without it."""
    rows = WaitingCode.objects.filter(scheme=scheme, code=code, set_aside_by=None)
    with transaction.atomic():
        count = rows.update(set_aside_by=by)
        if count:
            audit.record("set_code_aside", by, f"code {scheme} {code}", now, n=count)
    return count
