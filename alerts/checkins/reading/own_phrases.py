"""Keep the ministry's own phrases: a file in its data folder, beside the shipped one.

A phrase is taken only if every call for help that we know of is still read as one,
alone and after "safe": those of `data/calls.txt`, and each phrase for help.
"""

import functools
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from django.conf import settings

from alerts.checkins.reading import phrases as book
from alerts.checkins.reading import wording
from alerts.checkins.reading.phrases import CALLS, PLAIN, Phrases, deletions

NAME = "phrases.tsv"
CALLS_FILE = Path(__file__).parent / "data" / "calls.txt"
SENSES = {
    "safe": "means: safe",
    "help": "means: needs help",
    "stop": "means: no more texts",
    "aside": "says nothing of either",
    PLAIN: "an ordinary word or name of a place",
}
LONGEST, SHORTEST, MOST = 60, 3, 500
REFUSED_SIGNS = set("|\t\n\r#*~=")
Row = tuple[str, str]


class PhraseError(ValueError):
    """A phrase cannot be taken; the text says why."""


def path() -> Path:
    """Return where the ministry's phrases are kept."""
    return Path(settings.DATA_DIR) / NAME


def _stamp() -> tuple[int, int]:
    try:  # asked for each reply: a `Path` would cost a fifth of reading it
        found = os.stat(f"{settings.DATA_DIR}/{NAME}")
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)


def rows() -> list[Row]:
    """Return the senses and phrases that the ministry has added."""
    return list(book.rows_of(path())) if path().exists() else []


def current() -> Phrases:
    """Return all phrases, read again when the ministry's file has changed."""
    return _made(str(settings.DATA_DIR), _stamp())


@functools.lru_cache(maxsize=2)
def _made(_folder: str, _stamp: tuple[int, int]) -> Phrases:
    return Phrases([*book.rows_of(), *rows()])


def add(sense: str, text: str, label_of: Callable[[str, Phrases], str]) -> None:
    """Take a phrase, or say why not.

    Parameters
    ----------
    label_of : callable
        How a text is read with a set of phrases.

    Raises
    ------
    PhraseError
        When the phrase is no phrase, or would hide a call for help.
    """
    text = " ".join(text.split())
    known = rows()
    _check_form(sense, text, known)
    now = current()
    if sense != "help" and label_of(text, now) == "help":
        raise PhraseError("It reads as a call for help.")
    if sense == PLAIN and now.negations & set(wording.tokens(text)):
        raise PhraseError("It holds a word that denies.")
    tried = Phrases([(sense, text)], beside=now)
    for call in _touched(text, calls(known)):
        after = label_of(call, tried)
        is_lost = after != "help" and label_of(call, now) == "help"
        if after == "safe" or is_lost or label_of(f"safe. {call}", tried) == "safe":
            raise PhraseError(f"With it, this call for help would be missed: {call}")
    _write([*known, (sense, text)])


def _touched(text: str, every: list[str]) -> list[str]:
    """Keep the calls that hold a word of a phrase, or one mistyped for it.

    A phrase changes how nothing else is read: it takes words away or explains them.
    "safe" counts as a word of each call, as each is also read after it.
    """
    near = {key for word in wording.tokens(text) for key in deletions(word)}
    if not near.isdisjoint(deletions("safe")):
        return every
    return [
        call
        for call in dict.fromkeys(every)
        if any(not near.isdisjoint(deletions(word)) for word in wording.tokens(call))
    ]


def drop(sense: str, text: str) -> bool:
    """Take one of the ministry's phrases back; tell whether it was there."""
    known = rows()
    kept = [row for row in known if row != (sense, text)]
    if len(kept) == len(known):
        return False
    _write(kept)
    return True


def _check_form(sense: str, text: str, known: list[Row]) -> None:
    if sense not in SENSES:
        raise PhraseError("Say what the phrase means.")
    if set(text) & REFUSED_SIGNS or len(text) > LONGEST:
        raise PhraseError(f"A phrase has at most {LONGEST} letters and no signs.")
    if not wording.tokens(text) or (len(text) < SHORTEST and text.isascii()):
        raise PhraseError(f"A phrase has at least {SHORTEST} letters.")
    if (sense, text) in known:
        raise PhraseError("This phrase is there already.")
    if len(known) >= MOST:
        raise PhraseError(f"There are {MOST} phrases: take one back first.")


def calls(known: list[Row]) -> list[str]:
    """Return every call for help that we know of, the ministry's own among them."""
    return [*_shipped_calls(), *_calling(known)]


@functools.cache
def _shipped_calls() -> tuple[str, ...]:
    """Return the calls that are shipped, read once: an officer waits for them."""
    texts = CALLS_FILE.read_text(encoding="utf-8").splitlines()
    return (*texts, *_calling(book.rows_of()))


def _calling(rows_: Iterable[Row]) -> Iterator[str]:
    for sense, text in rows_:
        if sense in CALLS and "*" not in text:
            yield text.strip("=").replace("~", "")


def _write(all_rows: list[Row]) -> None:
    """Replace the file at once, so that nobody reads half of it."""
    path().parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path().parent, prefix="phrases")
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
        file.writelines(f"own\t{sense}\t{text}\n" for sense, text in all_rows)
    Path(name).replace(path())
