"""Count what a text costs, and what pushes it over.

References
----------
3GPP TS 23.038 (GSM 7-bit default alphabet and its extension table), TS 23.040
(concatenated messages: 153 of 160 septets, 67 of 70 UCS-2 units remain).
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

# Around the words about answering, which are left out where nobody can answer.
REPLY, REPLY_END = "{reply}", "{/reply}"
_REPLY = re.compile(r"\{reply\}(.*?)\{/reply\}", re.DOTALL)
# A link ends before a sentence's end, and before Chinese, which has no spaces.
LINK = re.compile(r"https?://[^\s،؛؟\u2e80-\uffef]+(?<=[\w/=#&+%~-])")
# Behind a link, a phone takes what is no ASCII for more of it: a full stop in Chinese.
_RUNS_ON = re.compile(r"\{link\}(?=[^\x00-\x7f\s])")
GSM = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_TWICE = set("\f^{}\\[~]|€")
# Look-alikes that say the same in the cheap alphabet.
LOOK_ALIKES = str.maketrans(
    {
        "‘": "'",
        "’": "'",
        "‚": "'",
        "“": '"',
        "”": '"',
        "„": '"',
        "‛": "'",
        "‟": '"',
        "`": "'",
        "´": "'",
        "ʼ": "'",
        "′": "'",
        "″": '"',
        "‹": "'",
        "›": "'",
        "«": '"',
        "»": '"',
        "\u2010": "-",
        "\u2011": "-",
        "‒": "-",
        "–": "-",
        "—": "-",
        "−": "-",
        "…": "...",
        "\u00a0": " ",
        "\u2007": " ",
        "\u202f": " ",
        "\u2009": " ",
        "\u200b": "",
        "\ufeff": "",
        "\t": " ",
    }
)
# Letters with an accent that the alphabet lacks; replaced only where that saves parts.
PLAIN_LETTERS = str.maketrans(
    "ÁÀÂÃáâãÈÊËêëÍÌÎÏíîïÓÒÔÕóôõÚÙÛúûçÝýÿŒœ",
    "AAAAaaaEEEeeIIIIiiiOOOOoooUUUuucYyyOo",
)
PARTS_MOST = 10


@dataclass(frozen=True)
class Size:
    """A text as the network counts it."""

    characters: int
    parts: int
    alphabet: str
    culprits: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """Say it for an officer: `2 texts · 169 characters`."""
        return (
            f"{self.parts} text{'s'[: self.parts != 1]} · {self.characters} characters"
        )


def size(text: str) -> Size:
    """Count characters and parts, and name the letters that make it UCS-2.

    Examples
    --------
    >>> size("Stay outside.").parts, size("x" * 161).parts
    (1, 2)
    >>> size("À l'abri").culprits
    ('À',)
    """
    culprits = dict.fromkeys(c for c in text if c not in GSM and c not in GSM_TWICE)
    if not culprits:
        widths = [2 if c in GSM_TWICE else 1 for c in text]
        return Size(sum(widths), _parts(widths, 160, 153), "GSM-7")
    widths = [2 if c > "\uffff" else 1 for c in text]
    return Size(sum(widths), _parts(widths, 70, 67), "UCS-2", tuple(culprits))


def _parts(widths: Iterable[int], alone: int, together: int) -> int:
    """Count the parts of letters so wide; none is cut in two at the end of a part."""
    widths = list(widths)
    if sum(widths) <= alone:
        return 1
    parts, left = 1, together
    for width in widths:
        if width > left:
            parts, left = parts + 1, together
        left -= width
    return parts


def cheapest(text: str, link: str = "{link}", code: str = "{code}") -> str:
    """Replace look-alikes, and accents too where that saves parts and loses no word.

    A text that needs UCS-2 anyway (Arabic, Russian, Chinese) keeps its accents, and its
    dots where three cost more than one.

    Parameters
    ----------
    link, code : str, optional
        What will stand in it, or as much.

    Examples
    --------
    >>> cheapest("Don’t use lifts…")
    "Don't use lifts..."
    >>> cheapest("هل أنت بخير؟")
    'هل أنت بخير؟'
    """
    choices = (_whole(text).translate(LOOK_ALIKES), bare(text), text)
    return min(choices, key=lambda each: size(filled(each, link, code)).parts)


def bare(text: str) -> str:
    """Replace look-alikes, and take the accents that the alphabet lacks."""
    return _whole(text).translate(LOOK_ALIKES).translate(PLAIN_LETTERS)


def _whole(text: str) -> str:
    """Make one sign of a letter and an accent that stands behind it."""
    return unicodedata.normalize("NFC", text)


def filled(body: str, link: str, code: str) -> str:
    """Put a message's own link and code where the text leaves room for them.

    Examples
    --------
    >>> filled("您安全吗？{link}。电话", "https://example.org/c/x", "")
    '您安全吗？https://example.org/c/x 。电话'
    """
    apart = _RUNS_ON.sub("{link} ", body) if link else body
    return apart.replace("{link}", link).replace("{code}", code)


def spoken(body: str) -> str:
    """Leave out the links of a text: nobody can be told one in a call.

    Examples
    --------
    >>> spoken("Are you safe? https://example.org/c/x Press 1.")
    'Are you safe? Press 1.'
    """
    return " ".join(LINK.sub("", body).split())


def for_reader(body: str, can_answer: bool) -> str:
    """Keep the words about answering for who can answer; leave them out for others.

    Examples
    --------
    >>> said = "Are you safe? {link}{reply} or reply SAFE {code}{/reply}."
    >>> for_reader(said, True)
    'Are you safe? {link} or reply SAFE {code}.'
    >>> for_reader(said, False)
    'Are you safe? {link}.'
    """
    return _REPLY.sub(r"\1" if can_answer else "", body)


def has_reply(body: str) -> bool:
    """Tell whether a text holds words about answering."""
    return bool(_REPLY.search(body))


def is_well_marked(body: str) -> bool:
    """Tell whether each mark has its other end, and none stands inside another."""
    rest = _REPLY.sub("", body)
    inner = "".join(_REPLY.findall(body))
    return not any(mark in rest + "\n" + inner for mark in (REPLY, REPLY_END))
