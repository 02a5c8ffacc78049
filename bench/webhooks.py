"""Send and be called back on one machine: three receipts a message, and replies.

The provider, the web processes and a sender are processes of their own. Every receipt
that was answered must be in the ledger once, and every reply. `MUSTER_BENCH_HOOKS` is
how many messages.
"""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import django

django.setup()

import requests  # noqa: E402 - Django must be set up first
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from twilio.request_validator import RequestValidator  # noqa: E402

from alerts.checkins.models import Inbound  # noqa: E402
from alerts.dispatch.models import Lane, Message, Receipt, State  # noqa: E402
from alerts.exercises import journal  # noqa: E402
from bench.__main__ import figure, save  # noqa: E402
from bench.mailroom import FIRST_NUMBER, provider, release, senders, write  # noqa: E402
from consular.processes import manage  # noqa: E402
from tests.tally import Tally  # noqa: E402

MESSAGES = int(os.environ.get("MUSTER_BENCH_HOOKS", "4000"))
OUT, IN = 200, 400  # a second
LIMIT = 230
REPLIES = MESSAGES // 50
KEY = "alert:hooks"
LONGEST_S = 300.0


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def reply(url: str, number: int) -> None:
    """Let a person answer, as Twilio would post it."""
    conf = settings.ACCOUNTS["simulated-sms"]
    form = {
        "MessageSid": f"SM{number:032x}",
        "From": f"+{FIRST_NUMBER + number}",
        "To": conf["sender"],
        "Body": "SAFE",
    }
    address = f"{url}/hooks/twilio/sms"
    signature = RequestValidator(conf["auth_token"]).compute_signature(address, form)
    answer = requests.post(
        address, form, headers={"X-Twilio-Signature": signature}, timeout=15
    )
    answer.raise_for_status()


def answer_all(url: str, until: threading.Event) -> None:
    """Answer evenly while messages leave, 2 of 100."""
    for number in range(REPLIES):
        reply(url, number)
        until.wait(1 / (LIMIT / 50))


def wait(done: Callable[[], bool]) -> None:
    """Wait until something holds."""
    by_s = time.perf_counter() + LONGEST_S
    while time.perf_counter() < by_s and not done():
        time.sleep(0.25)


def is_up(url: str) -> bool:
    """Tell whether the web processes answer."""
    with contextlib.suppress(requests.RequestException):
        return requests.get(f"{url}/health", timeout=5).ok
    return False


def measured(url: str, tally: Tally) -> dict[str, float]:
    """Send, be called back, answer; return rates and what was lost."""
    write(KEY, MESSAGES, Lane.DANGER)
    stopping = threading.Event()
    people = threading.Thread(target=answer_all, args=(url, stopping))
    begun = release(KEY)
    people.start()
    ended = tally.wait(MESSAGES)
    came = Receipt.objects.count() + Inbound.objects.count()
    taken_s = ended - begun
    people.join()
    # Answers to strangers are messages too, of causes of their own.
    delivered = Message.objects.filter(cause__key=KEY, state=State.DELIVERED)
    wait(lambda: delivered.count() == MESSAGES)
    rows = [r for r in journal.read(tally.path).of("receipt") if r["status"] == 204]
    told = {(row["sid"], row["word"]) for row in rows}
    return {
        "out": MESSAGES / taken_s,
        "in": came / taken_s,
        "lost": len(told) - Receipt.objects.count() + REPLIES - Inbound.objects.count(),
        "undelivered": MESSAGES - delivered.count(),
        "receipts": len(told),
    }


def main() -> int:
    """Measure, and say on which database."""
    call_command("migrate", verbosity=0)
    port = free_port()
    url = settings.PUBLIC_URL = os.environ["MUSTER_PUBLIC_URL"] = (
        f"http://127.0.0.1:{port}"
    )
    words = ("serve", "--only", "web", "--port", str(port))
    web = subprocess.Popen(manage(*words), env=dict(os.environ))
    try:
        with (
            tempfile.TemporaryDirectory() as place,
            provider(Path(place), receipts_off=False) as tally,
        ):
            wait(lambda: is_up(url))
            with senders(1, SIMULATED_SMS_RATE=str(LIMIT)):
                found = measured(url, tally)
    finally:
        web.terminate()
        web.wait()
    name = {"postgresql": "PostgreSQL"}.get(connection.vendor, "SQLite")
    kept = found["receipts"] / (found["receipts"] + abs(found["lost"]))
    ended = 1 - found["undelivered"] / MESSAGES
    rows = [
        figure(f"out, {name}", found["out"], "msg/s", "the goal", OUT, 1.0),
        figure(f"webhooks in meanwhile, {name}", found["in"], "/s", "the goal", IN, 1),
        figure(f"receipts counted once, {name}", kept, "×", "all of them", 1, 1),
        figure(f"delivered in the end, {name}", ended, "×", "all of them", 1, 1),
    ]
    save(f"webhooks-{connection.vendor}", rows)
    return 0 if not found["lost"] and not found["undelivered"] else 1


if __name__ == "__main__":
    sys.exit(main())
