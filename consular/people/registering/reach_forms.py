"""How to reach people, whom to ask at home, and what they agree to."""

from collections.abc import Collection
from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consular import languages
from consular.people.models import Contact
from consular.people.registering.addresses import AddressError, normalise
from consular.people.registering.entries import ContactEntry
from consular.people.registering.forms import PublicForm
from consular.words import WordsField


def read_address(form: forms.Form, name: str, kind: str) -> str:
    """Read an address that was typed in a field, or nothing."""
    typed = form.cleaned_data[name].strip()
    if not typed:
        return ""
    try:
        return normalise(kind, typed, settings.MINISTRY_COUNTRY)
    except AddressError as error:
        raise forms.ValidationError(str(error)) from None


class ReachForm(PublicForm):
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

    def clean_phone(self) -> str:
        """Read a phone number."""
        return read_address(self, "phone", Contact.Kind.PHONE)

    def clean_email(self) -> str:
        """Read an e-mail address."""
        return read_address(self, "email", Contact.Kind.EMAIL)

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
        return [
            ContactEntry(kind=kind, address=data[name])
            for name, kind in (
                ("phone", Contact.Kind.PHONE),
                ("email", Contact.Kind.EMAIL),
            )
            if data[name]
        ]


class EmergencyForm(PublicForm):
    """Someone at home, and what they may be told."""

    emergency_name = WordsField(
        label=gettext_lazy("Their name"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    emergency_phone = forms.CharField(
        label=gettext_lazy("Their phone"),
        max_length=40,
        required=False,
        help_text=gettext_lazy(
            "Why we ask: when we cannot reach you, they may know how you are."
        ),
        widget=forms.TextInput(attrs={"type": "tel", "dir": "ltr"}),
    )
    emergency_told = forms.ChoiceField(
        label=gettext_lazy("What may we tell them?"),
        required=False,
        choices=[
            (Contact.Told.UNREACHED, gettext_lazy("That you cannot reach me")),
            (Contact.Told.ALL, gettext_lazy("Everything that I have told you")),
            (Contact.Told.NOTHING, gettext_lazy("Nothing: you may only ask them")),
        ],
    )

    @property
    def is_typed(self) -> bool:
        """Whether anything was typed."""
        names = ("emergency_name", "emergency_phone")
        return any(str(self.data.get(name, "")).strip() for name in names)

    def clean_emergency_phone(self) -> str:
        """Read the phone number."""
        return read_address(self, "emergency_phone", Contact.Kind.PHONE)

    def clean(self) -> dict[str, Any]:
        """See that there is a number where there is a name."""
        data: dict[str, Any] = super().clean() or {}
        has_number = data.get("emergency_phone") or "emergency_phone" in self.errors
        if data.get("emergency_name") and not has_number:
            self.add_error("emergency_phone", _("Give their phone number."))
        return data

    def entries(self) -> list[ContactEntry]:
        """Return whom to ask, if anyone was named."""
        data = self.cleaned_data
        if not data.get("emergency_phone"):
            return []
        return [
            ContactEntry(
                kind=Contact.Kind.PHONE,
                address=data["emergency_phone"],
                role=Contact.Role.EMERGENCY,
                name=data["emergency_name"],
                may_tell=data["emergency_told"] or Contact.Told.UNREACHED,
            )
        ]


class ConsentForm(PublicForm):
    """What the ministry may do with it, purpose by purpose; only the first is needed.

    `asks` names what else is to be asked: `needs`, `emergency`.
    """

    warn = forms.BooleanField(
        label=gettext_lazy(
            "You may keep this until the day shown, and warn us with it in a crisis."
        ),
        error_messages={
            "required": gettext_lazy("Without this we cannot keep your registration.")
        },
    )
    needs = forms.BooleanField(
        label=gettext_lazy(
            "You may keep what I wrote about medicine and help, to help us with it. "
            "Without this tick we do not keep it."
        ),
        required=False,
    )
    emergency = forms.BooleanField(
        label=gettext_lazy(
            "You may write to and call the person at home when you cannot reach us; "
            "they know about it. Without this tick we do not keep their number."
        ),
        required=False,
    )
    exercise = forms.BooleanField(
        label=gettext_lazy("You may also write to us in exercises (optional)."),
        required=False,
    )

    def __init__(self, *args: Any, asks: Collection[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in {"needs", "emergency"} - set(asks):
            del self.fields[name]

    def given(self, day: date) -> dict[str, str]:
        """Return each purpose that was agreed to, with the day."""
        return {n: day.isoformat() for n in self.fields if self.cleaned_data[n]}
