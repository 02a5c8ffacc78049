"""Pages of administrators: accounts, roles, surge accounts, missions."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from consular import squares
from consular.missions import audit
from consular.missions.access import Verb, officer_of, officer_page
from consular.missions.errors import StaffingError
from consular.missions.models import Mission, Officer, Passkey, Posting
from consular.missions.sign_in import stepping
from consular.missions.staff import staffing
from consular.missions.staff.staff_forms import (
    MissionForm,
    NewcomerForm,
    RoleForm,
    SurgeForm,
)
from consular.missions.staff.staffing import Keys, Newcomer
from consular.words import row_number


def _context(request: HttpRequest, now: datetime, page: str) -> dict[str, Any]:
    return {
        "section": "officers",
        "page_name": page,
        "now": now,
        "needs_code": not stepping.is_fresh(request, now),
        "errors": {},
    }


def _handed(request: HttpRequest, context: dict[str, Any], keys: Keys) -> HttpResponse:
    """Show new keys, once; the secret as a code to scan too."""
    shown = {"keys": keys, "squares": squares.of(keys.uri)}
    return render(request, "missions/keys.html", context | shown)


def _refused(form: Any, error: StaffingError) -> None:
    for name, words in error.errors.items():
        form.add_error(name if name in form.fields else None, words)


@officer_page(Verb.ADMINISTER)
@require_safe
def officers(request: HttpRequest) -> HttpResponse:
    """List the officers, their roles, and until when."""
    now = timezone.now()
    listed = staffing.seen_by(officer_of(request), now)
    rows = listed.prefetch_related("postings__mission")
    audit.record("list_officers", officer_of(request), "officers", now)
    context = _context(request, now, "officers") | {"officers": rows}
    return render(request, "missions/officers.html", context)


@officer_page(Verb.ADMINISTER)
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Make an account; its password and secret are shown once."""
    return _added(request, NewcomerForm, "add")


@officer_page(Verb.ADMINISTER)
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def add_surge(request: HttpRequest) -> HttpResponse:
    """Make an account for a crisis: one role, one mission, and an end."""
    return _added(request, SurgeForm, "surge")


def _added(request: HttpRequest, kind: type[NewcomerForm], page: str) -> HttpResponse:
    now, by = timezone.now(), officer_of(request)
    form = kind(by, now, request.POST or None)
    context = _context(request, now, page) | {"form": form}
    if request.method == "POST" and form.is_valid():
        if words := stepping.problem(request, now):
            context["errors"] = {"code": words}
        else:
            said = form.cleaned_data
            newcomer = Newcomer(
                email=said["email"],
                full_name=said["full_name"],
                phone=said["phone"],
                role=said["role"],
                mission=said["mission"],
                until=form.until,
            )
            try:
                return _handed(request, context, staffing.add(newcomer, by, now))
            except StaffingError as error:
                _refused(form, error)
    return render(request, "missions/add.html", context)


@officer_page(Verb.ADMINISTER)
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def officer(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one account; give and take roles, renew keys, disable."""
    now, by = timezone.now(), officer_of(request)
    found = get_object_or_404(staffing.seen_by(by, now), pk=pk)
    form = RoleForm(by, now, request.POST if "give" in request.POST else None)
    context = _context(request, now, "officer")
    if request.method == "POST":
        try:
            if words := stepping.problem(request, now):
                raise StaffingError({"code": words})
            if (answer := _act(request, found, form, now)) is not None:
                return answer
        except StaffingError as error:
            context["errors"] = error.errors
    context |= {
        "found": found,
        "form": form,
        "is_own": found.pk == by.pk,
        "postings": found.postings.select_related("mission").order_by("pk"),
        "passkeys": Passkey.objects.filter(user=found).count(),
    }
    return render(request, "missions/officer.html", context)


def _act(
    request: HttpRequest, found: Officer, form: RoleForm, now: datetime
) -> HttpResponse | None:
    """Do what a button asks for; with a form that is wrong, nothing."""
    by, action = officer_of(request), request.POST.get("action", "")
    if action == "renew":
        keys = staffing.renew_keys(found, by, now)
        return _handed(request, _context(request, now, "officer"), keys)
    if action == "take":
        pk = row_number(request.POST.get("posting", ""))
        staffing.take(get_object_or_404(Posting, pk=pk, officer=found), by, now)
        messages.success(request, "Taken away; open sessions have ended.")
    elif action in ("disable", "enable"):
        staffing.set_active(found, action == "enable", by, now)
        messages.success(request, "Disabled." if action == "disable" else "Enabled.")
    elif form.is_valid():
        said = form.cleaned_data
        staffing.give(found, said["role"], said["mission"], form.until, by, now)
        messages.success(request, "Given; it counts from now on.")
    else:
        return None
    return redirect("missions:officer", found.pk)


@officer_page(Verb.ADMINISTER)
@require_safe
def missions(request: HttpRequest) -> HttpResponse:
    """List the missions."""
    now, by = timezone.now(), officer_of(request)
    context = _context(request, now, "missions") | {
        "missions": staffing.missions_of(by, now),
        "may_add": staffing.wing(by, now).everywhere,
    }
    return render(request, "missions/missions.html", context)


@officer_page(Verb.ADMINISTER)
@require_http_methods(["GET", "HEAD", "POST"])
def mission(request: HttpRequest, pk: int = 0) -> HttpResponse:
    """Change a mission, or make one."""
    now, by = timezone.now(), officer_of(request)
    if not staffing.wing(by, now).everywhere:  # it would widen their own reach
        messages.error(request, "An administrator for all missions changes them.")
        return redirect("missions:missions")
    found = get_object_or_404(Mission, pk=pk) if pk else Mission()
    form = MissionForm(request.POST or None, instance=found)
    context = _context(request, now, "missions") | {"form": form, "found": found}
    if request.method == "POST" and form.is_valid():
        if words := stepping.problem(request, now):
            context["errors"] = {"code": words}
        else:
            row = form.save()
            serves = ",".join(row.serves)
            audit.record("mission", by, f"mission {row.pk}", now, serves=serves)
            messages.success(request, "Saved.")
            return redirect("missions:missions")
    return render(request, "missions/mission.html", context)
