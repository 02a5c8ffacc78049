"""A real stand-in of the providers, and a mail room that is pointed at it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from alerts.dispatch import routing
from alerts.exercises import journal
from alerts.exercises.journal import Journal
from alerts.exercises.provider.faults import Faults
from alerts.exercises.provider.office import Setup
from alerts.exercises.provider.server import Running, running


@dataclass
class Provider:
    """A running stand-in and its own journal, the truth of what it took."""

    running: Running
    path: Path

    def opt_out(self, number: str, sender: str) -> None:
        """Let the owner of a number send STOP to one of our senders."""
        form = {"number": number, "sender": sender}
        requests.post(f"{self.running.url}/stop", data=form, timeout=5)

    @property
    def journal(self) -> Journal:
        return journal.read(self.path)


def point_at(settings, provider: Running) -> None:
    """Let the simulated accounts speak to a stand-in."""
    accounts = {name: dict(conf) for name, conf in settings.ACCOUNTS.items()}
    for conf in accounts.values():
        if "base_url" in conf:
            conf["base_url"] = provider.url
        if "api_url" in conf:
            conf["api_url"] = f"{provider.url}/v3"
    accounts["simulated-email"]["url"] = f"smtp://127.0.0.1:{provider.smtp_port}"
    settings.ACCOUNTS = accounts
    routing.transport_for.cache_clear()


@pytest.fixture
def faults() -> Faults:
    """No faults; a test's module may say otherwise by parametrising."""
    return Faults()


@pytest.fixture
def provider(settings, tmp_path, faults) -> Iterator[Provider]:
    """A stand-in for one test."""
    account = settings.ACCOUNTS["simulated-sms"]
    setup = Setup(
        journal=tmp_path / "journal.jsonl",
        public_url="http://127.0.0.1:9",
        account_sid=account["account_sid"],
        auth_token=account["auth_token"],
        faults=faults,
    )
    with running(setup) as started:
        point_at(settings, started)
        yield Provider(started, setup.journal)
    routing.transport_for.cache_clear()
