"""Catalogues of the public pages' texts, read and written by Babel alone.

No gettext tools are needed: templates are turned into source by Django's own
`templatize`, and Babel finds the texts, checks the catalogues and compiles them.
"""

import io
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

KEYWORDS = {
    "gettext": None,
    "gettext_lazy": None,
    "_": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}
TEMPLATES = (
    "templates/people",
    "templates/checkins",
    "templates/public.html",
    "templates/plain.html",
    "templates/500.html",
    "templates/missions/database_gone.html",
    "templates/dispatch/unsubscribe.html",
    "templates/incidents/public_incident.html",
    "templates/incidents/public_list.html",
)
SOURCES = ("consular/people", "consular/places.py", "alerts/checkins")
# Every language but English, by the name of its folder.
LOCALES = ("ar", "de", "es", "fr", "pt", "ru", "zh_Hans")

# A catalogue that says when it was written would differ at each run.
WRITTEN = datetime(2026, 1, 1, tzinfo=UTC)

Message = str | tuple[str, ...]


def _files() -> Iterator[Path]:
    for names, pattern in ((TEMPLATES, "*.html"), (SOURCES, "*.py")):
        for path in (settings.BASE_DIR / name for name in names):
            yield from [path] if path.is_file() else sorted(path.rglob(pattern))


def in_code() -> list[Message]:
    """Return all texts that the public pages mark for translation, once each."""
    found: dict[Message, None] = {}
    for path in _files():
        source = path.read_text(encoding="utf-8")
        if path.suffix == ".html":
            source = templatize(source, origin=str(path))
        file = io.BytesIO(source.encode())
        for _line, name, said, _comments in extract_python(file, KEYWORDS, [], {}):
            if name == "ngettext" and isinstance(said, tuple):
                found[tuple(str(part) for part in said[:2])] = None
            elif isinstance(said, str) and said:
                found[said] = None
            elif isinstance(said, tuple) and said[0]:
                found[str(said[0])] = None
    return list(found)


def path_of(locale: str) -> Path:
    """Return where a language's catalogue is."""
    return Path(settings.LOCALE_PATHS[0], locale, "LC_MESSAGES", "django.po")


def _empty(locale: str) -> Catalog:
    return Catalog(
        locale=locale,
        project="Muster",
        version="1",
        header_comment=f"# The public pages in {locale}.",
        creation_date=WRITTEN,
        revision_date=WRITTEN,
        charset="utf-8",
        fuzzy=False,
    )


def catalogue(locale: str) -> Catalog:
    """Read a language's catalogue; an empty one when there is none yet."""
    path = path_of(locale)
    if not path.exists():
        return _empty(locale)
    with path.open("rb") as file:
        return read_po(file, locale=locale)


def update(locale: str) -> int:
    """Write a catalogue with exactly the texts in code; return how many lack words."""
    old, new = catalogue(locale), _empty(locale)
    for message in in_code():
        known = old.get(message if isinstance(message, str) else message[0])
        new.add(message, known.string if known else None)
    path = path_of(locale)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, new, width=88, omit_header=False, sort_output=True)
    return len(missing(locale))


def missing(locale: str) -> list[str]:
    """Return the texts in code that a language lacks, or has only guessed."""
    known = catalogue(locale)
    lacking = []
    for message in in_code():
        single = message if isinstance(message, str) else message[0]
        row = known.get(single)
        strings = row.string if row is not None else ""
        parts = (strings,) if isinstance(strings, str) else tuple(strings or ())
        if row is None or row.fuzzy or not all(parts) or not parts:
            lacking.append(single)
    return lacking


def compile_all() -> int:
    """Compile the catalogues that are newer than what was compiled; count them."""
    done = 0
    for locale in LOCALES:
        source = path_of(locale)
        target = source.with_suffix(".mo")
        if not source.exists():
            continue
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        fresh = target.with_suffix(f".{os.getpid()}")  # another may read meanwhile
        with fresh.open("wb") as file:
            write_mo(file, catalogue(locale))
        fresh.replace(target)
        done += 1
    return done
