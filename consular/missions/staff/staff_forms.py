"""What administrators type: accounts, roles, missions, stretches of the rota."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.conf import settings

from consular import moments
from consular.missions.models import Mission, Officer, Role
from consular.missions.staff import contacting, rota, staffing

HOURS = {12: "12 hours", 24: "1 day", 72: "3 days", 168: "7 days", 720: "30 days"}
FOR_ALL = "All missions"


class RoleForm(forms.Form):
    """A role, for which mission, for how long."""

    role = forms.ChoiceField(choices=Role.choices)
    mission = forms.ModelChoiceField(
        Mission.objects.none(), required=False, empty_label=FOR_ALL
    )
    hours = forms.TypedChoiceField(
        label="For how long",
        choices=[("", "Until it is taken away"), *HOURS.items()],
        coerce=int,
        required=False,
    )

    def __init__(self, by: Officer, now: datetime, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        mission: Any = self.fields["mission"]
        mission.queryset = staffing.missions_of(by, now)
        mission.label_from_instance = lambda row: row.name
        if not staffing.wing(by, now).everywhere:
            mission.required, mission.empty_label = True, None

    @property
    def until(self) -> datetime | None:
        """When the role ends, or nothing."""
        hours = self.cleaned_data["hours"] or 0
        return self.now + timedelta(hours=hours) if hours else None


class NewcomerForm(RoleForm):
    """An account with its first role."""

    full_name = forms.CharField(label="Name", max_length=120)
    email = forms.CharField(label="E-mail, which is the sign-in name", max_length=150)
    phone = forms.CharField(label="Phone, if any", max_length=40, required=False)
    field_order = ["full_name", "email", "phone", "role", "mission", "hours"]


class SurgeForm(NewcomerForm):
    """An account for a crisis: two roles to choose from, one mission, an end."""

    def __init__(self, by: Officer, now: datetime, *args: Any, **kwargs: Any) -> None:
        super().__init__(by, now, *args, **kwargs)
        fields: Any = self.fields
        fields["role"].choices = [(each, each.label) for each in staffing.SURGE_ROLES]
        fields["mission"].required, fields["mission"].empty_label = True, None
        fields["hours"].required = True
        fields["hours"].choices = list(HOURS.items())
        fields["hours"].initial = 72


class MissionForm(forms.ModelForm):  # type: ignore[type-arg]
    """An embassy or consulate."""

    serves = forms.CharField(
        label="Countries it looks after, as two-letter codes", max_length=400
    )

    class Meta:
        """What of a mission is typed."""

        model = Mission
        fields = ("name", "place", "country", "serves", "time_zone", "phone", "email")
        labels = {"country": "Country it stands in, as a two-letter code"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["serves"] = ", ".join(self.instance.serves)

    def clean_country(self) -> str:
        """Read a country's code."""
        return _codes(self.cleaned_data["country"])[0]

    def clean_serves(self) -> list[str]:
        """Read countries' codes, each once."""
        return _codes(self.cleaned_data["serves"])

    def clean_time_zone(self) -> str:
        """See that the time zone is one."""
        name = str(self.cleaned_data["time_zone"])
        if name not in available_timezones():
            raise forms.ValidationError("Give it as Region/City, as America/Managua.")
        return name


def _codes(text: str) -> list[str]:
    codes = list(dict.fromkeys(text.upper().replace(",", " ").split()))
    wrong = [code for code in codes if not (len(code) == 2 and code.isascii())]
    if wrong or not codes:
        raise forms.ValidationError("Give two letters a country, as NI, HN.")
    return codes


class StretchForm(forms.Form):
    """Who is on duty, for which mission, from when to when, how to reach them."""

    mission = forms.ModelChoiceField(
        Mission.objects.none(), required=False, empty_label=FOR_ALL
    )
    officer = forms.ModelChoiceField(Officer.objects.none())
    starts_at = forms.CharField(label="From", max_length=40)
    ends_at = forms.CharField(label="To", max_length=40)
    channel = forms.ChoiceField(label="By", choices=list(contacting.WAYS.items()))
    address = forms.CharField(label="Number or e-mail", max_length=254)

    def __init__(self, by: Officer, now: datetime, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = ZoneInfo(settings.MINISTRY_TIME_ZONE)
        fields: Any = self.fields
        fields["mission"].queryset = rota.may_keep(by, now)
        fields["mission"].label_from_instance = lambda row: row.name
        if not rota.keeps_all(by, now):
            fields["mission"].required, fields["mission"].empty_label = True, None
        postings = [rota.who_can_serve(each, now) for each in rota.may_keep(by, now)]
        found = Officer.objects.none().union(*postings) if postings else []
        fields["officer"].queryset = Officer.objects.filter(
            pk__in=[officer.pk for officer in found]
        ).order_by("full_name")
        fields["officer"].label_from_instance = lambda row: row.full_name
        for name in ("starts_at", "ends_at"):
            fields[name].widget = forms.DateTimeInput(attrs={"type": "datetime-local"})

    def clean_starts_at(self) -> datetime:
        """Read when it starts."""
        return self._moment("starts_at")

    def clean_ends_at(self) -> datetime:
        """Read when it ends."""
        return self._moment("ends_at")

    def _moment(self, name: str) -> datetime:
        """Read a moment in the ministry's time."""
        try:
            return moments.read(str(self.cleaned_data[name]), self.zone)
        except ValueError:
            raise forms.ValidationError("Give day and time.") from None
