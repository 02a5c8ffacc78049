"""Proof of work: a few seconds of a browser's time, and no picture to read.

Only asked for when public pages are being abused; what was solved counts once.
"""

import hashlib
import json
from datetime import datetime, timedelta

import altcha
from django.http import HttpRequest

from consular import sealing
from consular.people.protecting import limits

HARDEST = 50_000  # hashes at most: half a second on a laptop, some on a cheap phone
GOOD_FOR = timedelta(minutes=20)
FIELD = "altcha"


def _key() -> str:
    return sealing.token("puzzle", "altcha")


def made(now: datetime) -> str:
    """Make a puzzle, as JSON that the page's script reads."""
    options = altcha.ChallengeOptionsV1(
        algorithm="SHA-256",
        max_number=HARDEST,
        hmac_key=_key(),
        expires=now + GOOD_FOR,
    )
    return json.dumps(altcha.create_challenge_v1(options).to_dict())


def is_solved(request: HttpRequest, now: datetime) -> bool:
    """Tell whether a form came with a solved puzzle that was not used before."""
    payload = request.POST.get(FIELD, "")[:2_000]
    if not payload:
        return False
    try:
        is_right, _ = altcha.verify_solution_v1(payload, _key(), check_expires=True)
    except (ValueError, TypeError, AttributeError):  # JSON, but of other things
        return False
    used = hashlib.sha256(payload.encode()).hexdigest()[:32]
    return is_right and limits.take(f"puzzle:{used}", 1, now)
