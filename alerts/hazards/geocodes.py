"""Turn the codes of alerts without areas into shapes; what has none becomes a task.

Tables that an operator loads count before those that come with Muster: countries, their
first-level regions, and the boxes of MeteoAlarm's regions.
"""

import csv
import functools
import gzip
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shapely.geometry
from shapely.geometry import MultiPolygon

from alerts.hazards.events.versions import chunks
from alerts.hazards.models import CodeShape, Report, WaitingCode
from geo import countries, regions, shapes

BOXES = Path(__file__).resolve().parent / "data" / "emma_boxes.tsv.gz"
FROM_CODES = "area made from its codes"
FROM_BOXES = "area made from boxes around its codes, larger than what is warned of"
CODES_MOST = 400  # a report
_SCHEMES = (
    ("EMMA_ID", "EMMA_ID"),
    ("NUTS", "NUTS"),
    ("FIPS", "SAME"),
    ("SAME", "SAME"),
    ("UGC", "UGC"),
    ("WARNCELLID", "WARNCELLID"),
    ("CAP-CP:LOCATION", "CAP-CP"),
    ("3166", "ISO3166"),
    ("ISO3", "ISO3166"),
    ("COUNTRY_CODES", "ISO3166"),
)

Code = tuple[str, str]


@dataclass(frozen=True)
class CodeArea:
    """A code's shape, and whether it is only a box around it."""

    shape: MultiPolygon
    is_box: bool = False


def scheme_of(name: str) -> str:
    """Return the common name of a scheme that alerts name in many ways.

    Examples
    --------
    >>> scheme_of("profile:CAP-CP:Location:0.3"), scheme_of("FIPS6"), scheme_of("NUTS3")
    ('CAP-CP', 'SAME', 'NUTS')
    """
    words = name.upper()
    return next((short for part, short in _SCHEMES if part in words), words[:20])


def codes_of(report: Report) -> list[Code]:
    """Return the codes of a report, by common scheme; polygons in disguise left out."""
    found = [
        (scheme_of(name), value.strip().upper()[:80])
        for name, value in report.geocodes
        if value.strip() and "POLYGON" not in name.upper()
    ]
    return list(dict.fromkeys(found))[:CODES_MOST]


def needs_codes(report: Report) -> bool:
    """Tell whether only its codes say where a report is."""
    is_warning = not report.is_test and report.msg_type != "Cancel"
    return report.geometry is None and bool(report.geocodes) and is_warning


def place(reports: Iterable[Report]) -> dict[int, list[Code]]:
    """Give reports the areas of their codes; return what lacks one, by their order."""
    listed = [(at, r) for at, r in enumerate(reports) if needs_codes(r)]
    known = _known({code for _, r in listed for code in codes_of(r)})
    missing = {}
    for at, report in listed:
        codes = codes_of(report)
        _draw(report, [known[code] for code in codes if code in known])
        lacking = [code for code in codes if code not in known]
        if lacking and {s for s, _ in lacking} >= {s for s, _ in codes}:
            missing[at] = lacking  # no scheme is known as a whole
    return missing


def wait(reports: list[Report], missing: dict[int, list[Code]]) -> None:
    """Make a task of each code without a shape, once its report is stored."""
    WaitingCode.objects.bulk_create(
        [
            WaitingCode(report=reports[at], scheme=scheme, code=code)
            for at, codes in missing.items()
            for scheme, code in codes
        ],
        500,
        ignore_conflicts=True,
    )


def _draw(report: Report, found: list[CodeArea]) -> None:
    if not found:
        return
    whole = shapes.union([each.shape for each in found])
    report.geometry = shapes.to_geojson(whole)
    if report.lon is None:
        inner = max(whole.geoms, key=lambda part: part.area).representative_point()
        report.lon, report.lat = round(inner.x, 6), round(inner.y, 6)
    flag = FROM_BOXES if any(each.is_box for each in found) else FROM_CODES
    report.flags = [*(f for f in report.flags if f != "only geocodes"), flag]


def _known(codes: set[Code]) -> dict[Code, CodeArea]:
    """Return the shapes of those codes that have one."""
    found = {code: area for code in codes if (area := _shipped(*code))}
    for some in chunks({code for _, code in codes}):
        for row in CodeShape.objects.filter(code__in=some):
            if (row.scheme, row.code) in codes:
                shape = shapely.geometry.shape(row.geometry)
                found[row.scheme, row.code] = CodeArea(shape, row.is_box)
    return found


def _shipped(scheme: str, code: str) -> CodeArea | None:
    if scheme in ("EMMA_ID", "NUTS"):
        box = _boxes().get(code)
        return CodeArea(MultiPolygon([shapely.box(*box)]), is_box=True) if box else None
    if scheme != "ISO3166":
        return None
    try:
        if len(code) == 2:
            return CodeArea(countries.country_zone(code))
        return CodeArea(regions.region_shape(code.replace("_", "-")))
    except (KeyError, ValueError):
        return None


@functools.cache
def _boxes() -> dict[str, tuple[float, float, float, float]]:
    """Read the boxes of MeteoAlarm's regions, by code."""
    text = gzip.decompress(BOXES.read_bytes()).decode()
    rows: Any = csv.DictReader(io.StringIO(text), delimiter="\t")
    sides = ("lon_min", "lat_min", "lon_max", "lat_max")
    found = {}
    for row in rows:
        west, south, east, north = (float(row[side]) for side in sides)
        found[row["code"]] = (west, south, east, north)
    return found
