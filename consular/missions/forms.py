"""Signing in: name, password and the second factor in one step."""

from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.http import HttpRequest
from django_otp import devices_for_user
from django_otp.models import Device

from consular.missions.models import Officer

# One text for every reason, so that it does not tell which of the three was wrong.
REFUSED = (
    "That name, password or code is not right. A code works once; wait for the next."
)


class SignInForm(forms.Form):
    """Ask for what an officer knows and for what an officer has."""

    username = forms.CharField(
        label="Name or e-mail",
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label="Password",
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    code = forms.CharField(
        label="Six-digit code",
        max_length=12,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}
        ),
    )

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.officer: Officer | None = None
        self.device: Device | None = None

    def clean(self) -> dict[str, object]:
        """Check all three; the lock on repeated failures is asked before hashing."""
        data: dict[str, object] = super().clean() or {}
        if self.errors:
            return data
        officer = authenticate(
            self.request, username=data["username"], password=data["password"]
        )
        if officer is None:
            raise forms.ValidationError(REFUSED)
        code = str(data["code"]).replace(" ", "")
        for device in devices_for_user(officer):
            if device.verify_token(code):
                self.officer, self.device = officer, device
                return data
        raise forms.ValidationError(REFUSED)
