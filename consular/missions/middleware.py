"""Stand between a request and the views: no NUL gets in, no lost database shows.

What providers sign goes straight to its view.
"""

import logging
from collections.abc import Callable

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import Resolver404, resolve

from consular import outages
from consular.missions import faults

logger = logging.getLogger(__name__)
SIGNED = "/hooks/"


class ProvidersFirstMiddleware:
    """Answer what providers sign at once: they have no session, cookie, form or page.

    Thousands of receipts and replies come within a minute. All that stands between
    them and their view would cost three times what the view does.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next handler."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Call a provider's view, or pass the request on."""
        if not request.path_info.startswith(SIGNED):
            return self.get_response(request)
        try:
            found = resolve(request.path_info)
        except Resolver404:
            return self.get_response(request)
        request.resolver_match = found
        try:
            answer: HttpResponse = found.func(request, *found.args, **found.kwargs)
        except (DatabaseError, InterfaceError) as error:
            if not outages.is_away(error):
                raise
            return _gone(request, error)
        return answer


class NoNulMiddleware:
    """Take the NUL out of what people send: no text has one, PostgreSQL keeps none.

    A call for help is not lost for a damaged letter in it. Callbacks of providers are
    signed as they are, and left so.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next handler."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass a request on, unless its address has what no text in it can have."""
        if "\x00" in request.path:
            return faults.answer(request, "404.html", 404)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: object) -> None:
        """Clean the words of an address, and of a form."""
        if request.path.startswith(SIGNED):
            return
        if _has_nul(request.GET):
            request.GET = _without_nul(request.GET)  # type: ignore[assignment]
        if request.method == "POST" and _has_nul(request.POST):
            request.POST = _without_nul(request.POST)  # type: ignore[assignment]


def _has_nul(words: QueryDict) -> bool:
    return any("\x00" in each for row in words.lists() for each in (row[0], *row[1]))


def _without_nul(words: QueryDict) -> QueryDict:
    clean = QueryDict(mutable=True)
    for name, found in words.lists():
        clean.setlist(name.replace("\x00", ""), [x.replace("\x00", "") for x in found])
    return clean


class DatabaseGoneMiddleware:
    """Answer 503 with a page that says what to do while the database is away.

    Each request's writes are in transactions, so nothing is half written. The page is
    rendered with no request, because the session lives in the same database.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next handler."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass a request on."""
        return self.get_response(request)

    def process_exception(
        self, request: HttpRequest, error: Exception
    ) -> HttpResponse | None:
        """Turn a lost or locked database into a page with a next step."""
        return _gone(request, error) if outages.is_away(error) else None


def _gone(request: HttpRequest, error: Exception) -> HttpResponse:
    logger.error("database away: %s", type(error).__name__)
    away = {"Retry-After": "5"}
    return faults.answer(request, "missions/database_gone.html", 503, **away)
