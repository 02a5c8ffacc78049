"""Read what a provider answered, which may have any shape.

Nothing that it says goes further than it fits: an id is a short text that a database
takes, a code is a word, a wait is a number of seconds.
"""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from alerts.dispatch.channels.base import UnclearError

LONGEST_ID = 200
# Where a network says from when it may be asked again, if not in Retry-After: X and
# Bluesky as seconds of Unix time, Mastodon as a date.
_RESETS = ("x-rate-limit-reset", "ratelimit-reset", "x-ratelimit-reset")
_THIS_CENTURY = 946_684_800  # smaller numbers are no Unix time of today


def parsed(body: bytes) -> Any:
    """Read JSON; nothing where it is none.

    Examples
    --------
    >>> parsed(b'{"id": 1}'), parsed(b"<html>"), parsed(b"")
    ({'id': 1}, None, None)
    """
    try:
        return json.loads(body.decode(errors="replace"))
    except (ValueError, RecursionError):
        return None


def found(said: Any, *path: str) -> str:
    """Return the id that stands at the end of a path of names.

    Raises
    ------
    UnclearError
        When no usable one stands there: it was accepted, but nobody knows as what.

    Examples
    --------
    >>> found({"data": {"id": 7}}, "data", "id")
    '7'
    """
    for name in path:
        said = said.get(name) if isinstance(said, dict) else None
    if isinstance(said, int) and not isinstance(said, bool):
        said = str(said)
    if not isinstance(said, str) or not _is_id(said):
        raise UnclearError(f"the answer has no usable {'.'.join(path)}")
    return said


def _is_id(text: str) -> bool:
    return 0 < len(text) <= LONGEST_ID and text.isascii() and text.isprintable()


def code(said: Any) -> str:
    """Return the code in a refusal, where networks put one; never its words.

    Examples
    --------
    >>> code({"error": {"code": 190}}), code(["no"])
    ('190', '')
    >>> code({"error": "ExpiredToken"}), code({"error": "The token has expired"})
    ('ExpiredToken', '')
    """
    if not isinstance(said, dict):
        return ""
    errors = said.get("errors")
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        said = errors[0]
    inner = said.get("error")
    if isinstance(inner, dict):
        said = inner
    word = said.get("code", said.get("error_code", ""))
    if not word and isinstance(inner, str) and inner.isidentifier():
        word = inner  # a name, as Bluesky has them; else they are words
    if isinstance(word, bool) or not isinstance(word, str | int):
        return ""
    text = str(word)[:24]
    return text if _is_id(text) else ""


def wait_s(headers: Mapping[str, str], said: Any = None) -> float | None:
    """Return for how many seconds a provider asks to be left alone.

    Parameters
    ----------
    headers : mapping
        Of the answer, with names in any case.
    said : optional
        The JSON of the answer; Telegram says it there.
    """
    now = datetime.now(UTC)
    asked = after_s(headers.get("Retry-After") or "", now)
    if asked is None and isinstance(said, dict):
        inner = said.get("parameters")
        word = inner.get("retry_after") if isinstance(inner, dict) else ""
        asked = after_s(str(word), now)
    for name in _RESETS:
        if asked is None:
            asked = _until_s(headers.get(name) or "", now)
    return asked


def after_s(said: str, now: datetime) -> float | None:
    """Read Retry-After, which is seconds or a date; nothing where it is neither.

    Examples
    --------
    >>> noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    >>> after_s("7", noon), after_s("Mon, 02 Mar 2026 12:00:09 GMT", noon)
    (7.0, 9.0)
    >>> after_s("soon", noon), after_s("-1", noon)
    (None, None)
    """
    said = said.strip()[:64]
    seconds = _number(said)
    if seconds is not None:
        return seconds
    try:
        at = parsedate_to_datetime(said)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return _from(now, at)


def _until_s(said: str, now: datetime) -> float | None:
    seconds = _number(said.strip()[:64])
    if seconds is not None:
        if seconds < _THIS_CENTURY:
            return seconds
        return max(seconds - now.timestamp(), 0.0)
    try:
        at = datetime.fromisoformat(said.strip()[:64])
    except ValueError:
        return None
    return _from(now, at)


def _from(now: datetime, at: datetime) -> float:
    if at.tzinfo is None:  # written with -0000: its clock is not known
        at = at.replace(tzinfo=UTC)
    return max((at - now).total_seconds(), 0.0)


def _number(said: str) -> float | None:
    try:
        seconds = float(said)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
