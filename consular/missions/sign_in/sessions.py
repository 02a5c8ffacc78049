"""How long a session lasts, and which sessions an officer has open, where.

A session ends `SESSION_COOKIE_AGE` after the second factor was given, however busy it
is; a fresh factor makes it last that long again. Sessions are kept by Django; what an
officer sees of them (since when, from where, in which browser) is written into each.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from consular.missions import audit
from consular.missions.access import officer_of
from consular.missions.models import Officer
from consular.missions.sign_in import throttling

BEGAN, PLACE, BROWSER = "muster_began_at", "muster_place", "muster_browser"
NEAR_S = 1_800  # a page that is opened so late says when the session ends
_BROWSERS = ("Edg", "OPR", "Firefox", "Chrome", "Safari")
_SYSTEMS = ("Windows", "Android", "iPhone", "iPad", "Mac OS", "CrOS", "Linux")
_NAMES = {"Edg": "Edge", "OPR": "Opera", "Mac OS": "macOS", "CrOS": "ChromeOS"}


@dataclass(frozen=True)
class Open:
    """A session of an officer's own, by a mark that opens nothing."""

    mark: str
    began_at: datetime | None
    place: str
    browser: str
    ends_at: datetime
    is_this: bool


def begin(request: HttpRequest, now: datetime) -> None:
    """Note since when, where and in which browser a session is open."""
    request.session[BEGAN] = now.timestamp()
    request.session[PLACE] = throttling.place_of(request)
    request.session[BROWSER] = browser_of(request.META.get("HTTP_USER_AGENT", ""))
    last(request, now)


def last(request: HttpRequest, now: datetime) -> None:
    """Let a session last its whole time from now on."""
    request.session.set_expiry(now + timedelta(seconds=settings.SESSION_COOKIE_AGE))


def left_s(request: HttpRequest, now: datetime) -> int:
    """Return for how many seconds a session lasts."""
    ends_at = request.session.get_expiry_date(modification=now)
    return max(0, round((ends_at - now).total_seconds()))


def browser_of(agent: str) -> str:
    """Name the browser and the system as far as an officer would.

    Examples
    --------
    >>> browser_of("Mozilla/5.0 (X11; Linux x86_64) Chrome/130.0 Safari/537.36")
    'Chrome on Linux'
    >>> browser_of("curl/8")
    'another program'
    """
    browser = next((word for word in _BROWSERS if f"{word}/" in agent), "")
    system = next((word for word in _SYSTEMS if word in agent), "")
    if not browser:
        return "another program"
    name = _NAMES.get(browser, browser)
    return f"{name} on {_NAMES.get(system, system)}" if system else name


def of(officer: Officer, request: HttpRequest, now: datetime) -> list[Open]:
    """Return the sessions in which an officer is signed in, this one first."""
    found = []
    for row in Session.objects.filter(expire_date__gt=now).order_by("-expire_date"):
        kept: dict[str, Any] = row.get_decoded()
        if not _is_of(officer, kept):
            continue
        began = kept.get(BEGAN)
        found.append(
            Open(
                mark=_mark(row.session_key),
                began_at=datetime.fromtimestamp(began, UTC) if began else None,
                place=str(kept.get(PLACE, "")),
                browser=str(kept.get(BROWSER, "")),
                ends_at=row.expire_date,
                is_this=row.session_key == request.session.session_key,
            )
        )
    return sorted(found, key=lambda each: not each.is_this)


def _is_of(officer: Officer, kept: dict[str, Any]) -> bool:
    """Tell whether a session is open for an officer, by all that Django checks."""
    return (
        kept.get(SESSION_KEY) == str(officer.pk)
        and BACKEND_SESSION_KEY in kept
        and constant_time_compare(
            str(kept.get(HASH_SESSION_KEY, "")), officer.get_session_auth_hash()
        )
    )


def _mark(session_key: str) -> str:
    return hashlib.sha256(f"missions.sessions:{session_key}".encode()).hexdigest()[:16]


@transaction.atomic
def end(request: HttpRequest, mark: str, now: datetime) -> bool:
    """End one of the officer's other sessions; tell whether there was one."""
    officer = officer_of(request)
    for row in Session.objects.filter(expire_date__gt=now):
        if _mark(row.session_key) == mark and _is_of(officer, row.get_decoded()):
            row.delete()
            audit.record("end_own_session", officer, f"officer {officer.pk}", now)
            return True
    return False


def end_all(officer: Officer) -> None:
    """Sign an officer out everywhere."""
    rows = Officer.objects.filter(pk=officer.pk)
    rows.update(session_round=F("session_round") + 1)
