"""Live or exercise: the word that every row carries from birth.

An exercise cannot reach a live provider: source, hazard, registration, incident,
cause, message and provider account each carry a mode, and all must be equal at the
last step before a request. An exercise installation holds exercise rows only.
"""

from django.conf import settings
from django.db import models
from django.template.loader import render_to_string


class Mode(models.TextChoices):
    """Tell a drill from the real thing."""

    LIVE = "live"
    EXERCISE = "exercise"


class ModeError(ValueError):
    """Refuse to mix live with exercise."""


def installation() -> Mode:
    """Return the mode of this installation (`MUSTER_MODE`)."""
    return Mode(settings.MODE)


def allowed(mode: str) -> Mode:
    """Return a mode for a new row, or refuse one that this installation may not hold.

    Raises
    ------
    ModeError
        When an exercise installation is asked for a live row.
    """
    wanted = Mode(mode)
    if installation() is Mode.EXERCISE and wanted is Mode.LIVE:
        raise ModeError(
            "this installation is for exercises; set MUSTER_MODE=live in one of its own"
        )
    return wanted


def agree(*modes: str) -> bool:
    """Tell whether all modes are the same one.

    Examples
    --------
    >>> agree("live", "live"), agree("live", "exercise")
    (True, False)
    """
    return len(set(modes)) == 1


def mark(mode: str, language: str = "en") -> str:
    """Return what a notice begins with, so that no drill is taken for the real thing.

    Examples
    --------
    >>> mark("exercise"), mark("live")
    ('EXERCISE. ', '')
    >>> mark("exercise", "fr")
    'EXERCISE / EXERCICE. '
    """
    if mode != Mode.EXERCISE:
        return ""
    names = [f"messages/exercise.{code}.txt" for code in (language, "en")]
    return render_to_string(names).strip() + " "
