"""Find accounts that lack a setting at start, and say which one."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

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
    return [
        Error(f"the account {name} needs {setting}", hint="Set it.", id="dispatch.E001")
        for name, account in live.items()
        for field, setting in NEEDED.get(name, {}).items()
        if not account.get(field)
    ]
