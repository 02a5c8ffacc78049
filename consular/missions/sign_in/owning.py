"""What officers do to their own account: password, sessions, second factors."""

import base64
from datetime import datetime

from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.http import HttpRequest
from django_otp.plugins.otp_totp.models import TOTPDevice

from consular.missions import audit
from consular.missions.access import officer_of
from consular.missions.errors import StaffingError
from consular.missions.models import Officer, Passkey
from consular.missions.sign_in import sessions

MOST_APPS = 3
LAST = "This is your only second factor. Add another one first, then remove it."


def change_password(officer: Officer, password: str, now: datetime) -> Officer:
    """Give an officer a password of their own choice; sessions elsewhere end."""
    officer.set_password(password)
    officer.save(update_fields=["password"])
    audit.record("change_password", officer, f"officer {officer.pk}", now)
    return officer


def end_others(request: HttpRequest, now: datetime) -> None:
    """Sign the officer out everywhere but here."""
    officer = officer_of(request)
    with transaction.atomic():
        sessions.end_all(officer)
        audit.record("end_own_sessions", officer, f"officer {officer.pk}", now)
    _keep_this(request, officer)


def _keep_this(request: HttpRequest, officer: Officer) -> None:
    officer.refresh_from_db(fields=["session_round"])
    update_session_auth_hash(request, officer)


@transaction.atomic
def remove_factor(factor: Passkey | TOTPDevice, now: datetime) -> None:
    """Remove a passkey or an authenticator app, unless it is the last way in."""
    officer = Officer.objects.select_for_update().get(pk=factor.user_id)
    apps = TOTPDevice.objects.filter(user=officer, confirmed=True).count()
    if apps + Passkey.objects.filter(user=officer).count() < 2:
        raise StaffingError({"factors": LAST})
    is_passkey = isinstance(factor, Passkey)
    factor.delete()
    action = "remove_passkey" if is_passkey else "remove_app"
    audit.record(action, officer, f"officer {officer.pk}", now)


def pending_app(officer: Officer) -> TOTPDevice | None:
    """Return the authenticator app that still has to show a code."""
    return TOTPDevice.objects.filter(user=officer, confirmed=False).last()


def secret_of(device: TOTPDevice) -> str:
    """Return what is typed into an authenticator app."""
    return base64.b32encode(device.bin_key).decode().rstrip("=")


@transaction.atomic
def begin_app(officer: Officer) -> TOTPDevice:
    """Make the secret of a further authenticator app; it opens nothing yet."""
    Officer.objects.select_for_update().get(pk=officer.pk)
    apps = TOTPDevice.objects.filter(user=officer)
    if apps.filter(confirmed=True).count() >= MOST_APPS:
        words = f"{MOST_APPS} authenticator apps are enough. Remove one first."
        raise StaffingError({"factors": words})
    apps.filter(confirmed=False).delete()
    return TOTPDevice.objects.create(user=officer, name="phone", confirmed=False)


@transaction.atomic
def confirm_app(officer: Officer, code: str, now: datetime) -> None:
    """Let a further app count once it has shown a right code."""
    device = pending_app(officer)
    if device is None:
        raise StaffingError({"factors": "Nothing is being added. Begin again."})
    code = code.replace(" ", "")
    if len(code) > 12 or not device.verify_token(code):
        words = "That code is not right. Wait for the app's next one."
        raise StaffingError({"app_code": words})
    TOTPDevice.objects.filter(pk=device.pk).update(confirmed=True)
    audit.record("add_app", officer, f"officer {officer.pk}", now)
