"""Messages a second through the ledger, beside the bare SDK client doing the same."""

import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import django

django.setup()

from django.conf import settings  # noqa: E402 - Django must be set up first
from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from alerts.dispatch import delivery, outbox, routing  # noqa: E402
from alerts.dispatch.channels.base import Outgoing  # noqa: E402
from alerts.dispatch.models import Lane  # noqa: E402
from alerts.exercises.provider.office import Setup  # noqa: E402
from alerts.exercises.provider.server import running  # noqa: E402
from bench.__main__ import figure, save  # noqa: E402

MESSAGES = 6_000
THREADS = 32


def write() -> None:
    """Put the messages of one alert into the ledger."""
    now = timezone.now()
    cause = outbox.open_cause(
        "alert:bench",
        mode="exercise",
        lane=Lane.DANGER,
        now=now,
        not_after=now + timedelta(hours=1),
        opens_at=now,
    )
    text = outbox.text("sms", "en", "Are you safe? {link}")
    letters = [
        outbox.Letter(
            channel="sms", address=f"+1202555{n:04d}", text=text, link_path="c", rank=n
        )
        for n in range(MESSAGES)
    ]
    outbox.write(cause, letters, now)


def through_ledger() -> float:
    """Return messages a second from the first claim to the last recorded result."""
    begun = time.perf_counter()
    sent = delivery.drain(timezone.now(), THREADS)
    return sent / (time.perf_counter() - begun)


def bare() -> float:
    """Return requests a second of the same client with the same texts, no ledger."""
    transport = routing.transport_for("simulated-sms")

    def send(number: int) -> str:
        return transport.send(
            Outgoing(
                uid=f"{number:032x}",
                attempt=1,
                mode="exercise",
                to=f"+1202555{number:04d}",
                body=f"Are you safe? {settings.PUBLIC_URL}/c/{number:023d}",
                callback_url=f"http://127.0.0.1:9/hooks/twilio/status/{number}/1",
            )
        )

    begun = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(send, range(MESSAGES)))
    return MESSAGES / (time.perf_counter() - begun)


def main() -> None:
    """Measure both against one provider in one run."""
    call_command("migrate", verbosity=0)
    account = settings.ACCOUNTS["simulated-sms"]
    with tempfile.TemporaryDirectory() as folder:
        setup = Setup(
            journal=Path(folder) / "journal.jsonl",
            public_url="http://127.0.0.1:9",
            account_sid=account["account_sid"],
            auth_token=account["auth_token"],
        )
        with running(setup) as provider:
            account["base_url"] = provider.url
            peer = bare()
            write()
            rate = through_ledger()
    save(
        "dispatch",
        [figure("ledger, SQLite", rate, "msg/s", "the bare SDK client", peer, 0.3)],
    )


if __name__ == "__main__":
    threading.stack_size(512 * 1024)
    main()
