"""Signing in and out, the way into the desk, and the health of this installation."""

from django.contrib.auth import login, logout
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe
from django_otp import login as otp_login

from consular.missions import access, audit
from consular.missions.access import Verb
from consular.missions.sign_in import keeping, sessions, stepping, throttling
from consular.missions.sign_in.forms import SignInForm


def _next(request: HttpRequest) -> str:
    """Return the page of ours that somebody was on the way to; never another word."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    safe = wanted.startswith("/") and url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe else reverse("missions:home")


@never_cache
@sensitive_post_parameters("password", "code")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for name, password and code; open a session when all three are right."""
    kept = keeping.read(request)
    is_begun = "username" in request.POST or kept is None  # else: only led here
    form = SignInForm(request, (request.POST or None) if is_begun else None)
    if request.method == "POST" and form.is_valid() and form.officer:
        login(request, form.officer)
        otp_login(request, form.device)
        now = timezone.now()
        sessions.begin(request, now)
        stepping.confirm(request, now)
        audit.record("sign_in", form.officer, f"officer {form.officer.pk}", now)
        response = keeping.show(request, kept) if kept else redirect(_next(request))
        throttling.remember(response, form.officer, now)
        return response
    status = 429 if form.is_throttled else 400 if form.errors else 200
    context = {"form": form, "next": _next(request), "kept": kept}
    if kept is not None:
        context["sealed"] = keeping.signed(kept)
    return render(request, "missions/sign_in.html", context, status=status)


@never_cache
@sensitive_post_parameters("code")
def confirm(request: HttpRequest) -> HttpResponse:
    """Ask for the second factor again, then lead back to what it is needed for.

    A fresh factor lets the session last its whole time again. A script is answered how
    long that is, and may ask for it.
    """
    if not access.is_signed_in(request):
        return redirect_to_login(request.get_full_path())
    error, now = "", timezone.now()
    is_script = request.headers.get("Accept") == "application/json"
    if request.method == "POST":
        error = stepping.problem(request, now)
        if not error:
            sessions.last(request, now)
            subject = f"officer {access.officer_of(request).pk}"
            audit.record("confirm", access.officer_of(request), subject, now)
            if not is_script:
                return redirect(_next(request))
    if is_script:
        said = {"error": error} if error else {"left_s": sessions.left_s(request, now)}
        return JsonResponse(said, status=400 if error else 200)
    context = {"errors": {"code": error} if error else {}, "next": _next(request)}
    status = 400 if error else 200
    return render(request, "missions/confirm.html", context, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    answer = redirect("missions:sign_in")
    # What a desk without a connection kept in this browser ends with the session.
    answer.headers["Clear-Site-Data"] = '"storage"'
    return answer


@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Lead to the hazards, where a night on duty begins; an auditor to the audit."""
    if not access.is_signed_in(request):
        return redirect_to_login(request.get_full_path())
    may_do = access.verbs(access.officer_of(request), timezone.now())
    if Verb.WATCH in may_do:
        return redirect("hazards:list")
    if Verb.AUDIT in may_do:
        return redirect("checkins:audit")
    raise PermissionDenied


@never_cache
@require_POST
def resume(request: HttpRequest) -> HttpResponse:
    """Show what was typed before a sign-in by passkey, ready to be sent."""
    if not access.is_signed_in(request):
        return redirect_to_login(reverse("missions:home"))
    kept = keeping.read(request)
    return keeping.show(request, kept) if kept else redirect("missions:home")


@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """Tell a monitor that the web process and its database answer."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"database": "ok", "now": timezone.now().isoformat()})
