"""Find missing or contradictory settings at start, and say what to set."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

from consular.modes import Mode

MAKE_ONE = 'Make it with `python -c "import secrets; print(secrets.token_urlsafe(48))"`'
SECRETS = (
    ("missions.E002", "SECRET_KEY", "MUSTER_SECRET_KEY"),
    ("missions.E003", "SEALING_KEYS", "MUSTER_KEYS"),
    ("missions.E004", "INDEX_KEY", "MUSTER_INDEX_KEY"),
)


def installation(**_: Any) -> list[CheckMessage]:
    """Check what this installation is, and that a live one has what it needs."""
    if settings.MODE not in Mode.values:
        hint = "Set MUSTER_MODE to live or exercise."
        words = f"MUSTER_MODE is {settings.MODE!r}"
        return [Error(words, hint=hint, id="missions.E001")]
    if settings.MODE != Mode.LIVE:
        return []
    found: list[CheckMessage] = [
        Error(f"a live installation needs {name}", hint=f"{MAKE_ONE}.", id=code)
        for code, setting, name in SECRETS
        if not _is_set(setting)
    ]
    if not settings.PUBLIC_URL.startswith("https://"):
        found.append(
            Error(
                f"a live installation needs https, not {settings.PUBLIC_URL}",
                hint="Set MUSTER_PUBLIC_URL to the https address that citizens see.",
                id="missions.E005",
            )
        )
    return found


def _is_set(setting: str) -> bool:
    try:
        return bool(getattr(settings, setting))
    except ImproperlyConfigured:  # Django's own word for an empty SECRET_KEY
        return False
