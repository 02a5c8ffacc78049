"""Find a place: in our own gazetteer, and online only where an operator has said so.

A text for which the gazetteer has an answer never leaves the machine.
"""

import functools
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from django.conf import settings
from django.utils.translation import gettext as _

from consular import languages, outgoing
from consular.outgoing import Limits, OutgoingError
from geo import gazetteer, geocoding
from geo.gazetteer import Place
from geo.geocoding import GeocodingError, Service

logger = logging.getLogger(__name__)
# Somebody waits for the page: better no answer than a late one.
LIMITS = Limits(
    connect_s=2, read_s=3, total_s=4, raw_bytes=500_000, inflated_bytes=1_000_000
)
REST_S = 60.0  # after a failure
KEPT, KEPT_S = 2_000, 24 * 3600.0
LEAST_LETTERS = 3

Clock = Callable[[], float]
Key = tuple[str, str]


class Geocoder:
    """One online geocoder: asked at most so often, remembered for a day.

    Who would have to wait for the rate gets no answer instead. A process has its own
    rate and memory.
    """

    def __init__(
        self,
        service: Service,
        rate: float,
        get: geocoding.Get,
        clock: Clock = time.monotonic,
    ) -> None:
        self.service = service
        self._get, self._clock, self._pause_s = get, clock, 1 / rate
        self._next = clock()
        self._kept: OrderedDict[Key, tuple[float, list[Place]]] = OrderedDict()
        self._lock = threading.Lock()

    def search(self, text: str, language: str = "en") -> list[Place]:
        """Return places of a text; none when it may not be asked now, or failed."""
        key = gazetteer.fold(text), language
        if len(key[0]) < LEAST_LETTERS:
            return []
        with self._lock:
            now = self._clock()
            made, places = self._kept.get(key, (-KEPT_S, []))
            if now - made < KEPT_S:
                return places
            if now < self._next:
                return []
            self._next = now + self._pause_s
        try:
            found = geocoding.ask(self.service, text, self._get, language)
        except GeocodingError as error:
            logger.warning("the geocoder gave no answer: %s", error)
            with self._lock:
                self._next = self._clock() + REST_S
            return []
        self._keep(key, found)
        return found

    def _keep(self, key: Key, found: list[Place]) -> None:
        with self._lock:
            self._kept[key] = (self._clock(), found)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)


def search(
    text: str, country: str = "", limit: int = 8, language: str = "en"
) -> list[Place]:
    """Find places as `geo.gazetteer.search` does, online when it knows none."""
    found = gazetteer.search(text, country, limit)
    if found or not settings.GEOCODER:
        return found
    return _geocoder().search(text, language)[:limit]


def said(label: str, country: str, language: str, precision: str = "") -> str:
    """Return a place's name, with its country in a reader's own language beside it.

    Names of places are in Latin letters, as officers read them; who reads others still
    sees which of two it is. A region says so, for hundreds are named like a town.

    Examples
    --------
    >>> said("Granada, Nicaragua", "NI", "ru"), said("Cairo, Egypt", "EG", "zh-hans")
    ('Granada, Nicaragua – Никарагуа', 'Cairo, Egypt – 埃及')
    >>> said("Granada, Nicaragua", "NI", "de"), said("Lyon, France", "FR", "en")
    ('Granada, Nicaragua', 'Lyon, France')
    >>> said("Madrid, Spain", "ES", "en", "region")
    'Madrid, Spain (region)'
    """
    name = gazetteer.country_name(country, language.split("-")[0]) if country else ""
    is_there = gazetteer.fold(name) in gazetteer.fold(label)
    words = label if is_there or language.startswith("en") else f"{label} – {name}"
    if precision != "region":
        return words
    with languages.speak(language):
        return _("{place} (region)").format(place=words)


@functools.cache
def _geocoder() -> Geocoder:
    service = Service(
        kind=settings.GEOCODER,
        domain=settings.GEOCODER_HOST,
        scheme=settings.GEOCODER_SCHEME,
    )
    return Geocoder(service, settings.GEOCODER_RATE, _get)


def _get(url: str) -> bytes:
    try:
        return outgoing.get(url, mode=settings.MODE, limits=LIMITS).body
    except OutgoingError as error:
        raise OSError(str(error)) from None
