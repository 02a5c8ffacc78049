"""Captured feed documents with all times moved by one constant.

Pure but for reading the files: a document as it stands at a moment, and nothing of
what is still to come in it.
"""

import functools
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parent / "data"
USGS_WEEK = DATA / "all_week_2014-04-15_1513.geojson.gz"
QUAKE_ID = "usd0003cqx"
# As in USGS's feed, which has milliseconds; GDACS's item gives the whole second.
QUAKE_AT = datetime(2014, 4, 10, 23, 27, 46, 250_000, tzinfo=UTC)
WEEK = timedelta(days=7)


@functools.cache
def usgs_week() -> dict[str, Any]:
    """Read the captured week; callers must not change it."""
    document: dict[str, Any] = json.loads(gzip.decompress(USGS_WEEK.read_bytes()))
    return document


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


@dataclass(frozen=True)
class Recording:
    """The recorded feeds, moved so that the earthquake happens at a moment."""

    quake_at: datetime

    @property
    def moved_by(self) -> timedelta:
        """The constant by which all times are moved."""
        return self.quake_at - QUAKE_AT

    @property
    def note(self) -> str:
        """What each document and each answer says about itself."""
        seconds = round(self.moved_by.total_seconds())
        return f"exercise; recorded 2014-04-15, all times moved by {seconds} s"

    def usgs(self, now: datetime) -> bytes:
        """Return USGS's past week as it would be read now."""
        week = usgs_week()
        features = [
            moved for each in week["features"] if (moved := self._feature(each, now))
        ]
        latest = max((each["properties"]["updated"] for each in features), default=0)
        metadata = week["metadata"] | {
            "generated": latest,
            "count": len(features),
            "title": f"{week['metadata']['title']} ({self.note})",
        }
        document = {"type": "FeatureCollection", "metadata": metadata}
        document |= {"features": features}
        return json.dumps(document, separators=(",", ":")).encode()

    def _feature(
        self, feature: Mapping[str, Any], now: datetime
    ) -> dict[str, Any] | None:
        """Move one event; nothing when it is still to come, or over a week old."""
        by = _milliseconds(datetime.fromtimestamp(0, UTC) + self.moved_by)
        properties = feature["properties"]
        time = properties["time"] + by
        if not _milliseconds(now - WEEK) <= time <= _milliseconds(now):
            return None
        updated = properties["updated"] + by
        if updated > _milliseconds(now):
            updated = time
        changes = {"time": time, "updated": updated}
        return {**feature, "properties": {**properties, **changes}}

    def gdacs(self, now: datetime) -> bytes:
        """Return a GDACS feed of our own, with the same earthquake once it has come."""
        at = self.quake_at.replace(microsecond=0)
        words = {
            "note": self.note,
            "time": format_datetime(at, usegmt=True),
            "title_time": f"{at:%d/%m/%Y %H:%M}",
            "year": str(at.year),
        }
        item = (DATA / "gdacs_made_item.xml").read_text(encoding="utf-8").rstrip()
        is_here = at <= now
        published = at if is_here else at - timedelta(hours=1)
        words |= {
            "items": _filled(item, words) if is_here else "",
            "published": format_datetime(published, usegmt=True),
        }
        frame = (DATA / "gdacs_made.xml").read_text(encoding="utf-8")
        return _filled(frame, words).encode()


def _filled(text: str, words: Mapping[str, str]) -> str:
    for name, word in words.items():
        text = text.replace("{" + name + "}", word)
    return text
