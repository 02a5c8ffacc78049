"""Read, store and propose: how fast hazards come in, beside capparselib and the aims.

`CAPTURED=FOLDER make bench ONLY=feeds` reads the CAP files of a folder of your own
instead of the few that come with the tests. Processor time where one core is meant,
wall time where somebody waits.
"""

import copy
import http.server
import json
import math
import multiprocessing
import os
import random
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

django.setup()

from capparselib.parsers import CAPParser  # noqa: E402 - after set-up
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from alerts.exercises.recording import usgs_week  # noqa: E402
from alerts.hazards.listening import formats, intake, polling, reading  # noqa: E402
from alerts.hazards.models import Proposal, Report, Source  # noqa: E402
from bench.__main__ import Figure, figure, save  # noqa: E402
from consular.people.registering import enrolling  # noqa: E402
from consular.people.registering.entries import (  # noqa: E402
    ContactEntry,
    Entry,
    PersonEntry,
    StayEntry,
)

ROOT = Path(__file__).resolve().parent.parent
CAPTURED = Path(os.environ.get("CAPTURED", ROOT / "tests" / "data" / "cap"))
EVENTS, POLLS, SOURCES = 10_000, 40, 200
CORNERS, POLYGONS = 41_009, 212
ALERT = """<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
<identifier>made</identifier>
<sender>made@example.org</sender><sent>2026-03-02T12:00:00+00:00</sent>
<status>Actual</status><msgType>Alert</msgType><scope>Public</scope><info>
<category>Met</category><event>Flood</event><urgency>Expected</urgency>
<severity>Severe</severity><certainty>Likely</certainty><area><areaDesc>Made</areaDesc>
{polygons}</area></info></alert>"""


def clocked(work: Callable[[], Any], clock: Callable[[], float]) -> float:
    """Return the seconds that a piece of work takes."""
    begun = clock()
    work()
    return clock() - begun


def mix() -> list[bytes]:
    """Return the CAP documents that can be read, from the folder."""
    found = []
    for path in sorted(p for p in CAPTURED.rglob("*") if p.is_file()):
        document = path.read_bytes()
        try:
            kept = formats.read(document)
        except formats.FeedError:
            continue
        if kept.format == "cap" and len(document) < 200_000:
            found.append(document)
    return found


def readable_by_peer(documents: list[bytes]) -> list[bytes]:
    """Keep what capparselib reads without an error."""
    kept = []
    for document in documents:
        try:
            if CAPParser(document.decode()).as_dict():
                kept.append(document)
        except Exception:
            continue
    return kept


def alerts_a_second(
    documents: list[bytes], read: Callable[[bytes], int], clock: Callable[[], float]
) -> float:
    """Read a mix again and again for about two seconds."""
    alerts, spent = 0, 0.0
    while spent < 2:
        begun = clock()
        for document in documents:
            alerts += read(document)
        spent += clock() - begun
    return alerts / spent


def parsing() -> list[Figure]:
    """Measure the bare parser, the child, and capparselib on what it can read."""
    documents = mix()
    shared = readable_by_peer(documents)
    cpu, wall = time.process_time, time.perf_counter
    for document in documents:
        formats.read(document)  # tables are read at the first alert that needs them
    bare = alerts_a_second(documents, lambda d: len(formats.read(d).items), cpu)
    ours = alerts_a_second(shared, lambda d: len(formats.read(d).items), cpu)
    peer = alerts_a_second(shared, lambda d: len(CAPParser(d.decode()).as_dict()), cpu)
    child = alerts_a_second(
        documents, lambda d: len(getattr(reading.in_child(d)[2], "items", ())), wall
    )
    return [
        figure("CAP, bare parser", bare, "alerts/s", "aim", 1500, 1),
        figure("CAP, in the child", child, "alerts/s", "bare", bare, 0.3),
        figure(f"CAP, {len(shared)} files", ours, "alerts/s", "capparselib", peer, 1),
    ]


