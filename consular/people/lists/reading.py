"""Read an uploaded table or JSON document into rows; nothing of it is trusted."""

import csv
import io
import json
import re
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from consular.words import plain

MOST_BYTES = 5_000_000
MOST_ROWS = 20_000
MOST_COLUMNS = 60
_ENCODINGS = ("utf-8-sig", "cp1252")


class ListError(ValueError):
    """The document cannot be used; says what to do."""


@dataclass(frozen=True)
class Table:
    """What was read.

    Attributes
    ----------
    columns : list of str
        The headings, as they were written.
    rows : list of list of str
        As long as the headings each.
    lines : list of int
        The line of the document at which each row begins.
    """

    columns: list[str]
    rows: list[list[str]]
    lines: list[int]


def table(document: bytes) -> Table:
    r"""Read comma, semicolon or tab separated values with a line of headings.

    Raises
    ------
    ListError
        When it is too large, is no text, or has no rows.

    Examples
    --------
    >>> found = table("Vorname;Ort\nAda;León\n\n".encode())
    >>> found.columns, found.rows, found.lines
    (['Vorname', 'Ort'], [['Ada', 'León']], [2])
    """
    text = re.sub("\r\n?", "\n", _text(document))
    declared = re.match("sep=([,;\t])\n", text, re.IGNORECASE)  # as Excel writes it
    text = text[declared.end() :] if declared else text
    delimiter = declared[1] if declared else _delimiter(text)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    columns: list[str] = []
    rows, lines = [], []
    above = before = 1 if declared else 0
    try:
        for row in reader:
            begins, before = before + 1, above + reader.line_num
            cells = [plain(cell) for cell in row]
            if not any(cells):
                continue
            if not columns:
                columns = cells
            else:
                rows.append(_as_long(cells, len(columns), begins))
                lines.append(begins)
    except csv.Error:
        words = _("Line {line} cannot be read.").format(line=before + 1)
        raise ListError(words) from None
    _check_size(columns, rows)
    return Table(columns, rows, lines)


def _text(document: bytes) -> str:
    if len(document) > MOST_BYTES:
        raise ListError(_("The file is larger than 5 MB."))
    if document[:2] == b"PK":
        raise ListError(_("This is a spreadsheet. Save it as CSV (UTF-8)."))
    if document[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return document.decode("utf-16", errors="replace")
    for encoding in _ENCODINGS:
        try:
            return document.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ListError(_("This is no text. Save the list as CSV (UTF-8)."))


def _delimiter(text: str) -> str:
    head = text.lstrip().split("\n", 1)[0]
    return max(",;\t", key=head.count)


def _as_long(cells: list[str], length: int, line: int) -> list[str]:
    if len(cells) > length and any(cells[length:]):
        raise ListError(
            _(
                "Line {line} has {cells} cells, the headings are {headings}."
                " Put texts with a comma in quotes."
            ).format(line=line, cells=len(cells), headings=length)
        )
    return (cells + [""] * length)[:length]


def _check_size(columns: list[str], rows: list[list[str]]) -> None:
    if not columns or not rows:
        raise ListError(_("There are no rows below the headings."))
    if len(columns) > MOST_COLUMNS:
        raise ListError(f"At most {MOST_COLUMNS} columns.")
    if len(rows) > MOST_ROWS:
        raise ListError(_("At most 20,000 rows; send the rest as another file."))


def is_json(document: bytes) -> bool:
    """Tell whether a document is JSON, from how it begins."""
    return document.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")


def parties(document: bytes) -> list[dict[str, Any]]:
    """Read the documented JSON: `{"registrations": [{"persons": …}, …]}`.

    Raises
    ------
    ListError
        When it is too large or not of that form.
    """
    if len(document) > MOST_BYTES:
        raise ListError(_("The file is larger than 5 MB."))
    try:
        value = json.loads(document.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise ListError("This is not valid JSON in UTF-8.") from None
    found = value.get("registrations") if isinstance(value, dict) else value
    if not isinstance(found, list) or not all(isinstance(x, dict) for x in found):
        raise ListError("It must be {“registrations”: [{…}, …]}.")
    if not found:
        raise ListError("There are no registrations in it.")
    if len(found) > MOST_ROWS:
        raise ListError(f"At most {MOST_ROWS:,} registrations in a file.")
    return found
