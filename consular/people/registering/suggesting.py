"""Places while somebody types: what the list under a field is filled with.

The answer comes from the gazetteer alone: half a name never leaves the machine. It is
asked by POST, so that what was typed stands in no address and no log of a proxy. Who
gets no answer types on, and is asked after "Next" as everybody without a script is; so
a busy server stops offering first. The form of a crisis does not ask at all.
"""

import threading
import time
from collections import OrderedDict

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from consular import languages, places
from consular.people.protecting import guarding
from consular.people.registering.forms import MOST_LISTED, likely, reference_of
from geo import gazetteer, misspelt

LONGEST, LEAST = 120, 2
MOST_COUNTRIES = 20
# A second, of one network and of all together; a process counts for itself.
A_NETWORK, ALL = 8, 60
MOST_NETWORKS = 5_000


class Pace:
    """So many a second of each, and so many that were saved up."""

    def __init__(self, rate: float, most: int) -> None:
        self.rate, self.most = rate, most
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, name: str, now_s: float) -> bool:
        """Take one, and tell whether there was one; `now_s` is a clock's seconds."""
        with self._lock:
            left, at = self._left.pop(name, (2 * self.rate, now_s))
            left = min(left + (now_s - at) * self.rate, 2 * self.rate)
            self._left[name] = (left - 1 if left >= 1 else left, now_s)
            while len(self._left) > self.most:
                self._left.popitem(last=False)
        return left >= 1


_networks, _all = Pace(A_NETWORK, MOST_NETWORKS), Pace(ALL, 1)


@csrf_exempt  # no session: there is nothing that another site could borrow
@require_POST
def suggest(request: HttpRequest) -> HttpResponse:
    """Answer the places that a name begun may mean, the likeliest first."""
    now_s = time.monotonic()
    if not _networks.take(guarding.network(request), now_s) or not _all.take("", now_s):
        return HttpResponse(status=429, headers={"Cache-Control": "no-store"})
    language = languages.chosen(request)
    beside = set(request.POST.get("beside", "").split(",")[:MOST_COUNTRIES])
    offered = []
    for place in _found(request.POST.get("q", "")[:LONGEST], beside):
        said = places.said(place.label, place.country, language, place.precision)
        value = reference_of(place)
        offered.append({"value": value, "label": place.label, "said": said})
    answer = JsonResponse({"places": offered})
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _found(typed: str, beside: set[str]) -> list[gazetteer.Place]:
    folded = gazetteer.fold(typed)
    if len(folded) < LEAST and folded.isascii():
        return []
    found = gazetteer.search(typed, limit=60 if beside else MOST_LISTED)
    return likely(found or misspelt.places(typed, MOST_LISTED), (), beside)
