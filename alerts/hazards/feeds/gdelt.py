"""GDELT 2 events: reports of violence near places, only ever to be watched.

Machine-read news repeats itself and errs; nothing of it may propose. Kept are violent
protests, assaults, fights and mass violence, with a place better than a country.

References
----------
GDELT Event Codebook 2.0 (2015): 61 tab-separated columns without a header. CAMEO root
codes 18 (assault), 19 (fight), 20 (unconventional mass violence), and 145 (riot).
Exports that went through a spreadsheet have semicolons, a header, and lost digits.
"""

import csv
import io
from datetime import UTC, datetime, timedelta

from alerts.hazards.feeds.base import FeedItem, Reading, number, plain, position

SENDER = "gdeltproject.org"
COLUMNS = 61
ROWS_MOST = 100_000
ROOTS = {"18": 1, "19": 2, "20": 3}
RIOT = "145"
WORDS = {
    "14": "Violent protest",
    "18": "Assault",
    "19": "Fighting",
    "20": "Mass attack",
}
EXACT_PLACES = {"3", "4"}  # a city in the USA, a city elsewhere
# Where each value stands in a row; the place is of the action, not of the actors.
EVENT_ID, DAY, CODE, ROOT, ARTICLES = 0, 1, 26, 28, 33
PLACE_TYPE, PLACE, LAT, LON, ADDED, URL = 51, 52, 56, 57, 59, 60


def claims(text: str) -> bool:
    """Tell whether a text is one of these, by its first row."""
    first = text.partition("\n")[0]
    if first.upper().startswith("GLOBALEVENTID;"):
        return True
    cells = first.split("\t")
    return len(cells) == COLUMNS and cells[EVENT_ID].isdigit() and cells[DAY].isdigit()


def read(text: str) -> Reading:
    """Read the rows about violence; one item each."""
    separated = ";" if text[:14].upper() == "GLOBALEVENTID;" else "\t"
    flags, items, ragged, rows = set(), [], 0, 0
    for row in csv.reader(io.StringIO(text), delimiter=separated, quotechar="\x01"):
        if row[:1] == ["GLOBALEVENTID"]:
            flags.add("re-saved by a spreadsheet: when it was added is not exact")
            continue
        rows += 1
        if len(row) != COLUMNS or rows > ROWS_MOST:
            ragged += 1
        elif item := _item(row):
            items.append(item)
    if ragged:
        flags.add(f"{ragged} rows could not be read")
    flags.add(f"{rows} rows, {len(items)} of violence at a known place")
    return Reading(format="gdelt", items=items, flags=sorted(flags))


def _when(row: list[str]) -> datetime | None:
    """Return when a row was added; the day it tells of where digits were lost."""
    for word, form in ((row[ADDED], "%Y%m%d%H%M%S"), (row[DAY], "%Y%m%d")):
        try:
            return datetime.strptime(word, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def _item(row: list[str]) -> FeedItem | None:
    code, root = row[CODE].strip(), row[ROOT].strip()
    violent = root in ROOTS or code.startswith(RIOT)
    at, when = position(row[LON], row[LAT]), _when(row)
    if not violent or row[PLACE_TYPE] not in EXACT_PLACES or at is None or when is None:
        return None
    name, place = plain(row[EVENT_ID], 40), plain(row[PLACE], 200)
    articles = int(number(row[ARTICLES]) or 0)
    lon, lat = at
    return FeedItem(
        identifier=name,
        sender=SENDER,
        sent=when.isoformat(),
        sent_at=when,
        kind="security",
        natural_key=(SENDER, name),
        event_keys=((SENDER, name),),
        happened_at=when,
        expires_at=when + timedelta(days=2),
        event=WORDS.get(root, "Violence"),
        headline=f"{WORDS.get(root, 'Violence')}: {place} ({articles} articles)",
        place=place,
        level=ROOTS.get(root, 1),
        severity=f"CAMEO {code}"[:32],
        certainty="Possible",
        lon=lon,
        lat=lat,
        flags=["machine-read news: watch only", "assumed expiry"],
        link=plain(row[URL], 500),
        bbox=(lon, lat, lon, lat),
    )
