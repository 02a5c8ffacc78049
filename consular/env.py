"""Read settings from the environment; a secret may come from `NAME_FILE`."""

import os
from pathlib import Path


class SettingError(ValueError):
    """Say which setting is wrong and what to write instead."""


def text(name: str, default: str = "") -> str:
    """Read a text.

    Examples
    --------
    >>> text("MUSTER_NO_SUCH_SETTING", "as before")
    'as before'
    """
    return os.environ.get(name, default).strip()


def flag(name: str, default: bool = False) -> bool:
    """Read yes or no."""
    word = text(name).lower()
    if word in ("", None):
        return default
    if word in ("1", "true", "yes", "on"):
        return True
    if word in ("0", "false", "no", "off"):
        return False
    raise SettingError(f"{name} is {word!r}; write yes or no")


def number(name: str, default: float) -> float:
    """Read a number."""
    word = text(name)
    if not word:
        return default
    try:
        return float(word)
    except ValueError:
        raise SettingError(f"{name} is {word!r}; write a number") from None


def words(name: str, default: str = "") -> list[str]:
    """Read a list of words with commas between them."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def secret(name: str, default: str = "") -> str:
    """Read a secret from `NAME`, or from the file that `NAME_FILE` names."""
    path = text(f"{name}_FILE")
    if path:
        return Path(path).read_text(encoding="utf-8").strip()
    return text(name, default)
