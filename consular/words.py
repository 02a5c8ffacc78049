"""Take the words that people type for what can be kept, shown and found again.

Half letters cannot be stored; signs that nobody sees turn the words around them on an
officer's page, or make a name of nothing. What joins letters in Persian, Hindi and
emoji stays.
"""

import re
from typing import Any

from django import forms
from rest_framework import serializers
from rest_framework.fields import empty

_HALVES = re.compile("[\ud800-\udfff]")
_GAPS = re.compile("[\x00-\x20\x7f-\xa0\u2028\u2029]+")
# Directions (Unicode Standard Annex 9, table 4), breadths of nothing, and soft hyphens.
_UNSEEN = re.compile(
    "[\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufffe\uffff]"
)
# Of lines of a message: what turns words against their script, or is not for reading.
_NEVER_MEANT = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u200b\u202a-\u202e\u2060\ufeff\ufffe\uffff]"
)
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_JOINERS = "\u200c\u200d"


_MOST_DIGITS = 17  # so many fit a key of any database


def row_number(text: str) -> int:
    """Read the number of a row that a form or an address names; 0 is no row's.

    >>> [row_number(each) for each in ("17", "seventeen", "-1", "9" * 18)]
    [17, 0, 0, 0]
    """
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else 0


def plain(text: str) -> str:
    r"""Return words without half letters, and without what nobody sees.

    Examples
    --------
    >>> plain("Ada\u202egnp.exe\n Maria\ud800")
    'Adagnp.exe Maria\ufffd'
    >>> plain("\u200b\u200f \u200d")
    ''
    """
    seen = _UNSEEN.sub("", _HALVES.sub("\ufffd", text))
    return _GAPS.sub(" ", seen).strip(" " + _JOINERS)


def lines(text: str) -> str:
    r"""Return a message's lines without what no reader is meant to get.

    Marks and isolates stay: a number among Arabic words needs them. So do joiners.

    Examples
    --------
    >>> lines("Go\x0bin \u202eside\ufffe\x07 \u2066+353\u2069\r\n")
    'Go\nin side \u2066+353\u2069'
    """
    whole = _LINE_ENDS.sub("\n", _HALVES.sub("\ufffd", text))
    return _NEVER_MEANT.sub("", whole).strip()


class WordsField(forms.CharField):
    """Words that are typed on a page."""

    def to_python(self, value: Any) -> str:
        """Take them plainly, so that a field of unseen signs counts as empty."""
        return plain(str(super().to_python(value)))


class WordsValue(serializers.CharField):
    """Words that a program sends."""

    def run_validation(self, data: Any = empty) -> Any:
        """Take them plainly, once it is seen that they hold no half letters."""
        said = super().run_validation(data)
        words = plain(said) if isinstance(said, str) else said
        if words == "" and not self.allow_blank:
            self.fail("blank")
        return words
