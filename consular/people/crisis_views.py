"""The crisis form for everyone, and the officers' page that opens one."""

import re
import uuid

import qrcode
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from consular import languages, modes
from consular.missions.access import Verb, officer_of, officer_page
from consular.people import crisis
from consular.people.confirming import ask_to_confirm
from consular.people.crisis_forms import CrisisEntry, OpenForm
from consular.people.models import CrisisForm
from consular.people.public import show

FORM_KEY = re.compile(r"[0-9a-f]{32}")


@csrf_exempt  # no session: there is nothing that another site could borrow
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest, code: str) -> HttpResponse:
    """Ask seven things at most on one page, and take them in."""
    form = CrisisForm.objects.filter(
        code=code.lower(), closed_at=None, mode=modes.installation()
    ).first()
    if form is None:
        return show(request, "lost", {}, status=404)
    now = timezone.now()
    language = languages.chosen(request)
    typed = request.POST.copy() if request.method == "POST" else None
    key = request.POST.get("key", "")
    with languages.speak(language):
        page = CrisisEntry(typed or {}, form.countries, now.date())
        if typed is None or typed.get("do") == "stay":
            page.hush()
        elif page.is_valid() and FORM_KEY.fullmatch(key):
            row, is_new = crisis.enter(form, page.entry(language), key, now)
            if is_new:
                ask_to_confirm(row, now)
            return show(request, "crisis_saved", {"form": form})
    status = 400 if typed is not None and typed.get("do") != "stay" else 200
    if not FORM_KEY.fullmatch(key):
        key = uuid.uuid4().hex
    context = {
        "form": form,
        "page": page,
        "forms": page.parts,
        "key": key,
        "with_errors": status == 400,
    }
    return show(request, "crisis", context, status)


def _address(form: CrisisForm) -> str:
    return settings.PUBLIC_URL + reverse("people:crisis", args=[form.code])


@officer_page(Verb.REGISTER)
@require_http_methods(["GET", "HEAD", "POST"])
def forms(request: HttpRequest) -> HttpResponse:
    """List the crisis forms, and open one."""
    asked = OpenForm(request.POST or None)
    if request.method == "POST" and asked.is_valid():
        data = asked.cleaned_data
        made = crisis.open_form(
            data["title"], data["countries"], officer_of(request), timezone.now()
        )
        return redirect("people:poster", made.code)
    rows = CrisisForm.objects.order_by("closed_at", "-opened_at")[:50]
    context = {
        "section": "people",
        "asked": asked,
        "rows": [(row, _address(row)) for row in rows],
        "now": timezone.now(),
    }
    return render(request, "people/crisis_forms.html", context)


@officer_page(Verb.REGISTER)
@require_safe
def poster(request: HttpRequest, code: str) -> HttpResponse:
    """Show a form's address to print or to read out, with a picture of it."""
    form = get_object_or_404(CrisisForm, code=code)
    image = qrcode.QRCode(border=2)
    image.add_data(_address(form))
    image.make(fit=True)
    context = {
        "section": "people",
        "form": form,
        "address": _address(form),
        "short": _address(form).split("://")[1].rstrip("/"),
        "squares": _squares(image.get_matrix()),
        "size": len(image.get_matrix()),
    }
    return render(request, "people/crisis_poster.html", context)


def _squares(matrix: list[list[bool]]) -> str:
    """Draw the dark squares of a code as one path of SVG."""
    return "".join(
        f"M{x} {y}h1v1h-1z"
        for y, row in enumerate(matrix)
        for x, is_dark in enumerate(row)
        if is_dark
    )


@officer_page(Verb.REGISTER)
@require_POST
def close(request: HttpRequest, code: str) -> HttpResponse:
    """Take no more entries by a form."""
    form = get_object_or_404(CrisisForm, code=code)
    crisis.close_form(form, officer_of(request), timezone.now())
    return redirect("people:crisis_forms")
