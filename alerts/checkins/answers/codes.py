"""The short codes in a text: where our texts ask for them, and words that may be one.

A room or a flight has a number that may be somebody's code. So it counts for more where
it stands as our texts ask for it: alone, or right after SAFE or HELP.
"""

import re
from dataclasses import dataclass

from consular.sealing import CODE_LETTERS

MOST = 5  # of a text, to look for: one text could try out hundreds
_CODE = re.compile(rf"\b[{CODE_LETTERS}]{{4,6}}\b")
_ASKED = re.compile(rf"\b(?:SAFE|HELP)\s+([{CODE_LETTERS}]{{4,6}})\b")
_WORD = re.compile(r"\w+")
BESIDE = {"SAFE", "HELP", "1", "2"}  # what our texts ask to write with it


@dataclass(frozen=True)
class Told:
    """The codes of a text, each once and in its order.

    `asked` stand as our texts ask for them; `words` are all that may be one.
    """

    asked: list[str]
    words: list[str]

    def loose(self) -> list[str]:
        """Return the words elsewhere in the text that look like a code of ours."""
        return [word for word in self.mixed() if word not in self.asked]

    def mixed(self) -> list[str]:
        """Return the words with a letter and a digit, as all new codes have them."""
        mixed = [w for w in self.words if not (w.isalpha() or w.isdigit())]
        return mixed[:MOST]


def of(body: str) -> Told:
    """Find the codes in a text.

    Examples
    --------
    >>> of("Safe 7k2q, hotel Sol, room B234").asked
    ['7K2Q']
    >>> of("we are safe in room B234").asked, of("we are safe in room B234").loose()
    ([], ['B234'])
    >>> of("7K2Q: HELP!").asked
    ['7K2Q']
    """
    upper = body.upper()
    words = list(dict.fromkeys(_CODE.findall(upper)))
    rest = [word for word in _WORD.findall(upper) if word not in BESIDE]
    asked = rest if set(rest) <= set(words) else _ASKED.findall(upper)
    asked = [word for word in dict.fromkeys(asked) if word not in BESIDE]
    return Told(asked[:MOST], words)
