"""Find accounts that lack a setting at start, and say which one."""

from collections.abc import Iterator
from math import inf
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from alerts.dispatch import answering, routing
from alerts.dispatch.channels import anymail, email, telnyx
from alerts.dispatch.hearing import mail_hooks
from alerts.dispatch.sending import rates
from consular import outgoing as door
from consular.accounts import Accounts
from consular.modes import Mode

_TWILIO = {"auth_token": "TWILIO_AUTH_TOKEN", "sender": "TWILIO_SENDER"}
NEEDED = {
    "twilio": _TWILIO,
    "twilio-whatsapp": _TWILIO | {"sender": "TWILIO_WHATSAPP"},
    "twilio-voice": _TWILIO | {"sender": "TWILIO_VOICE"},
    "telnyx": {"api_key": "TELNYX_API_KEY", "public_key": "TELNYX_PUBLIC_KEY"},
    "smtp": {"sender": "MUSTER_EMAIL_SENDER"},
    "anymail": {"sender": "MUSTER_EMAIL_SENDER"},
    "mastodon": {"access_token": "MASTODON_ACCESS_TOKEN"},
    "bluesky": {"app_password": "BLUESKY_APP_PASSWORD"},
    "x": {
        "api_secret": "X_API_SECRET",
        "access_token": "X_ACCESS_TOKEN",
        "access_secret": "X_ACCESS_SECRET",
    },
    "telegram": {"token": "TELEGRAM_TOKEN"},
    "facebook": {"access_token": "FACEBOOK_ACCESS_TOKEN"},
}


def accounts(**_: Any) -> list[CheckMessage]:
    """Check that a live installation can send, and each account has all it needs."""
    if settings.MODE != Mode.LIVE:
        return []
    live = {
        name: account
        for name, account in settings.ACCOUNTS.items()
        if account["mode"] == Mode.LIVE
    }
    if not live:
        return [
            Warning(
                "no provider is configured: nothing can be sent live",
                hint="Set TWILIO_ACCOUNT_SID for SMS, MUSTER_SMTP_URL for e-mail.",
                id="dispatch.W001",
            )
        ]
    found = (_missing, _numbers, _replies, _mail, _mail_servers, _providers)
    return [each for look in found for each in look(live)]


def _missing(live: Accounts) -> Iterator[CheckMessage]:
    for name, account in live.items():
        for field, setting in NEEDED.get(name, {}).items():
            if not account.get(field):
                words = f"the account {name} needs {setting}"
                yield Error(words, hint="Set it.", id="dispatch.E001")


def _numbers(live: Accounts) -> Iterator[CheckMessage]:
    """Check what is shared out and limited by a number."""
    for name, account in live.items():
        upper = name.upper().replace("-", "_")
        try:
            rate = rates.rate_of(name)
            is_right = 0 <= rate < inf and routing.resting_weight(name) >= 0
        except ValueError:
            is_right = False
        if not is_right:
            said = f"{account.get('rate', '')!r} and {account.get('weight', '')!r}"
            yield Error(
                f"{upper}_RATE or {upper}_WEIGHT is not a number: {said}",
                hint="A rate is parts a second, a weight `80` or `80,FR=20`.",
                id="dispatch.E002",
            )


def _replies(live: Accounts) -> Iterator[CheckMessage]:
    """Check what an account says of where it is answered."""
    for name, account in live.items():
        try:
            said = answering.said_of(name)
        except ValueError as error:
            yield Error(
                f"{name.upper().replace('-', '_')}_REPLIES: {error}",
                hint="Write `no`, `yes`, or `no,IE=yes` for one country.",
                id="dispatch.E004",
            )
            continue
        kind = answering.kind_of(account.get("sender", ""))
        if (
            account["channel"] == "sms"
            and kind == answering.Sender.NAME
            and any(said.values())
        ):
            yield Error(
                f"the sender of {name} is a name, which nobody can answer",
                hint="Send from a number, or take the setting of its replies away.",
                id="dispatch.E005",
            )


def _mail(live: Accounts) -> Iterator[CheckMessage]:
    """Check that a mail provider is known, and that its bounces can be heard."""
    for name, account in live.items():
        if "esp" not in account:
            continue
        try:
            import_string(f"anymail.backends.{account['esp']}.EmailBackend")
        except ImportError as error:
            yield Error(
                f"MUSTER_ANYMAIL names no provider that anymail knows: {error}",
                hint="https://anymail.dev/en/stable/esps/ lists them.",
                id="dispatch.E003",
            )
            continue
        try:
            anymail.backend(account)
        except (ImproperlyConfigured, TypeError) as error:
            yield Error(
                f"MUSTER_ANYMAIL lacks what its provider needs: {error}",
                hint="Write `mailgun api_key=… sender_domain=…`, by anymail's names.",
                id="dispatch.E007",
            )
        try:
            mail_hooks.handler(name)
        except LookupError as error:
            yield Warning(
                f"bounces and deliveries of e-mail are not heard: {error}",
                hint="Add it to MUSTER_ANYMAIL, and the webhook at the provider.",
                id="dispatch.W002",
            )


def _mail_servers(live: Accounts) -> Iterator[CheckMessage]:
    """Check that a mail server's address is one, and says how to speak with it."""
    for name, account in live.items():
        if "url" not in account:
            continue
        try:
            parts = urlsplit(account["url"])
            is_right = parts.scheme in email.PORTS and bool(parts.hostname)
            is_right &= parts.port != 0  # reading it finds what is no number
            door.provider_url_allowed(account["url"], Mode.LIVE)
        except (ValueError, door.OutgoingError):
            is_right = False
        if not is_right:
            yield Error(
                f"the address of the mail server of {name} cannot be used",
                hint="Write smtp://, smtps:// or smtp+tls://, user:password@ and its "
                "name; in a password, %2F for /, %40 for @, %3A for :.",
                id="dispatch.E006",
            )


def _providers(live: Accounts) -> Iterator[CheckMessage]:
    """Check what is of one provider only."""
    key = live.get("telnyx", {}).get("public_key", "")
    if key and not telnyx.is_key(key):
        yield Error(
            "TELNYX_PUBLIC_KEY is not a key: receipts and answers would be refused",
            hint="Copy the public key of the account from Telnyx's portal.",
            id="dispatch.E008",
        )
    whatsapp = live.get("twilio-whatsapp")
    if whatsapp is not None and not whatsapp.get("templates"):
        yield Warning(
            "no WhatsApp template is named: only who wrote within a day is reached",
            hint="Set TWILIO_WHATSAPP_TEMPLATES to `en=HX…,es=HX…`.",
            id="dispatch.W003",
        )
