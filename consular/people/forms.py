"""What people type on the four pages, checked in words that say what to mend."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.forms.utils import ErrorDict
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from consular import languages, places
from consular.people.addresses import AddressError, normalise
from consular.people.enrolling import ContactEntry, PersonEntry, StayEntry
from consular.people.models import Contact, Registration, Stay
from geo.gazetteer import Place

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)
OLDEST = 1900


class _Form(forms.Form):
    """A form whose errors we show ourselves, all of them at once."""

    use_required_attribute = False

    def hush(self) -> None:
        """Take the errors back: the page has only been opened, nothing was sent."""
        self._errors = ErrorDict()


class KindForm(_Form):
    """A trip with an end, or a residence without one."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What do you register?"),
        choices=[
            (Registration.Kind.TRIP, gettext_lazy("A trip")),
            (Registration.Kind.RESIDENCE, gettext_lazy("That I live there")),
        ],
        widget=forms.RadioSelect,
        initial=Registration.Kind.TRIP,
    )


class PersonForm(_Form):
    """One member of the party."""

    given_name = forms.CharField(
        label=gettext_lazy("Given name"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "given-name", "dir": "auto"}),
    )
    family_name = forms.CharField(
        label=gettext_lazy("Family name"),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "family-name", "dir": "auto"}),
    )
    birth_year = forms.IntegerField(
        label=gettext_lazy("Year of birth (optional)"),
        required=False,
        min_value=OLDEST,
        max_value=2100,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    needs = forms.CharField(
        label=gettext_lazy("Medicine or help this person needs (optional)"),
        max_length=200,
        required=False,
        help_text=gettext_lazy(
            "So that we can help the right people first. It is encrypted and deleted "
            "with the rest."
        ),
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )

    def entry(self, today: date) -> PersonEntry:
        """Return what was typed, as an entry."""
        data = self.cleaned_data
        year = data.get("birth_year")
        return PersonEntry(
            given_name=data["given_name"],
            family_name=data["family_name"],
            birth_year=year,
            is_minor=year is not None and today.year - year < 18,
            needs=data["needs"],
        )


def reference_of(place: Place | StayEntry) -> str:
    """Write a chosen place as a value that a form can carry."""
    return (
        f"{place.lon:.5f},{place.lat:.5f},{place.country},{place.precision},"
        f"{place.radius_m:.0f}"
    )


class StayForm(_Form):
    """One place and its dates; the place is found offline by its name."""

    place = forms.CharField(
        label=gettext_lazy("Town, address or country"),
        max_length=120,
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    chosen = forms.CharField(required=False, max_length=80, widget=forms.HiddenInput)
    arrives_on = forms.DateField(
        label=gettext_lazy("From"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    departs_on = forms.DateField(
        label=gettext_lazy("Until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(
        self,
        *args: Any,
        residence: bool = False,
        kept: dict[str, str] | None = None,
        countries: Iterable[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.countries = set(countries)
        self.residence = residence
        self.kept = kept or {}
        self.choices: list[tuple[str, str]] = []
        if residence and "departs_on" in self.fields:
            self.fields["departs_on"].label = _("Until (leave empty if open)")

    def clean(self) -> dict[str, Any]:
        """Find the place, and see that the dates are in order."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("place"):
            data["found"] = self._found(data)
        arrives, departs = data.get("arrives_on"), data.get("departs_on")
        for name in ("arrives_on", "departs_on"):
            day = data.get(name)
            if day and not FIRST_DAY <= day <= LAST_DAY:
                self.add_error(name, _("This date is too far away."))
        if arrives and departs and departs < arrives:
            self.add_error("departs_on", _("This is before the first day."))
        if arrives and not departs and not self.residence:
            self.add_error("departs_on", _("Say until when, for a trip."))
        return data

    def _found(self, data: dict[str, Any]) -> tuple[float, float, str, str, float]:
        found = self._searched(data["place"])
        self.choices = [(reference_of(place), place.label) for place in found]
        values = dict(self.choices)
        chosen = data.get("chosen", "")
        # What is stored already stays as exact as it was, while its name stays.
        if self.kept.get(chosen) != data["place"] and chosen not in values:
            chosen = self._obvious(found, data["place"])
        if not chosen:
            words = _("Choose one of these places.")
            if not found:
                words = _(
                    "We do not know this place. Type a larger town, or a country."
                )
            self.add_error("place", words)
            return (0.0, 0.0, "", "", 0.0)
        data["place"] = values.get(chosen, data["place"])
        lon, lat, country, precision, radius = chosen.split(",")
        return (float(lon), float(lat), country, precision, float(radius))

    def _searched(self, typed: str) -> list[Place]:
        """Search by name; places in the countries in question go before all others."""
        most = 60 if self.countries else 6
        found = places.search(typed, limit=most, language=get_language() or "en")
        inside = [place for place in found if place.country in self.countries]
        return (inside or found)[:6]

    def _obvious(self, found: list[Place], typed: str) -> str:
        """Take the only place there is, or the one whose full label was typed."""
        if len(found) == 1:
            return reference_of(found[0])
        same = [place for place in found if place.label.casefold() == typed.casefold()]
        return reference_of(same[0]) if len(same) == 1 else ""

    def entry(self) -> StayEntry:
        """Return what was typed, as an entry."""
        data = self.cleaned_data
        lon, lat, country, precision, radius_m = data["found"]
        return StayEntry(
            place=data["place"],
            country=country,
            lon=lon,
            lat=lat,
            precision=precision or Stay.Precision.TOWN,
            radius_m=radius_m,
            arrives_on=data["arrives_on"],
            departs_on=data["departs_on"],
        )


class ReachForm(_Form):
    """How to reach the party; one way at least."""

    phone = forms.CharField(
        label=gettext_lazy("Mobile phone, with + and the country's prefix"),
        max_length=40,
        required=False,
        widget=forms.TextInput(
            attrs={"type": "tel", "autocomplete": "tel", "dir": "ltr"}
        ),
    )
    email = forms.CharField(
        label=gettext_lazy("E-mail"),
        max_length=254,
        required=False,
        widget=forms.TextInput(
            attrs={"type": "email", "autocomplete": "email", "dir": "ltr"}
        ),
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language of our messages"),
        choices=list(languages.LANGUAGES.items()),
    )
    emergency_phone = forms.CharField(
        label=gettext_lazy("Phone of someone at home (optional)"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("We call them only when we cannot reach you."),
        widget=forms.TextInput(attrs={"type": "tel", "dir": "ltr"}),
    )

    def _address(self, name: str, kind: str) -> str:
        typed = self.cleaned_data[name].strip()
        if not typed:
            return ""
        try:
            return normalise(kind, typed, settings.MINISTRY_COUNTRY)
        except AddressError as error:
            raise forms.ValidationError(str(error)) from None

    def clean_phone(self) -> str:
        """Read a phone number."""
        return self._address("phone", Contact.Kind.PHONE)

    def clean_email(self) -> str:
        """Read an e-mail address."""
        return self._address("email", Contact.Kind.EMAIL)

    def clean_emergency_phone(self) -> str:
        """Read the phone number of someone at home."""
        return self._address("emergency_phone", Contact.Kind.PHONE)

    def clean(self) -> dict[str, Any]:
        """See that there is a way to reach them."""
        data: dict[str, Any] = super().clean() or {}
        wrong = {"phone", "email"} & set(self.errors)
        if not wrong and not data.get("phone") and not data.get("email"):
            self.add_error("phone", _("Give a phone number or an e-mail address."))
        return data

    def entries(self) -> list[ContactEntry]:
        """Return the addresses that were given, as entries."""
        data = self.cleaned_data
        own = [
            ContactEntry(kind=kind, address=data[name])
            for name, kind in (
                ("phone", Contact.Kind.PHONE),
                ("email", Contact.Kind.EMAIL),
            )
            if data[name]
        ]
        if not data.get("emergency_phone"):
            return own
        other = ContactEntry(
            kind=Contact.Kind.PHONE,
            address=data["emergency_phone"],
            role=Contact.Role.EMERGENCY,
        )
        return [*own, other]


class ConsentForm(_Form):
    """What the ministry may do with it; the first is needed, the second is not."""

    warn = forms.BooleanField(
        label=gettext_lazy(
            "You may keep this until the day shown, and warn us with it in a crisis."
        ),
        error_messages={
            "required": gettext_lazy("Without this we cannot keep your registration.")
        },
    )
    exercise = forms.BooleanField(
        label=gettext_lazy("You may also write to us in exercises (optional)."),
        required=False,
    )
