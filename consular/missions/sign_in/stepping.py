"""Ask again who it is before what cannot be undone: sending, break-glass, exporting.

A session that was opened at the start of a night may be on a screen that somebody else
sits at. So a fresh second factor is asked for, once in `STEP_UP_S` seconds.
"""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django_otp import devices_for_user
from django_otp.models import Device
from rest_framework.request import Request

from consular.missions.access import officer_of
from consular.missions.models import Officer

KEY = "muster_factor_at"
NEEDED = "Give a fresh code from your authenticator app, so that we know it is you."
WRONG = "That code is not right. A code works once; wait for the next."


def confirm(request: HttpRequest | Request, now: datetime) -> None:
    """Remember that the second factor was given just now."""
    request.session[KEY] = now.timestamp()  # type: ignore[union-attr]


def is_fresh(request: HttpRequest | Request, now: datetime) -> bool:
    """Tell whether the second factor was given a short while ago in this session."""
    session = getattr(request, "session", None)
    given_at = session.get(KEY, 0) if session is not None else 0
    return 0 <= now.timestamp() - float(given_at) <= settings.STEP_UP_S


def problem(request: HttpRequest, now: datetime) -> str:
    """Say why a step may not be taken yet; a right `code` in the form is enough.

    Returns
    -------
    str
        Empty when the second factor is fresh, or has just been given.
    """
    if is_fresh(request, now):
        return ""
    code = request.POST.get("code", "").replace(" ", "")
    if not code:
        return NEEDED
    if len(code) <= 12 and device_of(officer_of(request), code) is not None:
        confirm(request, now)
        return ""
    return WRONG


@transaction.atomic
def device_of(officer: Officer, code: str) -> Device | None:
    """Return the officer's device that a code is of; the code is used up with that.

    The devices' rows are held meanwhile: of two who come with one code at once, one
    gets in.
    """
    for device in devices_for_user(officer, for_verify=True):
        if device.verify_token(code):
            return device
    return None


def ask(back: str) -> HttpResponse:
    """Lead to the page that asks for the factor, and from there back."""
    return redirect(f"{reverse('missions:confirm')}?{urlencode({'next': back})}")
