"""Staff pages: groups with their coordinators, and lists of another system."""

from datetime import datetime
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from consular import languages, modes
from consular.missions.access import Verb, officer_of, officer_page, reach
from consular.missions.models import Mission, Officer
from consular.people.lists import columns, grouping, reading, taking
from consular.people.models import Upload
from consular.people.protecting import scoping
from consular.people.registering import addresses


class _MissionField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A mission, shown by its name."""

    def label_from_instance(self, obj: Mission) -> str:
        """Return what an officer calls it."""
        return obj.name


class GroupForm(forms.Form):
    """What an officer says of a group."""

    name = forms.CharField(max_length=120, label="Name of the group")
    email = forms.CharField(
        max_length=254,
        label="E-mail of its coordinator",
        help_text="Gets a link of their own within seconds.",
    )
    language = forms.ChoiceField(choices=list(languages.LANGUAGES.items()))
    mission = _MissionField(
        Mission.objects.none(),
        empty_label=None,
        help_text="Its officers see the group, and can end it.",
    )

    def __init__(self, said: Any, officer: Officer, now: datetime) -> None:
        super().__init__(said)
        field = self.fields["mission"]
        assert isinstance(field, _MissionField)  # for the type checker
        field.queryset = scoping.missions_of(officer, now)
        if reach(officer, Verb.REGISTER, now).everywhere:
            field.required, field.empty_label = False, "The whole ministry"

    def clean_email(self) -> str:
        """Read the address."""
        try:
            return addresses.normalise("email", self.cleaned_data["email"])
        except addresses.AddressError as error:
            raise forms.ValidationError(str(error)) from None


@officer_page(Verb.REGISTER)
@require_http_methods(["GET", "HEAD", "POST"])
def groups(request: HttpRequest) -> HttpResponse:
    """List groups, and open one."""
    officer, now = officer_of(request), timezone.now()
    asked = GroupForm(request.POST or None, officer, now)
    if request.method == "POST" and asked.is_valid():
        said = asked.cleaned_data
        names = (said["name"], said["email"], said["language"])
        grouping.open_group(*names, officer, now, mission=said["mission"])
        return redirect("people:groups")
    seen = scoping.groups_seen_by(officer, now).select_related("mission")
    rows = seen.filter(mode=modes.installation())
    context = {
        "section": "people",
        "asked": asked,
        "rows": [(row, row.memberships.count()) for row in rows[:200]],
        "now": now,
    }
    return render(request, "people/groups.html", context)


@officer_page(Verb.REGISTER)
@require_POST
def close_group(request: HttpRequest, pk: int) -> HttpResponse:
    """End a coordinator's link."""
    officer, now = officer_of(request), timezone.now()
    group = get_object_or_404(scoping.groups_seen_by(officer, now), pk=pk)
    grouping.close_group(group, officer, now)
    return redirect("people:groups")


@officer_page(Verb.REGISTER)
@require_http_methods(["GET", "HEAD", "POST"])
def lists(request: HttpRequest) -> HttpResponse:
    """Keep a list of another system, to be looked at."""
    officer, now, trouble = officer_of(request), timezone.now(), ""
    if request.method == "POST":
        sent = request.FILES.get("list")
        document = sent.read(reading.MOST_BYTES + 1) if sent else b""
        try:
            upload = taking.keep(document, now, officer=officer)
            return redirect("people:upload", upload.pk)
        except reading.ListError as error:
            trouble = str(error) if sent else "Choose a file."
    context = {
        "section": "people",
        "trouble": trouble,
        "uploads": scoping.uploads_seen_by(officer, now).exclude(wanted_at=None)[:20],
        "names": ", ".join(columns.NAMES),
        "now": now,
    }
    return render(request, "people/lists.html", context)


@officer_page(Verb.REGISTER)
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what a list holds and which column is which; have it taken in."""
    officer, now = officer_of(request), timezone.now()
    row = get_object_or_404(scoping.uploads_seen_by(officer, now), pk=pk)
    if row.officer_id != officer.pk and row.wanted_at is None:
        raise Http404  # what nobody has taken in yet is its owner's alone
    if request.method == "POST" and row.wanted_at is None:
        headings = taking.headings(row)
        if headings:
            row.mapping = _mapping(request, len(headings))
            row.save(update_fields=["mapping"])
        if request.POST.get("do") == "take":
            agreed = request.POST.get("agreed", "").strip()
            taking.want(row, now, agreed=agreed)
            return redirect("people:upload", row.pk)
    return render(request, "people/upload.html", _looked_at(row))


def _mapping(request: HttpRequest, length: int) -> dict[str, int]:
    chosen = {name: request.POST.get(f"column-{name}", "") for name in columns.NAMES}
    return {
        name: int(place)
        for name, place in chosen.items()
        if place.isdecimal() and len(place) < 4 and int(place) < length
    }


def _looked_at(row: Upload) -> dict[str, Any]:
    now = timezone.now()
    headings = taking.headings(row)
    missing = [name for name in columns.NEEDED if name not in row.mapping]
    return {
        "section": "people",
        "upload": row,
        "headings": list(enumerate(headings)),
        "columns": [(name, row.mapping.get(name)) for name in columns.NAMES],
        "missing": missing if headings else [],
        "summary": None if row.wanted_at else taking.look(row, now),
        "percent": round(100 * row.taken / row.rows) if row.rows else 0,
        "now": now,
    }
