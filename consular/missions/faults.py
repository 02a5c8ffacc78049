"""Answer with a page of the house when something is missing, refused or broken.

These pages are rendered with no session and no user: both live in the database, which
may be what is broken.
"""

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from consular.missions import context


def answer(
    request: HttpRequest, template: str, status: int, **headers: str
) -> HttpResponse:
    """Render one of the plain pages."""
    shown = context.installation(request)
    shown["CSP_NONCE"] = str(getattr(request, "csp_nonce", ""))
    page = render_to_string(template, shown)
    return HttpResponse(page, status=status, headers=headers)


def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403."""
    return answer(request, "403.html", 403)


def broken(request: HttpRequest) -> HttpResponse:
    """Answer 500."""
    return answer(request, "500.html", 500)
