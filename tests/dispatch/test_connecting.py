"""A provider that nobody reaches is given up in time, however many addresses it has."""

import os
import re
import socket
import ssl
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from alerts.dispatch import outbox, routing
from alerts.dispatch.channels import email, wire
from alerts.dispatch.channels.base import TemporaryError
from alerts.dispatch.models import Message, State
from alerts.dispatch.sending import delivery, sweeping
from tests.dispatch import hostile
from tests.dispatch.conftest import point_at
from tests.dispatch.test_ledger import letters, make_cause
from tests.dispatch.test_transports import HTTP, outgoing
from tests.exercises.stand_ins import eventually
from tests.factories import NOON

NAME = "provider.localhost"
ACCOUNTS = ["simulated-sms", "simulated-telnyx", "simulated-email", "simulated-mailgun"]
LIMIT_S = 0.5


@contextmanager
def silent(address: str, port: int = 0):
    """Listen where nobody ever answers: the queue of connections is full."""
    with ExitStack() as held:
        door = held.enter_context(socket.socket())
        door.bind((address, port))
        door.listen(0)
        for _ in range(4):
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(door.getsockname())
        yield door.getsockname()[1]


@pytest.fixture
def led_to(monkeypatch, settings):
    """Let a provider's name lead to addresses, and the accounts to that name."""
    real = socket.getaddrinfo

    def lead(port: int, *addresses: str) -> None:
        def look_up(host, *args, **kwargs):
            if host != NAME:
                return real(host, *args, **kwargs)
            return [r for each in addresses for r in real(each, port, 0, 1)]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        monkeypatch.setattr(wire, "CONNECT_S", LIMIT_S)
        settings.ACCOUNTS = {name: dict(settings.ACCOUNTS[name]) for name in ACCOUNTS}
        for conf in settings.ACCOUNTS.values():
            for word in {"base_url", "api_url", "url"} & set(conf):
                scheme = conf[word].partition(":")[0]
                conf[word] = f"{scheme}://{NAME}:{port}"
        routing.transport_for.cache_clear()

    yield lead
    routing.transport_for.cache_clear()


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_name_with_many_dead_addresses_takes_no_longer_than_one(led_to, account):
    places = [f"127.0.0.{number}" for number in range(2, 10)]
    with ExitStack() as held:
        port = held.enter_context(silent(places[0]))
        for place in places[1:]:
            held.enter_context(silent(place, port))
        led_to(port, *places)
        began_s = time.monotonic()
        with pytest.raises(TemporaryError):
            routing.transport_for(account).send(outgoing(account))
        assert time.monotonic() - began_s < 3 * LIMIT_S


def test_the_address_that_answers_is_found_behind_one_that_does_not(led_to):
    talk = hostile.http(hostile.says(201, '{"sid": "SM1"}'))
    with hostile.serving(talk) as server, silent("127.0.0.2", server.port) as port:
        led_to(port, "127.0.0.2", "127.0.0.1")
        transport = routing.transport_for("simulated-sms")
        assert transport.send(outgoing("simulated-sms")) == "SM1"


class Halting:
    """A provider that never answers one number, until the test is over."""

    mode, hook, states, gone = "exercise", "", {}, frozenset()
    over = threading.Event()

    def __init__(self, account):
        self.account = account

    def send(self, outgoing):
        if outgoing.to.endswith("0"):
            self.over.wait()
        return outgoing.uid


@pytest.mark.django_db(transaction=True)
def test_what_has_landed_is_written_before_a_process_ends_for_one_that_hangs(
    settings, monkeypatch
):
    conf = {"transport": f"{__name__}.Halting", "channel": "sms", "mode": "exercise"}
    settings.ACCOUNTS = {"halting": conf}
    monkeypatch.setattr(delivery, "HUNG_S", 0.0)
    outbox.write(make_cause(), letters(2), NOON)
    sweeping.beat("one", NOON)
    sender = delivery.Sender("one", 2, lambda: NOON)
    sender.step()
    eventually(lambda: sender.senders.up == 1)
    with pytest.raises(delivery.HungError):
        sender.step()
    Halting.over.set()
    states = Message.objects.order_by("rank").values_list("state", flat=True)
    assert list(states) == [State.CLAIMED, State.ACCEPTED]


def test_a_database_or_name_server_that_vanishes_is_noticed():
    url = "postgres://muster@db.example.org/muster?connect_timeout=3"
    asked = "import os; from consular.settings import DATABASES;"
    asked += "print(DATABASES['default']['OPTIONS'], os.environ['RES_OPTIONS'])"
    env = {**os.environ, "DATABASE_URL": url}
    said = subprocess.check_output([sys.executable, "-c", asked], env=env, text=True)
    assert "'tcp_user_timeout': 30000" in said
    assert "'connect_timeout': 3" in said
    assert "timeout:2 attempts:2" in said


@pytest.fixture
def stranger(tmp_path):
    """A server whose certificate nobody has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1)
    made = made.not_valid_before(now).not_valid_after(now + timedelta(hours=1))
    pem = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path = tmp_path / "both.pem"
    signed = made.sign(key, hashes.SHA256()).public_bytes(pem)
    path.write_bytes(key.private_bytes(pem, *plain) + signed)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)

    def talk(line, _server):
        context.wrap_socket(line.sock, server_side=True).recv(1)

    with hostile.serving(talk) as server:
        yield SimpleNamespace(url=f"https://localhost:{server.port}", smtp_port=9)
    routing.transport_for.cache_clear()


@pytest.mark.parametrize(
    "account", [*HTTP[:2], "simulated-mailgun", "simulated-mastodon"]
)
def test_nothing_was_sent_to_a_server_that_cannot_show_who_it_is(
    settings, stranger, account
):
    point_at(settings, stranger)
    with pytest.raises(TemporaryError):
        routing.transport_for(account).send(outgoing(account))


@pytest.mark.parametrize("sender", ["a@example.org", "The Ministry <a@example.org>"])
def test_a_mail_s_id_is_well_formed_whatever_the_sender_is_called(sender):
    mail = email.build(outgoing("simulated-email"), sender)
    assert re.fullmatch(
        r"<muster\.[0-9a-f-]+\.1@example\.org>", mail.extra_headers["Message-ID"]
    )
