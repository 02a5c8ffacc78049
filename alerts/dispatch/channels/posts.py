"""What public posts share: a text that is too long becomes a thread, never a cut.

What was approved is what is posted: every word of it, in order.
"""

import re
import unicodedata
from collections.abc import Callable

from alerts.dispatch import text as texts
from alerts.dispatch.channels.base import ChannelError, PermanentError, UnclearError

_WORD = re.compile(
    rf"{texts.LINK.pattern}[!-~]*[。！？，]*\s*"
    r"|(?:(?!https?://)[^\s。！？，])+[。！？，]*\s*|[。！？，]+\s*|\S"
)
# What X makes a link of although no scheme stands before it.
_BARE = re.compile(r"(?<![\w@.-])[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}\b")
LINK_LENGTH = 23  # of any link, on X and on Mastodon
NOT_THERE = "404"
_END = re.compile(r"[.!?。！？؟…]\s*$|\n")


def graphemes(text: str) -> int:
    """Count what readers see as letters, well enough for a limit.

    Examples
    --------
    >>> graphemes("Erdbeben"), graphemes("e\u0301")
    (8, 1)
    """
    joined = sum(
        1
        for letter in text
        if unicodedata.combining(letter) or letter in "\u200d\ufe0f"
    )
    return len(text) - joined


def weighted(text: str) -> int:
    """Count as X does: a link is 23, letters beyond the Latin ranges count twice.

    References
    ----------
    https://docs.x.com/fundamentals/counting-characters; the ranges are those of
    version 3 of its `twitter-text`.
    """
    rest, links = texts.LINK.subn("", text)
    more = sum(max(LINK_LENGTH - len(name), 0) for name in _BARE.findall(rest))
    letters = sum(1 if _is_light(letter) else 2 for letter in rest)
    return LINK_LENGTH * links + more + letters


def _is_light(letter: str) -> bool:
    code = ord(letter)
    dashes = 8192 <= code <= 8205 or 8208 <= code <= 8223 or 8242 <= code <= 8247
    return code <= 4351 or dashes


def with_short_links(text: str) -> int:
    """Count as Mastodon does: every link is 23."""
    return len(texts.LINK.sub("x" * LINK_LENGTH, text))


def thread(text: str, most: int, count: Callable[[str], int]) -> list[str]:
    """Split a text into posts of `most` at the ends of sentences, else of words.

    Examples
    --------
    >>> thread("One two. Three four.", 10, len)
    ['One two.', 'Three', 'four.']
    """
    posts: list[str] = []
    rest = _pieces(text.strip(), most, count)
    while rest:
        taken = _fitting(rest, most, count)
        posts.append("".join(rest[:taken]).strip())
        rest = rest[taken:]
    return [post for post in posts if post]


def one_by_one(
    parts: list[str], in_reply_to: str, post: Callable[[int, str, str], str]
) -> str:
    """Post a thread, each part under the one before; return the ids of all.

    Parameters
    ----------
    in_reply_to : str
        The ids of the thread that this one answers, or nothing.
    post : callable
        Gets a part's number, its text and the id it answers; returns its id.

    Raises
    ------
    ChannelError
        What the first part met. Later on, something stands there already, and a
        repeat may double it: that is unclear, or permanent where it was refused.
    """
    ids: list[str] = []
    reply_to = in_reply_to.split(" ")[0]
    for number, part in enumerate(parts):
        try:
            reply_to = post(number, part, reply_to)
        except ChannelError as error:
            if not ids:
                raise
            words = f"{error}; {number} of {len(parts)} posts are out"
            kind = PermanentError if isinstance(error, PermanentError) else UnclearError
            raise kind(words, error.code) from error
        ids.append(reply_to)
    return " ".join(ids)


def delete_each(provider_id: str, delete: Callable[[str], None]) -> None:
    """Delete all posts of a thread; one that is gone already keeps none of the rest.

    Raises
    ------
    ChannelError
        What the first met that is there still, or that all of them are gone.
    """
    failed: list[ChannelError] = []
    ids = provider_id.split(" ")
    for each in ids:
        try:
            delete(each)
        except ChannelError as error:
            failed.append(error)
    there = [error for error in failed if error.code != NOT_THERE]
    if there or len(failed) == len(ids):
        raise (there or failed)[0]


def _pieces(text: str, most: int, count: Callable[[str], int]) -> list[str]:
    """Return words with the space after them; one that is too long comes in letters."""
    return [
        piece
        for word in _WORD.findall(text)
        for piece in ([word] if count(word.strip()) <= most else word)
    ]


def _fitting(pieces: list[str], most: int, count: Callable[[str], int]) -> int:
    """Return how many pieces fit; up to a sentence's end where half a post is full."""
    taken, sentence = 0, 0
    joined = ""
    for number, piece in enumerate(pieces, start=1):
        joined += piece
        if taken and count(joined.strip()) > most:
            return sentence if sentence * 2 >= taken else taken
        taken = number
        if _END.search(piece):
            sentence = number
    return taken
