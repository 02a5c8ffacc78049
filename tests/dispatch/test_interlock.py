"""At the last step, no transport lets an exercise reach a live provider."""

import importlib
import inspect
import pkgutil
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils.module_loading import import_string

from alerts.dispatch import channels, outbox, routing
from alerts.dispatch.channels.base import CannotAskError, Transport
from alerts.dispatch.hearing import unclear
from alerts.dispatch.models import Message, Publication, State
from alerts.dispatch.sending import delivery, posting, requesting, suspects
from alerts.dispatch.sending.jobs import Job
from tests.dispatch.test_ledger import letters, make_cause
from tests.dispatch.test_transports import KINDS, SOCIAL, outgoing
from tests.factories import NOON

pytestmark = pytest.mark.django_db
# Of the installation, of message and cause, of the account.
MIXED = {
    "an exercise message": ("live", "exercise", "live"),
    "an exercise installation": ("exercise", "live", "live"),
    "a live account": ("exercise", "exercise", "live"),
    "an exercise account": ("live", "live", "exercise"),
    "no mode": ("live", "", "live"),
}
mixed = pytest.mark.parametrize("modes", list(MIXED.values()), ids=list(MIXED))
every_account = pytest.mark.parametrize("account", list(KINDS))


class Door:
    """A port that counts who comes, and closes at once."""

    def __init__(self) -> None:
        self.asked = 0
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        while True:
            try:
                came, _ = self.listening.accept()
            except OSError:
                return
            self.asked += 1
            came.close()


@pytest.fixture
def door(settings: Any) -> Iterator[Door]:
    """Every account leads there, whatever its mode."""
    made = Door()
    accounts = {name: dict(conf) for name, conf in settings.ACCOUNTS.items()}
    for conf in accounts.values():
        for key in {"base_url", "api_url", "url"} & conf.keys():
            scheme = "smtp" if key == "url" else "http"
            conf[key] = f"{scheme}://127.0.0.1:{made.port}"
    settings.ACCOUNTS = accounts
    routing.transport_for.cache_clear()
    yield made
    made.listening.close()
    routing.transport_for.cache_clear()


def mix(settings: Any, account: str, modes: tuple[str, str, str]) -> str:
    """Set the modes of installation and account; return the message's."""
    settings.MODE = modes[0]
    conf = settings.ACCOUNTS[account] | {"mode": modes[2]}
    settings.ACCOUNTS = settings.ACCOUNTS | {account: conf}
    return modes[1]


def job(account: str, mode: str) -> Job:
    late = NOON + timedelta(minutes=1)
    return Job(
        message_id=1,
        cause_id=1,
        lane=0,
        channel="sms",
        account=account,
        outgoing=outgoing(account, mode=mode),
        address_id=1,
        country="",
        incident_key="",
        parts=1,
        deadline=late,
        leave_by=late,
    )


def question(account: str, mode: str) -> unclear.Question:
    return unclear.Question(Message(), account, NOON, outgoing(account, mode=mode))


def test_every_transport_that_there_is_stands_here(settings: Any) -> None:
    """A new one is under test once it has a simulated account."""
    there = set()
    for found in pkgutil.iter_modules(channels.__path__):
        module = importlib.import_module(f"{channels.__name__}.{found.name}")
        for _, one in inspect.getmembers(module, inspect.isclass):
            if one.__module__ == module.__name__ and hasattr(one, "look_up"):
                there.add(one)
    bases = {base for one in there for base in one.__mro__[1:]} | {Transport}
    here = {import_string(settings.ACCOUNTS[each]["transport"]) for each in KINDS}
    assert there - bases <= here <= there


@every_account
@mixed
def test_nothing_is_sent(
    door: Door, settings: Any, account: str, modes: tuple[str, str, str]
) -> None:
    mode = mix(settings, account, modes)
    result = requesting.send(job(account, mode), lambda: NOON)
    assert (result.state, result.code) == (State.REJECTED, "interlock")
    assert door.asked == 0


@every_account
def test_what_agrees_is_sent(door: Door, account: str) -> None:
    """So that the door would count, were anything to come to it."""
    result = requesting.send(job(account, "exercise"), lambda: NOON)
    assert result.state != State.REJECTED
    assert door.asked > 0


@every_account
@mixed
def test_nothing_is_asked(
    door: Door, settings: Any, account: str, modes: tuple[str, str, str]
) -> None:
    """Some providers are asked by sending the same again with its key."""
    mode = mix(settings, account, modes)
    assert isinstance(unclear.ask(question(account, mode)), CannotAskError)
    assert door.asked == 0


@pytest.mark.parametrize("account", SOCIAL)
@pytest.mark.parametrize("state", [State.QUEUED, State.UNCLEAR])
@mixed
def test_nothing_is_posted_or_taken_back(
    door: Door, settings: Any, account: str, state: str, modes: tuple[str, str, str]
) -> None:
    cause = make_cause()
    outbox.publish(cause, outbox.text("social", "en", "EXERCISE."), NOON)
    mode = mix(settings, account, modes)
    Publication.objects.exclude(account=account).delete()
    Publication.objects.update(mode=mode, state=state, provider_id="1")
    type(cause).objects.update(mode=mode)
    assert posting.post_due(NOON) == 1
    post = Publication.objects.get()
    assert post.state == State.REJECTED
    assert "do not mix" in posting.take_down(post, NOON)
    assert door.asked == 0


@pytest.mark.parametrize("suspect", [False, True])
def test_a_message_of_another_mode_is_not_sent_alone_either(
    door: Door, settings: Any, suspect: bool
) -> None:
    outbox.write(make_cause(), letters(1), NOON)
    Message.objects.update(mode="live", is_suspect=suspect, account="simulated-sms")
    if suspect:
        suspects.send_one("worker", lambda: NOON)
    delivery.drain(NOON)
    assert Message.objects.get().state == State.REJECTED
    assert door.asked == 0
