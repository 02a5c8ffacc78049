"""Signing in and out, the way into the desk, and the health of this installation."""

from django.contrib.auth import login, logout
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

from consular.missions import audit
from consular.missions.access import Verb, officer_page
from consular.missions.forms import SignInForm


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe else reverse("missions:home")


@never_cache
@sensitive_post_parameters("password", "code")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for name, password and code; open a session when all three are right."""
    form = SignInForm(request, request.POST or None)
    if request.method == "POST" and form.is_valid() and form.officer:
        login(request, form.officer)
        otp_login(request, form.device)
        audit.record(
            "sign_in", form.officer, f"officer {form.officer.pk}", timezone.now()
        )
        return redirect(_next(request))
    status = 400 if form.errors else 200
    context = {"form": form, "next": _next(request)}
    return render(request, "missions/sign_in.html", context, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect("missions:sign_in")


@officer_page(Verb.WATCH)
def home(request: HttpRequest) -> HttpResponse:
    """Lead to the hazards, where a night on duty begins."""
    return redirect("hazards:list")


@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """Tell a monitor that the web process and its database answer."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"database": "ok", "now": timezone.now().isoformat()})
