"""Ask an online geocoder for a place that the gazetteer does not know.

Nominatim and Photon are asked through geopy. This module opens no connection: it is
handed a function that gets an address, with that function's limits.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from geopy.adapters import BaseSyncAdapter
from geopy.exc import GeocoderParseError, GeopyError
from geopy.geocoders import Nominatim, Photon

from geo.circles import distance_m
from geo.gazetteer import Place, spot
from geo.limits import ShapeError, check_position

MOST_LETTERS = 120
MOST_PLACES = 5
WIDEST_M = 60_000.0
SERVICES = ("nominatim", "photon")

# What geopy and we stumble over when an answer is not what it should be.
_UNREADABLE = (
    GeopyError,
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
)

Get = Callable[[str], bytes]
"""Return the body at an address, or raise ValueError or OSError."""


class GeocodingError(Exception):
    """Say that a geocoder did not answer, or not what we can read."""


@dataclass(frozen=True, kw_only=True)
class Service:
    """A geocoder.

    Attributes
    ----------
    kind : str
        One of `SERVICES`.
    domain : str
        Its host, with a port where it has one: `nominatim.openstreetmap.org`.
    scheme : str
        `https`, or `http` for a server of one's own.
    user_agent : str
        How we call ourselves: the public servers ask for it.
    """

    kind: str
    domain: str
    scheme: str = "https"
    user_agent: str = "muster"


def ask(service: Service, text: str, get: Get, language: str = "en") -> list[Place]:
    """Ask a geocoder for places of a name or an address.

    Parameters
    ----------
    service : Service
        Which one.
    text : str
        As it was typed; only its first `MOST_LETTERS` letters are sent.
    get : callable
        The door to other servers.
    language : str
        Of the names, as far as the geocoder has them.

    Returns
    -------
    list of Place
        `MOST_PLACES` at most, the likeliest first: `exact` for what is smaller than
        200 m, else `town` with its reach up to 60 km; what is wider is left out.

    Raises
    ------
    GeocodingError
        When it did not answer, or not what we can read.

    References
    ----------
    Nominatim, "Search queries"; Photon, "Search API"; OpenStreetMap data, ODbL.
    """
    try:
        found = _asked(service, text[:MOST_LETTERS], get, language) or []
        places = [_place(each) for each in found]
    except _UNREADABLE as error:
        raise GeocodingError(f"{service.kind}: {type(error).__name__}") from error
    return [place for place in places if place is not None][:MOST_PLACES]


def _asked(service: Service, text: str, get: Get, language: str) -> Any:
    common: dict[str, Any] = {
        "domain": service.domain,
        "scheme": service.scheme,
        "user_agent": service.user_agent,
        "adapter_factory": lambda **given: _Adapter(get, **given),
    }
    asked = Photon(**common) if service.kind == "photon" else Nominatim(**common)
    return asked.geocode(text, exactly_one=False, limit=MOST_PLACES, language=language)


class _Adapter(BaseSyncAdapter):  # type: ignore[misc]  # geopy has no types
    """Hand geopy's requests to the door."""

    def __init__(self, get: Get, *, proxies: Any, ssl_context: Any) -> None:
        super().__init__(proxies=proxies, ssl_context=ssl_context)
        self._get = get

    def get_json(self, url: str, *, timeout: float, headers: dict[str, str]) -> Any:
        """Return a parsed answer."""
        try:
            return json.loads(self.get_text(url, timeout=timeout, headers=headers))
        except (ValueError, RecursionError) as error:
            raise GeocoderParseError("the answer is not JSON") from error

    def get_text(self, url: str, *, timeout: float, headers: dict[str, str]) -> str:
        """Return an answer; the door has its own time limit."""
        return self._get(url).decode("utf-8")


def _place(found: Any) -> Place | None:
    lon, lat = float(found.longitude), float(found.latitude)
    try:
        check_position(lon, lat)
    except ShapeError:
        return None
    reach_m = _reach_m(found.raw, lon, lat)
    if reach_m > WIDEST_M or abs(lon) > 180:
        return None
    return spot(_without_country(str(found.address))[:MOST_LETTERS], lon, lat, reach_m)


def _without_country(address: str) -> str:
    """Leave out the last part of an address, which both geocoders end with."""
    return address.rpartition(", ")[0] or address


def _reach_m(raw: dict[str, Any], lon: float, lat: float) -> float:
    """Return how far the corners of a found thing's box are."""
    if "boundingbox" in raw:  # Nominatim: south, north, west, east
        south, north, west, east = (float(each) for each in raw["boundingbox"])
    elif extent := raw.get("properties", {}).get("extent"):  # Photon
        west, north, east, south = (float(each) for each in extent)
    else:
        return 0.0
    corners = [(west, south), (east, north)]
    return round(max(distance_m(lon, lat, *corner) for corner in corners), 1)
