"""Signing in: name, password and the second factor in one step."""

from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.forms import PasswordChangeForm
from django.http import HttpRequest
from django.utils import timezone
from django_otp.models import Device

from consular.missions import access
from consular.missions.models import Officer
from consular.missions.sign_in import stepping, throttling

# One text for every reason, so that it does not tell which of the three was wrong.
REFUSED = (
    "That name, password or code is not right. A code works once; wait for the next."
)
THROTTLED = (
    "There were too many wrong tries. Wait 15 minutes, use a passkey, or a browser "
    "that you have signed in with before."
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
        self.is_throttled = False

    def clean(self) -> dict[str, object]:
        """Check all three; the lock on repeated failures is asked before hashing."""
        data: dict[str, object] = super().clean() or {}
        if self.errors:
            return data
        now = timezone.now()
        tried = throttling.admit(self.request, str(data["username"]), now)
        if tried is None:
            self.is_throttled = True
            raise forms.ValidationError(THROTTLED)
        officer = authenticate(
            self.request, username=data["username"], password=data["password"]
        )
        if officer is None:
            raise forms.ValidationError(REFUSED)
        code = str(data["code"]).replace(" ", "")
        device = stepping.device_of(officer, code)
        if device is None:
            raise forms.ValidationError(REFUSED)
        self.officer, self.device = officer, device
        throttling.forgive(tried)
        return data


class OwnPasswordForm(PasswordChangeForm):
    """Ask for the password that an officer has, and twice for the one that follows."""

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(access.officer_of(request), *args, **kwargs)
        self.request = request
        self.fields["old_password"].label = "The password you have"
        self.fields["new_password1"].label = "A new one"
        self.fields["new_password2"].label = "The new one again"
        for field in self.fields.values():
            field.help_text = ""

    def clean_old_password(self) -> str:
        """Check it, with the same limit of tries as signing in."""
        tried = throttling.admit(self.request, self.user.username, timezone.now())
        if tried is None:
            raise forms.ValidationError(THROTTLED)
        kept: str = super().clean_old_password()
        throttling.forgive(tried)
        return kept
