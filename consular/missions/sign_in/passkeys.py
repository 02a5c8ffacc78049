"""Passkeys: made by a device of the officer's, proven by a signature, never guessed.

A passkey here is both factors at once: the device must have verified its user, by a
finger, a face or a PIN. It works for the host name that it was made on, and no other.
"""

import json
from datetime import datetime
from typing import Any

import webauthn
from django.conf import settings
from django.http import HttpRequest
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from consular.missions.models import Officer, Passkey

KEY = "muster_passkey_challenge"
MOST = 10
LONGEST_NAME = 40


class PasskeyError(ValueError):
    """Say why a passkey was not taken."""


def _host(request: HttpRequest) -> str:
    return request.get_host().rsplit(":", 1)[0]


def _origin(request: HttpRequest) -> str:
    return f"{request.scheme}://{request.get_host()}"


def _asked(request: HttpRequest) -> bytes:
    """Return the challenge that was put in this session; it counts once."""
    challenge = request.session.pop(KEY, "")
    if not challenge:
        raise PasskeyError("This took too long or was tried twice. Start again.")
    return base64url_to_bytes(challenge)


def _told(request: HttpRequest, options: Any) -> dict[str, Any]:
    request.session[KEY] = bytes_to_base64url(options.challenge)
    said: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return said


def offer(request: HttpRequest, officer: Officer) -> dict[str, Any]:
    """Return what the browser needs to make a passkey for an officer."""
    known = Passkey.objects.filter(user=officer)
    if known.count() >= MOST:
        raise PasskeyError(f"{MOST} passkeys are enough; remove one first.")
    options = webauthn.generate_registration_options(
        rp_id=_host(request),
        rp_name=settings.SERVICE_NAME,
        user_id=f"officer:{officer.pk}".encode(),
        user_name=officer.username,
        user_display_name=officer.full_name,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=base64url_to_bytes(each.credential_id))
            for each in known
        ],
    )
    return _told(request, options)


def add(
    request: HttpRequest, officer: Officer, answer: Any, name: str, now: datetime
) -> Passkey:
    """Keep a passkey that the browser has made.

    Raises
    ------
    PasskeyError
        When the signature does not fit what was asked.
    """
    challenge = _asked(request)
    try:
        found = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=_host(request),
            expected_origin=_origin(request),
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise PasskeyError("The passkey could not be checked. Start again.") from None
    credential_id = bytes_to_base64url(found.credential_id)
    if Passkey.objects.filter(credential_id=credential_id).exists():
        raise PasskeyError("This passkey is known already.")
    return Passkey.objects.create(
        user=officer,
        name=name.strip()[:LONGEST_NAME] or "Passkey",
        confirmed=True,
        credential_id=credential_id,
        public_key=found.credential_public_key,
        sign_count=found.sign_count,
        made_at=now,
    )


def challenge(request: HttpRequest) -> dict[str, Any]:
    """Return what the browser needs to sign in with any passkey of this host."""
    options = webauthn.generate_authentication_options(
        rp_id=_host(request), user_verification=UserVerificationRequirement.REQUIRED
    )
    return _told(request, options)


def check(request: HttpRequest, answer: Any, now: datetime) -> Passkey:
    """Return the passkey that signed the challenge of this session.

    Raises
    ------
    PasskeyError
        With one text for every reason.
    """
    refused = PasskeyError("This passkey is not known here, or was not accepted.")
    asked = _asked(request)
    identity = answer.get("id", "") if isinstance(answer, dict) else ""
    known_as = str(identity).replace("\x00", "")[:344]
    rows = Passkey.objects.filter(user__is_active=True).select_related("user")
    passkey = rows.filter(credential_id=known_as).first()
    if passkey is None:
        raise refused
    try:
        found = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=asked,
            expected_rp_id=_host(request),
            expected_origin=_origin(request),
            credential_public_key=bytes(passkey.public_key),
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise refused from None
    Passkey.objects.filter(pk=passkey.pk).update(
        sign_count=found.new_sign_count, used_at=now
    )
    return passkey
