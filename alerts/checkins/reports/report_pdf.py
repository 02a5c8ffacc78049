"""Print a situation report: the same figures and map as its page, on A4.

The fonts are beside this module (`fonts/SOURCES.md`): Latin, Greek, Cyrillic, Arabic,
and the commoner half of simplified Chinese. Text is shaped, so that Arabic is joined
and runs from right to left.
"""

import io
import re
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from alerts.checkins.board import pictures
from alerts.checkins.board.titles import REACH_TITLES, TOTAL_TITLES
from alerts.checkins.models import SituationReport
from alerts.checkins.reports import reporting

FONTS = Path(__file__).parent / "fonts"
FALLBACK = {
    "Arabic": (re.compile(r"[\u0600-\u06ff\u0750-\u077f]"), "NotoSansArabic"),
    "Chinese": (re.compile(r"[\u3000-\u9fff\uff01-\uff5e]"), "NotoSansSC"),
}
INK, QUIET, LINE = 28, 92, 205  # greys
WIDTH, MAP_HEIGHT = 180.0, 90.0  # millimetres


class Paper(FPDF):
    """A4 sheets with the ministry's name above and the distribution mark below."""

    def __init__(self, report: SituationReport, texts: str) -> None:
        super().__init__(format="A4")
        self.report = report
        self.set_margins(15, 14)
        self.set_auto_page_break(True, margin=18)
        self.add_font("Noto", "", FONTS / "NotoSans-Regular.ttf")
        self.add_font("Noto", "B", FONTS / "NotoSans-Bold.ttf")
        used = [
            (name, file) for name, (has, file) in FALLBACK.items() if has.search(texts)
        ]
        for name, file in used:
            self.add_font(name, "", FONTS / f"{file}-Regular.ttf")
        self.set_fallback_fonts([name for name, _ in used], exact_match=False)
        self.set_text_shaping(True)
        self.set_title(f"Situation report {report.number}")
        self.set_lang("en")
        self.set_creation_date(report.as_of)

    def header(self) -> None:
        """Write the ministry, and across the sheet what is only an exercise."""
        self.set_font("Noto", "", 9)
        self.set_text_color(QUIET)
        self.cell(WIDTH, 5, settings.MINISTRY_NAME, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        if self.report.incident.mode == "exercise":
            self.set_font("Noto", "B", 64)
            self.set_text_color(232)
            with self.rotation(35, 105, 148):
                self.text(28, 160, "EXERCISE")
        self.set_text_color(INK)

    def footer(self) -> None:
        """Write who may have it, whose figures they are, and the page."""
        self.set_y(-14)
        self.set_font("Noto", "", 8)
        self.set_text_color(QUIET)
        mark = "EXERCISE – " if self.report.incident.mode == "exercise" else ""
        said = (
            f"{mark}For official use. {self.report.incident.reference}, situation "
            f"report {self.report.number}. Page {self.page_no()} of {{nb}}"
        )
        self.cell(WIDTH, 5, said)
        self.set_text_color(INK)

    def title_line(self, text: str, size: float) -> None:
        """Write a line in bold."""
        self.set_font("Noto", "B", size)
        self.multi_cell(
            WIDTH, size * 0.5, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT
        )

    def line_of(self, text: str, size: float = 10) -> None:
        """Write a paragraph."""
        self.set_font("Noto", "", size)
        self.multi_cell(
            WIDTH, size * 0.5, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT
        )

    def figures(self, rows: list[tuple[str, ...]], widths: tuple[float, ...]) -> None:
        """Write a table: the first row is its head, the first column its words."""
        for place, row in enumerate(rows):
            self.set_font("Noto", "B" if place == 0 else "", 9)
            for column, (text, width) in enumerate(zip(row, widths, strict=True)):
                self.cell(width, 6, text, border="B", align="R" if column else "L")
            self.ln()
        self.ln(3)


def write(report: SituationReport) -> bytes:
    """Return a report as a PDF."""
    incident = report.incident
    texts = f"{incident.title}{incident.place}{settings.MINISTRY_NAME}"
    picture = reporting.picture(report)
    texts += "".join(label.name for label in picture.base.labels)
    paper = Paper(report, texts)
    paper.set_draw_color(LINE)
    paper.add_page()
    paper.title_line(f"Situation report {report.number}: {incident.title}", 17)
    paper.line_of(_when(report))
    paper.ln(2)
    _map(paper, picture)
    _people(paper, report)
    _reach(paper, report)
    _cases(paper, report)
    _alerts(paper, report)
    return bytes(paper.output())


def _at(at: datetime, zone: str) -> str:
    return at.astimezone(ZoneInfo(zone)).strftime("%d %b %Y %H:%M")


def _when(report: SituationReport) -> str:
    incident = report.incident
    return (
        f"{incident.place}. Figures as of {_at(report.as_of, incident.time_zone)} "
        f"local time, {_at(report.as_of, settings.MINISTRY_TIME_ZONE)} ministry time. "
        f"Counts are of persons unless they say otherwise. Made by "
        f"{report.made_by.full_name}."
    )


def _map(paper: Paper, picture: pictures.Picture) -> None:
    x, y = paper.l_margin, paper.get_y()
    drawn = render_to_string("checkins/report_map.svg", {"picture": picture})
    with paper.rect_clip(x, y, WIDTH, MAP_HEIGHT):
        paper.image(io.BytesIO(drawn.encode()), x=x, y=y, w=WIDTH, h=MAP_HEIGHT)
        _names(paper, picture, x, y)
    paper.set_text_color(INK)
    paper.set_xy(x, y + MAP_HEIGHT + 1)
    key = (
        "Rings fill as people answer: orange need help, grey no answer, violet "
        "unreachable, green safe or not there. Diamonds are cases. "
        "Natural Earth, GeoNames."
    )
    paper.line_of(key, 8)
    paper.ln(3)


def _names(paper: Paper, picture: pictures.Picture, x: float, y: float) -> None:
    """Write places, and the number of people of each ring and diamond."""
    scale = WIDTH / picture.base.view.width

    def put(text: str, at_x: float, at_y: float, grey: int) -> None:
        paper.set_text_color(grey)
        paper.set_xy(x + at_x * scale, y + at_y * scale - 2)
        paper.cell(0, 4, text)

    paper.set_font("Noto", "", 7)
    for label in picture.base.labels:
        put(label.name, label.x + 5, label.y, QUIET)
    paper.set_font("Noto", "B", 8)
    middle = [(m.people, m.x, m.y, INK) for m in picture.marks]
    middle += [(d.count, d.x, d.y, 255) for d in picture.diamonds]
    for number, at_x, at_y, grey in middle:
        text = f"{number:,}"
        half = paper.get_string_width(text) / 2 / scale
        put(text, at_x - half - paper.c_margin / scale, at_y, grey)


def _signed(number: int | None) -> str:
    return "" if number is None else f"{number:+,}" if number else "0"


def _people(paper: Paper, report: SituationReport) -> None:
    before, moved = reporting.changes(report)
    totals = report.figures["totals"]
    title = f"Since report {before.number}" if before else "Since the last"
    rows: list[tuple[str, ...]] = [("People", "Now", title)]
    rows += [
        (text, f"{totals[name]:,}", _signed(moved.get(name)))
        for name, text in TOTAL_TITLES.items()
        if name in totals  # an older report counted less
    ]
    paper.figures(rows, (90, 40, 50))


def _reach(paper: Paper, report: SituationReport) -> None:
    reach = report.figures["reach"]
    rows: list[tuple[str, ...]] = [("The same people, by message", "Now")]
    rows += [(text, f"{reach[name]:,}") for name, text in REACH_TITLES.items()]
    paper.figures(rows, (90, 40))


def _cases(paper: Paper, report: SituationReport) -> None:
    cases: dict[str, Any] = report.figures["cases"]
    named = (
        ("open", "Open"),
        ("urgent", "of these urgent"),
        ("not_taken", "of these not taken"),
        ("escalated", "of these told to the duty officer"),
        ("closed", "Closed"),
    )
    rows: list[tuple[str, ...]] = [("Cases", "Now")]
    rows += [(text, f"{cases[name]:,}") for name, text in named]
    rows += [(f"Reason: {text}", f"{n:,}") for text, n in cases["reasons"].items()]
    paper.figures(rows, (90, 40))


def _alerts(paper: Paper, report: SituationReport) -> None:
    rows: list[tuple[str, ...]] = [("Alerts", "Local time", "People")]
    for each in report.figures["alerts"]:
        at = datetime.fromisoformat(each["at"]) if each["at"] else None
        when = _at(at, report.incident.time_zone) if at else ""
        rows.append((each["kind"], when, f"{each['people']:,}"))
    paper.figures(rows, (70, 70, 40))
    listed: list[tuple[str, ...]] = [("Language", "People", "Need help", "No answer")]
    listed += [
        (
            name,
            f"{sum(row.values()):,}",
            f"{row['needs_help']:,}",
            f"{row['silent'] + row['unreachable']:,}",
        )
        for name, row in reporting.languages_of(report)
    ]
    paper.figures(listed, (60, 40, 40, 40))
