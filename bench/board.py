"""Open and poll the live map of a hundred thousand people with a million check-ins.

`PEOPLE=10000 python -m bench board` is a short run.
"""

import gzip
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import islice
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - after set-up
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from alerts.checkins.board import counting  # noqa: E402
from alerts.checkins.casework import cases  # noqa: E402
from alerts.checkins.models import BoardCount, Case  # noqa: E402
from alerts.checkins.reports import report_pdf, reporting  # noqa: E402
from alerts.incidents.audiences import audience  # noqa: E402
from alerts.incidents.models import Incident  # noqa: E402
from bench.__main__ import figure, save  # noqa: E402
from bench.audience import TUNED  # noqa: E402
from bench.freeze import IN_A_PARTY, parties  # noqa: E402
from consular.missions.models import Officer, Role  # noqa: E402
from consular.people.stays import loading  # noqa: E402
from tests import factories  # noqa: E402
from tests.incidents import path  # noqa: E402
from tests.postgres import Postgres  # noqa: E402

PEOPLE = int(os.environ.get("PEOPLE", "100000"))
EACH = 10  # check-ins a person
FIRST_MS, POLL_MS, POLL_KB, REPORT_S = 1500.0, 20.0, 5.0, 10.0
POLLS = 200
HOST = {"HTTP_HOST": "localhost", "HTTP_ACCEPT_ENCODING": "gzip"}
# Nine in ten messages came through; of those people three in a hundred call for help.
_STATES = """
UPDATE dispatch_message SET state = CASE id % 10 WHEN 0 THEN 'undelivered'
  WHEN 1 THEN 'accepted' ELSE 'delivered' END
"""
_AGO = {
    "postgresql": "now() - interval '1 second' * ({})",
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now', '-' || ({}) || ' seconds')",
}
_SAID = """
WITH RECURSIVE each(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM each WHERE n < {each})
INSERT INTO checkins_checkin (incident_id, person_id, status, basis, stated_at,
  received_at, needs, place, note, callback)
SELECT {incident}, id, CASE WHEN id % 33 = 0 THEN 'needs_help' ELSE 'safe' END,
  'self-link', at, at, '[]', '', '', ''
FROM (SELECT p.id, {answered} AS at FROM people_person p CROSS JOIN each) said
"""
_STAND = """
INSERT INTO checkins_standing (incident_id, person_id, status, is_verified, since,
  changed_at)
SELECT {incident}, p.id, CASE WHEN p.id % 33 = 0 THEN 'needs_help' ELSE 'safe' END,
  true, {now}, {now} FROM people_person p WHERE p.id % 10 > 2 OR p.id % 33 = 0
"""
_CASES = """
INSERT INTO checkins_case (incident_id, person_id, origin, priority, reasons,
  opened_at, changed_at, outcome, note)
SELECT {incident}, MIN(p.id), 'help', 10 + MIN(p.id) % 60, '["Medical"]',
  {opened}, {now}, '', ''
FROM people_person p WHERE p.id % 33 = 0 GROUP BY p.registration_id
"""


def fill(now: Any) -> tuple[Incident, Officer]:
    """Load the people, settle the alert, and let them answer."""
    call_command("migrate", verbosity=0)
    loading.load(islice(parties(now), PEOPLE // IN_A_PARTY), now, confirmed=True)
    officer = factories.make_officer(role=Role.CONSULAR_OFFICER)
    approver = factories.make_officer(role=Role.APPROVER)
    alert = path.approved(officer, approver, now)
    audience.settle(alert, now)
    alert.refresh_from_db()
    with connection.cursor() as cursor:
        cursor.execute(_STATES)
        ago = _AGO[connection.vendor]
        moments = {
            "now": ago.format(0),
            "answered": ago.format("(p.id * 7 + n * 977) % 7200"),
            "opened": ago.format("MIN(p.id) * 7 % 7200"),
        }
        for sql in (_SAID, _STAND, _CASES):
            cursor.execute(sql.format(incident=alert.incident_id, each=EACH, **moments))
        cursor.execute("ANALYZE" if connection.vendor == "sqlite" else "VACUUM ANALYZE")
    return alert.incident, officer


def _ms(act: Callable[[], Any]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def measured() -> dict[str, Any]:
    """Fill, then look as an officer's browser does; in a child with the database."""
    now = timezone.now()
    incident, officer = fill(now)
    client = Client(**HOST)
    factories.sign_in(client, officer)
    board = f"/desk/incidents/{incident.reference}/board/"
    live = f"/desk/incidents/{incident.reference}/live/"
    client.get(board)  # what a process does once: templates, the map of the world
    BoardCount.objects.all().delete()
    counted = _ms(lambda: counting.fold(incident, timezone.now()))
    first = statistics.median(_ms(lambda: client.get(board)) for _ in range(5))
    # A worker counts beside; what is measured here is what a poll costs by itself.
    BoardCount.objects.update(due_at=now + timedelta(hours=1))
    cursor = json.loads(plain(client.get(live)))["cursor"]
    polls = [_ms(lambda: client.get(live, {"since": cursor})) for _ in range(POLLS)]
    case = Case.objects.filter(owner=None).order_by("-priority", "opened_at")[0]
    cases.take(case, officer, timezone.now())
    began = time.perf_counter()
    changed = client.get(live, {"since": cursor})
    changed_ms = (time.perf_counter() - began) * 1000
    began = time.perf_counter()
    report = reporting.make(incident, officer, timezone.now())
    printed = report_pdf.write(report)
    return {
        "counted_ms": counted,
        "first_ms": first,
        "poll_ms": statistics.median(polls),
        "poll_p95_ms": sorted(polls)[int(POLLS * 0.95)],
        "changed_ms": changed_ms,
        "changed_kb": len(changed.content) / 1024,
        "report_s": time.perf_counter() - began,
        "pdf_kb": len(printed) / 1024,
        "people": report.figures["totals"]["inside"],
        "cases": report.figures["cases"]["open"],
    }


def plain(answer: Any) -> bytes:
    """Return the body of an answer, unpacked."""
    content: bytes = answer.content
    if answer.headers.get("Content-Encoding") == "gzip":
        return gzip.decompress(content)
    return content


def main() -> None:
    """Start a server, measure on it in a child, tell."""
    with Postgres(TUNED) as url:
        done = subprocess.run(
            [sys.executable, "-m", "bench.board", "measure"],
            env=os.environ | {"DATABASE_URL": url},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    found = json.loads(done.stdout.splitlines()[-1])
    print(", ".join(f"{name} {value:,.1f}" for name, value in found.items()))
    small = PEOPLE / 50_000  # the aim of the report is for so many
    save(
        "board",
        [
            figure(
                "first view",
                1000 / found["first_ms"],
                "views/s",
                "the aim",
                1000 / FIRST_MS,
                1,
            ),
            figure(
                "poll, nothing new",
                1000 / found["poll_ms"],
                "polls/s",
                "the aim",
                1000 / POLL_MS,
                1,
            ),
            figure(
                "poll, a case changed: size",
                1 / found["changed_kb"],
                "polls/KB",
                "the aim",
                1 / POLL_KB,
                1,
            ),
            figure(
                "report and PDF",
                small * 50_000 / found["report_s"],
                "people/s",
                "the aim",
                50_000 / REPORT_S,
                1,
            ),
        ],
    )


if __name__ == "__main__":
    if sys.argv[1:] == ["measure"]:
        print(json.dumps(measured()))
    else:
        main()
