"""What `bench.citizens` measures, inside a process with a database of its own."""

import json
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import django
import numpy as np

django.setup()

from django.test import Client, override_settings  # noqa: E402
from django.utils import timezone  # noqa: E402

from alerts.dispatch.models import Message  # noqa: E402
from alerts.incidents.models import Incident  # noqa: E402
from bench import board, citizens, replies  # noqa: E402
from consular.missions.models import Officer  # noqa: E402
from consular.people.managing import errands, linking  # noqa: E402
from consular.people.models import Errand, Link, Registration  # noqa: E402
from consular.people.protecting import guarding  # noqa: E402
from consular.people.registering import crisis  # noqa: E402
from tests import factories  # noqa: E402
from tests.people import forms_of  # noqa: E402

KNOWN = "known@example.org"  # as long as those that nobody has
TRIES = 9  # of a code, before a registration takes none any more


@contextmanager
def served() -> Iterator[tuple[int, str, list[replies.Request]]]:
    """Serve a crisis form beside boards; yield port, path, and what the boards ask."""
    incident, officer = board.fill(timezone.now())  # migrates, too
    factories.make_registration(email=KNOWN)
    form = crisis.open_form("Earthquake", ["NI"], officer, timezone.now())
    asked = _polls(incident, officer)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with citizens.web(port):
        yield port, f"/now/{form.code}/", asked


def loads(port: int, path: str, asked: list[replies.Request]) -> dict[str, Any]:
    """Load the crisis form alone, and beside boards; return the figures."""
    taken, quiet = citizens.load(port, path, citizens.SECONDS)
    polls = replies.Load(port, replies.EVERY_S / replies.BOARDS)
    polls.start(asked)
    first = citizens.SECONDS * citizens.RATE
    crowded, busy = citizens.load(port, path, citizens.BOARD_SECONDS, first)
    polls.finish()
    accepted = quiet | busy
    rows = Registration.objects.filter(kind="crisis")
    stored = list(rows.values_list("form_key", flat=True))
    return {
        "p95_s": float(np.percentile(taken, 95)),
        "p95_boards_s": float(np.percentile(crowded, 95)),
        "polls": len(polls.taken) - len(polls.failed),
        "asked": len(asked),
        "accepted": len(accepted),
        "lost": len(accepted - set(stored)),
        "doubled": len(stored) - len(accepted & set(stored)),
    }


def answers(port: int, path: str) -> dict[str, Any]:
    """Ask for addresses that are known and not, let a bot sign up; return figures."""
    Errand.objects.all().delete()
    told = {
        "recover": citizens.in_turns(port, KNOWN, _recover),
        "register": citizens.in_turns(port, KNOWN, _Register()),
        "verify": citizens.in_turns(port, KNOWN, _Verify()),
        "crisis": citizens.in_turns(port, KNOWN, _Crisis(path)),
    }
    return {
        **{f"auc_{name}": auc for name, (auc, _) in told.items()},
        "alike": sum(not differs for _, differs in told.values()),
        "texts": bot(),
        "alarms": int(guarding.tell(timezone.now())),
    }


def run(part: str) -> dict[str, Any]:
    """Measure the loads, or the whole."""
    with served() as (port, path, asked):
        found = loads(port, path, asked)
        return found | answers(port, path) if part == "whole" else found


def _polls(incident: Incident, officer: Officer) -> list[replies.Request]:
    """Return what 300 boards ask for, that have seen all there is."""
    client = Client(HTTP_HOST="localhost", HTTP_ACCEPT_ENCODING="gzip")
    factories.sign_in(client, officer)
    cookie = "; ".join(f"{n}={v.value}" for n, v in client.cookies.items())
    live = f"/desk/incidents/{incident.reference}/live/"
    since = json.loads(board.plain(client.get(live)))["cursor"]
    count = int(replies.BOARDS / replies.EVERY_S * citizens.BOARD_SECONDS)
    return replies.polls_of(f"{live}?since={since}", cookie)[:1] * count


def _recover(link: Any, address: str) -> tuple[int, int]:
    return citizens.post(link, "/my-link/", {"address": address})


class _Register:
    """Send the last page of the form for an address."""

    def __init__(self) -> None:
        last = forms_of.walk(Client(), reach={"phone": ""})
        self.wizard, self.number = forms_of.opened(forms_of.state_of(last)), 0

    def __call__(self, link: Any, address: str) -> tuple[int, int]:
        self.number += 1
        self.wizard.key = f"{self.number:032x}"
        self.wizard.typed["email"] = address
        values = {"state": self.wizard.sealed(), "do": "next", "warn": "on"}
        return citizens.post(link, "/register/", values)


class _Verify:
    """Type a wrong code for registrations by addresses, known ones and others."""

    def __init__(self) -> None:
        self.asked = {True: 0, False: 0}
        count = (citizens.ASKED + 20) // TRIES + 1
        self.pages = {
            is_known: [
                self._page(KNOWN if is_known else f"v{number:04}@example.org")
                for number in range(count)
            ]
            for is_known in (True, False)
        }

    def _page(self, address: str) -> str:
        row = factories.make_registration(email=address, confirmed=False)
        return f"/confirm/{linking.token(row, Link.Purpose.CONFIRM)}/"

    def __call__(self, link: Any, address: str) -> tuple[int, int]:
        is_known = address == KNOWN
        self.asked[is_known] += 1
        page = self.pages[is_known][(self.asked[is_known] - 1) // TRIES]
        return citizens.post(link, page, {"code": "WRONG2"})


class _Crisis:
    """Fill in the crisis form under another name than the one on record.

    Each address is known for one party alone: who enters makes it known for one more.
    """

    def __init__(self, path: str) -> None:
        self.path, self.number = path, 0
        for number in range(2 * (citizens.ASKED + 20) + 1):
            factories.make_registration(email=f"k{number:04}@example.org")

    def __call__(self, link: Any, address: str) -> tuple[int, int]:
        self.number += 1
        address = f"k{self.number:04}@example.org" if address == KNOWN else address
        values = citizens.entry(self.number, f"c{self.number:031x}")
        values |= {"phone": "", "email": address}
        return citizens.post(link, self.path, values)


@override_settings(FREE_FORMS=60)
def bot() -> int:
    """Sign up with numbers from everywhere, without a proof; count the SMS."""
    Errand.objects.all().delete()
    before = Message.objects.filter(channel="sms").count()
    client = Client()
    last = forms_of.walk(client, reach={"email": ""})
    wizard = forms_of.opened(forms_of.state_of(last))
    for number in range(citizens.BOT):
        wizard.key = f"b{number:031x}"
        wizard.typed["phone"] = f"+1{202 + number % 400}555{number % 10_000:04}"
        values = {"state": wizard.sealed(), "do": "next", "warn": "on"}
        where = f"198.{18 + number // 60_000}.{number // 250 % 256}.{number % 250}"
        client.post("/register/", values, REMOTE_ADDR=where)
    while Errand.objects.exists():
        errands.run(timezone.now())
    return Message.objects.filter(channel="sms").count() - before


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1])))
