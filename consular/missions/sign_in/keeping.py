"""Keep what somebody typed when their session ended before they sent it.

The browser keeps it, not the server: what was sent comes back on a page, signed, and
goes with the sign-in. After it, a page shows it again, with a button that sends it
where it was meant for. Nothing is sent without that click, and nothing is decided by
it: what approves, sends or stops begins anew, and so do accounts and settings.
"""

from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme

SALT = "missions.keeping"
MOST_BYTES = 300_000
LASTS_S = 12 * 3600
NEVER = {"csrfmiddlewaretoken", "next", "kept"}
SECRET = ("password", "code", "secret")
DECISIONS = {
    "approve",
    "return",
    "reject",
    "correct",
    "stop",
    "pause",
    "resume",
    "retire",
}
LONG = 12  # characters; shorter values are choices, seldom words


@dataclass(frozen=True)
class Kept:
    """A form as it was sent: where to, and its fields in order."""

    path: str
    fields: tuple[tuple[str, str], ...]

    @property
    def words(self) -> list[str]:
        """What was typed, as far as it is worth reading again."""
        said = (value.strip() for name, value in self.fields if name != "revision")
        return [value for value in said if len(value) > LONG]


def of(request: HttpRequest) -> Kept | None:
    """Return what a form of a page holds; nothing for scripts and empty forms."""
    is_page = request.headers.get("Sec-Fetch-Dest", "document") == "document"
    if request.method != "POST" or not is_page or request.FILES:
        return None
    if request.POST.get("action") in DECISIONS:
        return None
    fields = tuple(
        (name, str(value))
        for name, values in request.POST.lists()
        if name not in NEVER and not name.endswith(SECRET)
        for value in values
    )
    size = sum(len(name) + len(value) for name, value in fields)
    if not fields or size > MOST_BYTES:
        return None
    return Kept(request.get_full_path(), fields)


def ask(request: HttpRequest, kept: Kept) -> HttpResponse:
    """Say that the session is over, and that what was typed is not lost."""
    context = {"kept": kept, "sealed": signed(kept), "next": kept.path}
    response = render(request, "missions/session_over.html", context, status=401)
    response.headers["Cache-Control"] = "no-store"
    return response


def signed(kept: Kept) -> str:
    """Return what a page carries through a sign-in."""
    return signing.dumps([kept.path, kept.fields], salt=SALT, compress=True)


def read(request: HttpRequest) -> Kept | None:
    """Return what came with a sign-in, if it is ours and leads to a page of ours."""
    try:
        said: Any = signing.loads(
            request.POST.get("kept", ""), salt=SALT, max_age=LASTS_S
        )
    except signing.BadSignature:
        return None
    path, fields = said
    if not url_has_allowed_host_and_scheme(path, allowed_hosts=None):
        return None
    return Kept(path, tuple((name, value) for name, value in fields))


def show(request: HttpRequest, kept: Kept) -> HttpResponse:
    """Show what was typed before the sign-in, ready to be sent."""
    response = render(request, "missions/resume.html", {"kept": kept})
    response.headers["Cache-Control"] = "no-store"
    return response
