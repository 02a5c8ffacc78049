"""What somebody types who asks about another: few fields, most of them optional."""

from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from consular.people.models import Contact
from consular.people.registering.addresses import (
    AddressError,
    normalise_email,
    normalise_phone,
)
from consular.words import WordsField


def _text(
    label: Any, most: int, *, needed: bool = False, **attrs: str
) -> forms.CharField:
    widget = forms.TextInput(attrs={"dir": "auto", **attrs})
    return WordsField(label=label, max_length=most, required=needed, widget=widget)


class EnquiryForm(forms.Form):
    """Whom they ask about, and how to reach who asks."""

    given_name = _text(_("Given name"), 80, needed=True, autocomplete="off")
    family_name = _text(_("Family name"), 80, autocomplete="off")
    birth_year = forms.IntegerField(
        label=_("Year of birth, if you know it"), required=False
    )
    phone = forms.CharField(
        label=_("Their phone number, if you know it"),
        max_length=40,
        required=False,
        widget=forms.TextInput(
            attrs={"dir": "ltr", "type": "tel", "autocomplete": "off"}
        ),
    )
    place = _text(_("Where you think they are"), 120, autocomplete="off")
    asker = _text(_("Your name"), 120, needed=True, autocomplete="name")
    relation = _text(_("What you are to them, such as mother or friend"), 60)
    contact = forms.CharField(
        label=_("Your phone number or e-mail address"),
        max_length=120,
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "email"}),
    )
    message = forms.CharField(
        label=_("Anything that helps to find them"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_birth_year(self) -> int | None:
        """Take a year in which somebody who lives can be born."""
        year: int | None = self.cleaned_data["birth_year"]
        if year is not None and not self.today.year - 120 <= year <= self.today.year:
            raise forms.ValidationError(_("Give the year with four digits."))
        return year

    def clean_phone(self) -> str:
        """Take their number as it is known; one that is none is left out."""
        typed: str = self.cleaned_data["phone"]
        try:
            return normalise_phone(typed, settings.MINISTRY_COUNTRY) if typed else ""
        except AddressError:
            return ""

    def clean_contact(self) -> tuple[str, str]:
        """Take an e-mail address or a phone number, and say which it is."""
        typed: str = self.cleaned_data["contact"]
        try:
            if "@" in typed:
                return Contact.Kind.EMAIL.value, normalise_email(typed)
            number = normalise_phone(typed, settings.MINISTRY_COUNTRY)
        except AddressError as error:
            raise forms.ValidationError(str(error)) from None
        return Contact.Kind.PHONE.value, number
