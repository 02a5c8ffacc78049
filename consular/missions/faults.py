"""Answer with a page of the house when something is missing, refused or broken.

These pages are rendered with no session and no user: both live in the database, which
may be what is broken.
"""

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from consular import languages
from consular.missions import context


def answer(
    request: HttpRequest, template: str, status: int, **headers: str
) -> HttpResponse:
    """Render one of the plain pages."""
    language = _language(request)
    shown = context.installation(request)
    shown["page_language"] = language
    shown["page_direction"] = languages.direction(language)
    shown["is_desk"] = _is_desk(request)
    shown["CSP_NONCE"] = str(getattr(request, "csp_nonce", ""))
    with languages.speak(language):
        page = render_to_string(template, shown)
    return HttpResponse(
        page, status=status, headers={"Content-Language": language} | headers
    )


def _is_desk(request: HttpRequest) -> bool:
    return request.path.startswith("/desk/")


def _language(request: HttpRequest) -> str:
    """Return the reader's language; the desk is in English."""
    if _is_desk(request):
        return "en"
    try:
        return languages.chosen(request)
    except Exception:  # what was sent may be what broke
        return "en"


def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403."""
    return answer(request, "403.html", 403)


def broken(request: HttpRequest) -> HttpResponse:
    """Answer 500."""
    return answer(request, "500.html", 500)
