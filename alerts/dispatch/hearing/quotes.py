"""Take what an answer quotes out of it: only what its writer wrote is to be read.

Our mails say SAFE and HELP, and an answer carries them along. So lines that are marked
as quoted go, and what stands behind a line that begins a quotation, and every line that
our own mail had.
"""

import re

LONGEST = 2_000  # of what is read; an answer is short
# A line that says that the mail it answers follows.
_BEGINS = re.compile(
    r"\s*(-{2,}\s*\S.*\S\s*-{2,}|_{10,}|-- ?)\s*$"
    r"|\s*\*?(From|Von|De|Da|От|Från|Van|Od|Fra|发件人|寄件者|من)\s?\*?\s?[::].*@"
)
_ATTRIBUTES = re.compile(r".*[::]\s*$")


def own_words(text: str, ours: str = "") -> str:
    r"""Return what somebody wrote in answer to a mail.

    Parameters
    ----------
    ours : str
        The mail that is answered, as it was sent, where that is known.

    Examples
    --------
    >>> own_words("All fine here\n\nOn Monday, the Ministry wrote:\n> Are you safe?")
    'All fine here'
    """
    known = {_plain(line) for line in ours.splitlines() if _plain(line)}
    kept: list[str] = []
    for line in text.splitlines():
        if _BEGINS.match(line):
            break
        if line.lstrip().startswith((">", "|")):
            _drop_attribution(kept)
        elif _plain(line) not in known:
            kept.append(line.rstrip())
    return "\n".join(kept).strip()[:LONGEST]


def _plain(line: str) -> str:
    return " ".join(line.split())


def _drop_attribution(kept: list[str]) -> None:
    """Take away "On Monday, … wrote:", which may run over two lines."""
    while kept and not kept[-1].strip():
        kept.pop()
    if kept and _ATTRIBUTES.match(kept[-1]):
        kept.pop()
        if kept and kept[-1].lstrip().startswith(("On ", "Le ", "El ", "Am ", "Em ")):
            kept.pop()
