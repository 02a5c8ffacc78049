"""What every page shows of the installation."""

from django.conf import settings
from django.http import HttpRequest

from consular import languages, modes


def installation(request: HttpRequest) -> dict[str, object]:
    """Give templates the ministry's name, the mode, and the languages."""
    return {
        "ministry_name": settings.MINISTRY_NAME,
        "service_name": settings.SERVICE_NAME,
        "emergency_phone": settings.EMERGENCY_PHONE,
        "installation_mode": modes.installation().value,
        "languages": languages.LANGUAGES,
    }