def _ring(corners: int, lon: float, lat: float, reach: float) -> str:
    turns = [2 * math.pi * at / corners for at in range(corners)]
    points = [
        (
            lat + reach * (1 + 0.05 * math.sin(turn * 700)) * math.sin(turn),
            lon + reach * (1 + 0.05 * math.sin(turn * 700)) * math.cos(turn),
        )
        for turn in turns
    ]
    words = " ".join(f"{y:.5f},{x:.5f}" for y, x in [*points, points[0]])
    return f"<polygon>{words}</polygon>"


def large() -> list[Figure]:
    """Read one outline of 41,009 corners, and one alert of 212 polygons."""
    rows = []
    for name, polygons in (
        (f"one outline of {CORNERS:,} corners", [_ring(CORNERS, 2, 12, 2)]),
        (
            f"{POLYGONS} polygons",
            [_ring(120, n % 20, 30 + n // 20, 0.7) for n in range(POLYGONS)],
        ),
    ):
        document = ALERT.format(polygons="".join(polygons)).encode()
        took = min(
            clocked(lambda d=document: formats.read(d), time.process_time)
            for _ in range(3)
        )
        rows.append(figure(name, took * 1000, "ms", "aim", 300, 1) | below(took, 0.3))
    return rows


def below(value: float, limit: float) -> Figure:
    """Say of a figure that is good when small whether it holds."""
    return {
        "ratio": round(limit / value, 3) if value else 0,
        "goal": 1,
        "holds": value <= limit,
    }


def events(count: int) -> dict[str, Any]:
    """Return a feed of many events, made of the captured week moved back by weeks."""
    week = usgs_week()
    features: list[Any] = []
    for turn in range(-(-count // len(week["features"]))):
        by = turn * 7 * 86_400_000
        for feature in week["features"]:
            made = copy.deepcopy(feature)
            said = made["properties"]
            said["time"] -= by
            said["updated"] -= by
            ids = [f"{each}w{turn}" for each in said["ids"].split(",") if each]
            said["ids"] = f",{','.join(ids)},"
            made["id"] = f"{made['id']}w{turn}"
            features.append(made)
    return week | {"features": features[:count]}


def make_source(slug: str, url: str, **changes: Any) -> Source:
    """Add an exercise source."""
    fields = {"name": slug, "format": "usgs", "mode": "exercise", "trust": "suggest"}
    fields |= {"next_poll_at": timezone.now()}
    return Source.objects.create(slug=slug, url=url, **(fields | changes))


class Feed:
    """A server on this machine that answers one document, or 304 to who has it."""

    def __init__(self) -> None:
        self.body, self.tag = b"", ""
        self.own: dict[str, tuple[bytes, str]] = {}
        feed = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body, tag = feed.own.get(self.path, (feed.body, feed.tag))
                known = tag and self.headers.get("If-None-Match") == tag
                self.send_response(304 if known else 200)
                if tag:
                    self.send_header("ETag", tag)
                self.send_header("Content-Length", str(0 if known else len(body)))
                self.end_headers()
                self.wfile.write(b"" if known else body)

            def log_message(self, *words: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        settings.EXERCISE_FEEDS = self.address
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def put(self, document: Any, tag: str = "", path: str = "") -> None:
        """Publish a document, at one path or wherever there is no other."""
        body = json.dumps(document).encode()
        if path:
            self.own[path] = body, tag
        else:
            self.body, self.tag = body, tag


def storing(feed: Feed) -> list[Figure]:
    """Store and cluster 10,000 events, and poll them again unchanged."""
    feed.put(events(EVENTS))
    source = make_source("many", f"http://{feed.address}/many")
    wall = time.perf_counter
    now = timezone.now()
    stored = clocked(
        lambda: intake.take(source, feed.body, "application/json", now), wall
    )
    assert Report.objects.filter(source=source).count() == EVENTS
    again = min(clocked(lambda: polling.poll(source, now), wall) for _ in range(5))
    feed.tag = '"1"'
    source.etag = '"1"'
    not_modified = min(
        clocked(lambda: polling.poll(source, now), wall) for _ in "12345"
    )
    feed.tag = ""
    on = connection.vendor
    return [
        figure(f"10,000 events stored, {on}", stored, "s", "aim", 8, 1)
        | below(stored, 8),
        figure("the same 6 MB again", again * 1000, "ms", "aim", 50, 1)
        | below(again, 0.05),
        figure("answered not modified", not_modified * 1000, "ms", "aim", 50, 1)
        | below(not_modified, 0.05),
    ]


def _traveller() -> Entry:
    today = timezone.now().date()
    stay = StayEntry(
        place="Managua, Nicaragua",
        country="NI",
        lon=-86.25,
        lat=12.13,
        precision="exact",
        arrives_on=today - timedelta(days=2),
        departs_on=today + timedelta(days=9),
    )
    return Entry(
        mode="exercise",
        persons=[PersonEntry(given_name="Invented")],
        contacts=[ContactEntry(kind="email", address="invented@example.org")],
        stays=[stay],
    )


def proposing(feed: Feed) -> list[Figure]:
    """Publish an earthquake under people's feet, poll, and look for the proposal."""
    enrolling.enrol([_traveller()], timezone.now(), confirmed=True)
    source = make_source("one", f"http://{feed.address}/one")
    week, rng, waits = usgs_week(), random.Random(1), []
    for turn in range(POLLS):
        now = timezone.now()
        quake = copy.deepcopy(week["features"][0])
        stamp = int(now.timestamp() * 1000) - turn * 300_000
        quake["id"] = f"q{turn}"
        quake["properties"] |= {"mag": 6.4, "time": stamp, "updated": stamp}
        quake["properties"] |= {"ids": f",q{turn},", "type": "earthquake"}
        at = (-86.3 + rng.random() / 10, 12.1, 10)
        quake["geometry"] = {"type": "Point", "coordinates": at}
        feed.put(week | {"features": [quake, *week["features"]]})
        known = Proposal.objects.count()
        begun = time.perf_counter()
        polling.poll(source, now)
        assert Proposal.objects.count() == known + 1
        waits.append(time.perf_counter() - begun)
    p95 = sorted(waits)[math.ceil(0.95 * len(waits)) - 1]
    said = figure("published to proposal, p95", p95, "s", "aim", 5, 1)
    return [said | below(p95, 5)]


def _elsewhere(features: list[Any], number: int) -> list[Any]:
    """Return events of a source's own: other places and times than any other's."""
    own = copy.deepcopy(features)
    for feature in own:
        feature["id"] = f"{feature['id']}s{number}"
        feature["properties"]["ids"] = f",{feature['id']},"
        feature["properties"]["time"] -= number * 200_000
        lon, lat, *depth = feature["geometry"]["coordinates"]
        east = (lon + 180 + number * 7) % 360 - 180
        feature["geometry"]["coordinates"] = [east, lat, *depth]
    return own


def _spent_s() -> float:
    """Return the processor time of this process and of the child that reads."""
    spent = time.process_time()
    for child in multiprocessing.active_children():
        fields = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
        spent += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return spent


def many_sources(feed: Feed) -> list[Figure]:
    """Poll 200 sources as each minute does; a fifth of them have something new.

    Every tenth tells the same events as the first, as networks of one region do.
    """
    week = usgs_week()
    listed = [
        make_source(f"s{n}", f"http://{feed.address}/{n}") for n in range(SOURCES)
    ]
    for known, tag in ((50, '"a"'), (51, '"b"')):
        for n in range(SOURCES if known == 50 else SOURCES // 5):
            made = _elsewhere(week["features"][:known], n if n % 10 else 0)
            feed.put(week | {"features": made}, tag, f"/{n}")
        begun, now = _spent_s(), timezone.now()
        for source in listed:
            polling.poll(source, now)
        spent = _spent_s() - begun
    share = spent / 60
    said = figure("200 sources a minute", share * 100, "% of core", "aim", 30, 1)
    return [said | below(share, 0.3)]


def main() -> None:
    """Measure all, on the database of the environment."""
    call_command("migrate", verbosity=0)
    feed = Feed()
    name = "feeds" if connection.vendor == "postgresql" else "feeds-sqlite"
    rows: list[Figure] = []
    steps = [lambda: storing(feed), lambda: proposing(feed), lambda: many_sources(feed)]
    for step in steps if connection.vendor == "sqlite" else [parsing, large, *steps]:
        rows += step()
        print(f"{name}: {rows[-1]['name']} measured", flush=True)
    save(name, rows)


if __name__ == "__main__":
    main()
