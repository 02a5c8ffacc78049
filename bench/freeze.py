"""Settle an audience of half a million people on PostgreSQL, messages and all.

`PEOPLE=20000 python -m bench freeze` is a short run.
"""

import json
import os
import subprocess
import sys
import time
from datetime import timedelta
from itertools import count, islice
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - after set-up
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from alerts.dispatch.models import Message  # noqa: E402
from alerts.incidents.audiences import audience  # noqa: E402
from bench.__main__ import figure, save  # noqa: E402
from bench.audience import TUNED  # noqa: E402
from consular.missions.models import Role  # noqa: E402
from consular.people.registering.entries import (  # noqa: E402
    ContactEntry,
    Entry,
    PersonEntry,
    StayEntry,
)
from consular.people.stays import loading  # noqa: E402
from tests import factories  # noqa: E402
from tests.incidents import path  # noqa: E402
from tests.postgres import Postgres  # noqa: E402

PEOPLE = int(os.environ.get("PEOPLE", "500000"))
IN_A_PARTY = 2
GOAL_S = 30.0


def parties(now: Any) -> Any:
    """Invent parties of two near Managua, each with a phone and an address."""
    for number in count():
        stay = StayEntry(
            place="Managua",
            country="NI",
            lon=path.MANAGUA[0] + number % 500 / 2_500,
            lat=path.MANAGUA[1] + number // 500 % 500 / 2_500,
            precision="exact",
            arrives_on=now.date() - timedelta(days=2),
            departs_on=now.date() + timedelta(days=5),
        )
        yield Entry(
            mode="exercise",
            persons=[PersonEntry(given_name="Ada")] * IN_A_PARTY,
            contacts=[
                ContactEntry(kind="phone", address=f"+1202555{number:07}"),
                ContactEntry(kind="email", address=f"p{number}@example.org"),
            ],
            stays=[stay],
        )


def measured() -> dict[str, Any]:
    """Load, approve, settle; in a child with the database in its environment."""
    call_command("migrate", verbosity=0)
    now = timezone.now()
    loading.load(islice(parties(now), PEOPLE // IN_A_PARTY), now, confirmed=True)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    officer = factories.make_officer(role=Role.CONSULAR_OFFICER)
    approver = factories.make_officer(role=Role.APPROVER)
    alert = path.approved(officer, approver, now)
    begun = time.perf_counter()
    assert audience.settle(alert, now)
    taken_s = time.perf_counter() - begun
    return {
        "s": taken_s,
        "people": alert.people,
        "messages": Message.objects.filter(cause__key=alert.cause_key).count(),
    }


def main() -> None:
    """Start a server, settle on it in a child, tell."""
    with Postgres(TUNED) as url:
        done = subprocess.run(
            [sys.executable, "-m", "bench.freeze", "measure"],
            env=os.environ | {"DATABASE_URL": url},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    found = json.loads(done.stdout.splitlines()[-1])
    rate = found["people"] / found["s"]
    people, messages = found["people"], found["messages"]
    print(f"{people:,} people, {messages:,} messages: {found['s']:.0f} s")
    goal = 500_000 / GOAL_S
    save("freeze", [figure("settling", rate, "people/s", "the aim", goal, 1)])


if __name__ == "__main__":
    if sys.argv[1:] == ["measure"]:
        print(json.dumps(measured()))
    else:
        main()
