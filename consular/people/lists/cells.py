"""One line of a list: its cells by our names, and what is wrong with them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

# The most letters of a cell; no cell is cut without a word.
LONGEST = {"given_name": 120, "family_name": 120, "place": 120, "needs": 500}
LONGEST |= dict.fromkeys(("phone", "party", "country", "birth_year"), 120)
LONGEST |= {"email": 254, "arrives_on": 60, "departs_on": 60}


@dataclass(frozen=True)
class Problem:
    """What is wrong with a line; an error leaves its party out, else it is a remark."""

    line: int
    column: str
    words: str
    is_error: bool = True


class Line:
    """One line: its cells by our names, and what is wrong with them."""

    def __init__(self, number: int, cells: Mapping[str, str]) -> None:
        self.number, self.cells = number, cells
        self.problems: list[Problem] = []
        for column, most in LONGEST.items():
            if len(cells.get(column, "")) > most:
                self.say(column, _("At most {most} letters.").format(most=most))

    def get(self, column: str) -> str:
        """Return a cell, or "" where there is none."""
        return self.cells.get(column, "")[: LONGEST.get(column, 254)]

    def say(self, column: str, words: str, *, is_error: bool = True) -> None:
        """Note what is wrong with a cell."""
        self.problems.append(Problem(self.number, column, words, is_error))

    def read(self, column: str, reader: Callable[[str], Any]) -> Any:
        """Read a cell that may be empty; keep the reader's refusal."""
        text = self.get(column)
        if not text:
            return None
        try:
            return reader(text)
        except ValueError as error:
            self.say(column, str(error))
            return None
