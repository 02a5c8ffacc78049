"""An officer's own account: password, sessions, factors; signing in by passkey."""

import functools
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, update_session_auth_hash
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from django_otp import login as otp_login
from django_otp.plugins.otp_totp.models import TOTPDevice

from consular import squares, words
from consular.missions import audit
from consular.missions.access import is_signed_in, officer_of
from consular.missions.errors import StaffingError
from consular.missions.models import Officer, Passkey, Posting
from consular.missions.sign_in import owning, passkeys, sessions, stepping
from consular.missions.sign_in.forms import OwnPasswordForm
from consular.missions.sign_in.passkeys import PasskeyError

LARGEST = 20_000  # bytes of an answer


@never_cache
@sensitive_post_parameters("code", "app_code")
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Show one's own roles and ways to sign in; change those."""
    if not is_signed_in(request):
        return redirect_to_login(request.get_full_path())
    now = timezone.now()
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            words = _change(request, now)
        except StaffingError as error:
            errors = error.errors
        else:
            messages.success(request, words)
            return redirect("missions:account")
    return render(request, "missions/account.html", _shown(request, errors, now))


def _shown(
    request: HttpRequest, errors: dict[str, str], now: datetime
) -> dict[str, Any]:
    """Gather what the page shows; the secret of an app only while a factor is fresh."""
    officer, needs_code = officer_of(request), not stepping.is_fresh(request, now)
    pending = None if needs_code else owning.pending_app(officer)
    return {
        "section": "account",
        "now": now,
        "errors": errors,
        "postings": Posting.objects.in_force(now)
        .filter(officer=officer)
        .select_related("mission"),
        "passkeys": Passkey.objects.filter(user=officer),
        "apps": TOTPDevice.objects.filter(user=officer, confirmed=True).order_by("pk"),
        "pending": pending,
        "secret": owning.secret_of(pending) if pending else "",
        "needs_code": needs_code,
        "sessions": sessions.of(officer, request, now),
        "ministry_zone": ZoneInfo(settings.MINISTRY_TIME_ZONE),
        "squares": squares.of(pending.config_url) if pending else None,
    }


def _change(request: HttpRequest, now: datetime) -> str:
    """Do the one thing that was asked for; return the words that say so."""
    officer, said = officer_of(request), request.POST
    factor = _factor(officer, said)
    if words := stepping.problem(request, now):
        raise StaffingError({"code": words})
    action = said.get("action", "")
    if mark := said.get("end_session", ""):
        if sessions.end(request, mark, now):
            return "That session is over."
        return "That session was over already."
    if factor is not None:
        owning.remove_factor(factor, now)
        return "Removed; it opens nothing any more."
    if action == "end_others":
        owning.end_others(request, now)
        return "You are signed out everywhere but here."
    if action == "begin_app":
        owning.begin_app(officer)
        return "Type the secret into your app, then give its code below."
    if action == "confirm_app":
        owning.confirm_app(officer, said.get("app_code", ""), now)
        return "Added; its codes sign you in from now on."
    raise StaffingError({"action": "Choose what to change, and send again."})


def _factor(officer: Officer, said: QueryDict) -> Passkey | TOTPDevice | None:
    """Return the officer's own second factor that is to be removed, if any."""
    for name, model in (("remove", Passkey), ("remove_app", TOTPDevice)):
        if number := said.get(name, ""):
            found: Passkey | TOTPDevice = get_object_or_404(
                model, pk=words.row_number(number), user=officer, confirmed=True
            )
            return found
    return None


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Change one's own password; sessions elsewhere end."""
    if not is_signed_in(request):
        return redirect_to_login(request.get_full_path())
    now = timezone.now()
    if not stepping.is_fresh(request, now):
        return stepping.ask(request.path)
    form = OwnPasswordForm(request, request.POST or None)
    if form.is_valid():
        officer = owning.change_password(
            officer_of(request), form.cleaned_data["new_password1"], now
        )
        update_session_auth_hash(request, officer)
        messages.success(request, "Your password is changed; other sessions ended.")
        return redirect("missions:account")
    context = {"section": "account", "now": now, "form": form}
    status = 400 if form.is_bound else 200
    return render(request, "missions/password.html", context, status=status)


def _answer(view: Callable[..., dict[str, Any]]) -> Callable[..., HttpResponse]:
    """Answer a script in JSON, with words when something is refused."""

    @functools.wraps(view)
    def answered(request: HttpRequest) -> HttpResponse:
        try:
            return JsonResponse(view(request))
        except PasskeyError as error:
            return JsonResponse({"error": str(error)}, status=400)

    return never_cache(require_POST(answered))


def _said(request: HttpRequest) -> dict[str, Any]:
    """Read what the script sends."""
    if len(request.body) > LARGEST:
        raise PasskeyError("This answer is too long.")
    try:
        said = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise PasskeyError("This answer cannot be read. Start again.")
    return said


def _check_fresh(request: HttpRequest) -> None:
    if not is_signed_in(request) or not stepping.is_fresh(request, timezone.now()):
        raise PasskeyError("Sign in and confirm that it is you first.")


@_answer
def offer_passkey(request: HttpRequest) -> dict[str, Any]:
    """Begin to make a passkey."""
    _check_fresh(request)
    return passkeys.offer(request, officer_of(request))


@_answer
def add_passkey(request: HttpRequest) -> dict[str, Any]:
    """Keep the passkey that was made."""
    _check_fresh(request)
    said, officer, now = _said(request), officer_of(request), timezone.now()
    name = str(said.get("name", ""))
    passkeys.add(request, officer, said.get("answer"), name, now)
    audit.record("add_passkey", officer, f"officer {officer.pk}", now)
    return {"next": reverse("missions:account")}


@_answer
def ask_passkey(request: HttpRequest) -> dict[str, Any]:
    """Begin to sign in, or to confirm, with a passkey."""
    return passkeys.challenge(request)


@_answer
def use_passkey(request: HttpRequest) -> dict[str, Any]:
    """Sign in with a passkey; who is signed in confirms that it is them."""
    said, now = _said(request), timezone.now()
    passkey = passkeys.check(request, said.get("answer"), now)
    officer = passkey.user
    was_in = is_signed_in(request)
    if was_in and officer.pk != officer_of(request).pk:
        raise PasskeyError("This passkey belongs to another account.")
    if not was_in:
        login(request, officer, backend="django.contrib.auth.backends.ModelBackend")
        otp_login(request, passkey)
        sessions.begin(request, now)
    sessions.last(request, now)
    stepping.confirm(request, now)
    action = "confirm" if was_in else "sign_in"
    audit.record(action, officer, f"officer {officer.pk}", now, by="passkey")
    return {"next": reverse("missions:home"), "token": get_token(request)}
