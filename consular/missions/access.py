"""Who may do what: one table of verbs, asked by pages, API and commands alike."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from consular.compiled import Compiled
from consular.missions.models import Mission, Officer, Posting, Role
from consular.missions.sign_in import keeping


class Verb(models.TextChoices):
    """What an officer can do; each page and route names one."""

    WATCH = "watch"  # see hazards, incidents, the board
    ANSWER = "answer"  # take cases, read replies, mark people
    REGISTER = "register"  # see and enter registrations
    DECLARE = "declare"  # declare incidents, draw zones, write drafts
    APPROVE = "approve"  # say the second yes, or no
    STOP = "stop"  # stop or pause what is being sent
    ADMINISTER = "administer"  # sources, accounts, officers
    AUDIT = "audit"  # read the audit trail


# What is typed on pages of these comes back after a session has ended.
TYPED = {Verb.WATCH, Verb.ANSWER, Verb.REGISTER, Verb.DECLARE, Verb.AUDIT}

MAY: dict[str, set[Verb]] = {
    Role.DUTY_OFFICER: {Verb.WATCH, Verb.ANSWER, Verb.REGISTER},
    Role.CONSULAR_OFFICER: {
        Verb.WATCH,
        Verb.ANSWER,
        Verb.REGISTER,
        Verb.DECLARE,
        Verb.STOP,
    },
    Role.APPROVER: {Verb.WATCH, Verb.APPROVE, Verb.STOP},
    Role.ADMINISTRATOR: {Verb.WATCH, Verb.ADMINISTER},
    Role.AUDITOR: {Verb.AUDIT},
}


@dataclass(frozen=True)
class Territory:
    """Where something lies: the missions that handle it, and its country."""

    missions: frozenset[int] = frozenset()
    country: str = ""

    def is_of(self, mission: Mission | None) -> bool:
        """Tell whether a posting for a mission (none: for all) reaches here."""
        if mission is None or mission.pk in self.missions:
            return True
        return bool(self.country) and self.country in mission.serves


def verbs(
    officer: Officer, now: datetime, within: Territory | None = None
) -> set[Verb]:
    """Return all that an officer may do today, by the postings in force.

    Parameters
    ----------
    within : Territory, optional
        Count only the postings that reach there; without one, all of them.
    """
    if not officer.is_authenticated or not officer.is_active:
        return set()
    if officer.is_superuser:
        return set(Verb)
    return set().union(
        *(
            MAY[role]
            for role, mission in _postings(officer, now)
            if within is None or within.is_of(mission)
        )
    )


# Asked twice for each page and each poll of a board.
_POSTINGS = Compiled(
    lambda officer: (
        Posting.objects.filter(officer=officer)
        .order_by("pk")
        .values_list("role", "until", "mission_id", "mission__serves")
    )
)


def _postings(officer: Officer, now: datetime) -> list[tuple[str, Mission | None]]:
    """Return an officer's roles in force, each with the mission it is for, if one."""
    return [
        (role, None if mission is None else Mission(id=mission, serves=serves))
        for role, until, mission, serves in _POSTINGS.ask(officer.pk)
        if until is None or until > now
    ]


def may(
    officer: Officer, verb: Verb, now: datetime, within: Territory | None = None
) -> bool:
    """Tell whether an officer may do something now, there if a place is named."""
    return verb in verbs(officer, now, within)


@dataclass(frozen=True)
class Reach:
    """Where an officer's postings reach: everywhere, or some missions and countries."""

    everywhere: bool = False
    missions: frozenset[int] = frozenset()
    countries: frozenset[str] = frozenset()


def reach(officer: Officer, verb: Verb, now: datetime) -> Reach:
    """Return where an officer may do something, to ask the database with."""
    if officer.is_superuser and officer.is_active:
        return Reach(everywhere=True)
    held = _postings(officer, now) if officer.is_active else []
    found = [mission for role, mission in held if verb in MAY[role]]
    missions = [mission for mission in found if mission is not None]
    return Reach(
        everywhere=len(missions) < len(found),
        missions=frozenset(mission.pk for mission in missions),
        countries=frozenset(code for each in missions for code in each.serves),
    )


def officer_of(request: HttpRequest | Request) -> Officer:
    """Return who is signed in, on a page or route that only officers reach."""
    return cast("Officer", request.user)


def is_signed_in(request: HttpRequest) -> bool:
    """Tell whether the session was opened with the second factor."""
    user: Any = request.user  # django-otp adds `is_verified`
    return bool(user.is_authenticated and user.is_verified())


def officer_page(
    verb: Verb, *, keeps: bool = True
) -> Callable[..., Callable[..., HttpResponse]]:
    """Let only officers with a verb open a page, signed in with the second factor.

    Parameters
    ----------
    verb : Verb
        What the page asks for.
    keeps : bool
        Whether a form that was sent after the session had ended is shown again after
        signing in; not for what decides, sends or stops.
    """

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not is_signed_in(request):
                kept = keeping.of(request) if keeps and verb in TYPED else None
                if kept is not None:
                    return keeping.ask(request, kept)
                return redirect_to_login(request.get_full_path())
            if not may(officer_of(request), verb, timezone.now()):
                raise PermissionDenied
            response = view(request, *args, **kwargs)
            response.headers["Cache-Control"] = "no-store"
            return response

        guarded.verb = verb  # type: ignore[attr-defined]
        return guarded

    return decorate


class OfficerSession(SessionAuthentication):
    """Accept a session that was opened with the second factor."""

    def authenticate(self, request: Request) -> Any:
        """Return the officer, or nothing when the second factor is missing."""
        found = super().authenticate(request)
        if found is not None and not found[0].is_verified():
            return None
        return found

    def authenticate_header(self, request: Request) -> str:
        """Name the scheme, so that a missing sign-in is answered 401."""
        return "Session"


class OfficerSessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Name the session in the API's description."""

    target_class = OfficerSession
    name = "officerSession"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Describe the cookie."""
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}


class IsOfficer(BasePermission):
    """Ask for the view's `verb` (default: watch) or, to write, its `write_verb`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Tell whether the officer has the verb that this request needs."""
        verb = getattr(view, "verb", Verb.WATCH)
        if request.method not in SAFE_METHODS:
            verb = getattr(view, "write_verb", verb)
        return may(officer_of(request), verb, timezone.now())
