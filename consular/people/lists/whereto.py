"""Read places and days of a list's lines."""

import math
import re
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache

from django.utils.translation import gettext as _

from consular.people.lists.cells import Line
from consular.people.models import Stay
from geo import countries, gazetteer


@dataclass(frozen=True)
class Where:
    """A place that was found for a line."""

    place: str
    country: str
    lon: float
    lat: float
    precision: str
    radius_m: float


def where(line: Line) -> Where | None:
    """Read where somebody will be: a town if it is found, else the country."""
    code = _country_code(line.get("country"))
    if not code:
        missing = _("The country is missing.")
        unknown = _("There is no country of this name.")
        line.say("country", unknown if line.get("country") else missing)
        return None
    town = line.get("place")
    found = _town(town, code) if town else None
    if town and found is None:
        words = _("Not found in {country}: the country alone is kept.").format(
            country=gazetteer.country_name(code)
        )
        line.say("place", words, is_error=False)
    return found or _whole(code)


@lru_cache(maxsize=20_000)
def _town(text: str, code: str) -> Where | None:
    """Find a town in a country; the largest of its name."""
    same = _by_name().get((code, countries.fold(text)))
    found = [same] if same else gazetteer.search(text, code, 3)
    for place in found:
        if place.country == code and place.precision != Stay.Precision.COUNTRY:
            return Where(
                place.label, code, place.lon, place.lat, place.precision, place.radius_m
            )
    return None


@cache
def _by_name() -> dict[tuple[str, str], gazetteer.Place]:
    """Return towns by country and folded name: most lines name one as it is."""
    named: dict[tuple[str, str], gazetteer.Place] = {}
    for place in gazetteer.towns():  # the largest first
        named.setdefault((place.country, countries.fold(place.name)), place)
    return named


@lru_cache(maxsize=400)
def _whole(code: str) -> Where:
    country = gazetteer.country(code)
    precision = Stay.Precision.COUNTRY
    return Where(
        country.name, code, country.lon, country.lat, precision, country.radius_m
    )


@lru_cache(maxsize=2_000)
def _country_code(text: str) -> str:
    """Return the code of a country that is given by code or by name."""
    if text.upper() in gazetteer.countries():
        return text.upper()
    name = countries.fold(text)
    codes = countries.folded_names()
    return next(
        (code for code in codes if name and countries.is_called(code, name)), ""
    )


def days(line: Line, today: date) -> tuple[date, date | None] | None:
    """Read from when to when; without a first day from today, without a last open."""
    begun = len(line.problems)
    arrives_on = line.read("arrives_on", _date)
    departs_on = line.read("departs_on", _date)
    if len(line.problems) > begun:
        return None
    arrives_on = arrives_on or today
    if departs_on is not None and departs_on < arrives_on:
        line.say("departs_on", _("The last day is before the first."))
        return None
    if departs_on is not None and departs_on < today:
        line.say("departs_on", _("This stay is over."))
        return None
    return arrives_on, departs_on


def _date(text: str) -> date:
    """Read a day as ISO writes it, or day before month; never month before day.

    Examples
    --------
    >>> _date("2026-12-24") == _date("24.12.2026") == _date("24/12/2026")
    True
    """
    found = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?", text)
    parts = found.groups() if found else None
    if parts is None:
        found = re.fullmatch(r"(\d{1,2})[./ -](\d{1,2})[./ -](\d{4})", text)
        parts = found.groups()[::-1] if found else None
    if parts is None:
        raise ValueError(_("Write the day as 2026-12-24 or 24.12.2026."))
    try:
        day = date(*(int(part) for part in parts))
    except ValueError:
        words = _("There is no such day; write it as 2026-12-24 or 24.12.2026.")
        raise ValueError(words) from None
    if not 2000 <= day.year <= 2100:
        raise ValueError(_("Is the year right?"))
    return day


def point(lon: str, lat: str) -> tuple[float, float]:
    """Read a position in degrees.

    Raises
    ------
    ValueError
        When it is not on Earth.
    """
    try:
        east, north = float(lon), float(lat)
    except ValueError:
        raise ValueError("Write lon and lat in degrees.") from None
    if not (math.isfinite(east + north) and abs(east) <= 180 and abs(north) <= 90):
        raise ValueError("This position is not on Earth.")
    return east, north
