"""Say so, and write nothing, when the database cannot be reached."""

import logging
from collections.abc import Callable

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

logger = logging.getLogger(__name__)


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
        if not isinstance(error, OperationalError):
            return None
        logger.error("database away: %s", type(error).__name__)
        page = render_to_string("missions/database_gone.html")
        return HttpResponse(page, status=503, headers={"Retry-After": "5"})
