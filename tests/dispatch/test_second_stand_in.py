"""Our stand-in of Twilio and one that others made agree on what our transport sees."""

import threading
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

import pytest
import requests

from alerts.dispatch import routing
from alerts.dispatch.channels.base import Outgoing, PermanentError
from alerts.dispatch.hearing import receipts
from alerts.dispatch.models import Receipt
from tests import second
from tests.factories import NOON

pytestmark = pytest.mark.django_db
ACCOUNT = "simulated-sms"
NUMBER = "+12025550101"
WAIT_S = 20.0


@dataclass
class Callbacks:
    """What a stand-in posted back: address, signature, form."""

    url: str
    got: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def callbacks():
    """A server that takes what is posted to it."""
    found = Callbacks("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            size = int(self.headers["Content-Length"])
            form = dict(parse_qsl(self.rfile.read(size).decode()))
            sign = self.headers.get("X-Twilio-Signature", "")
            found.got.append((self.path, sign, form))
            self.send_response(204)
            self.end_headers()
            if form.get("MessageStatus") == "delivered":
                found.ended.set()

        def log_message(self, *words):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield found
        server.shutdown()


def nothing(sid: str) -> None:
    """Leave a text to itself: our stand-in delivers by itself."""


@pytest.fixture(params=["ours", "others'"])
def deliver(request, settings, tmp_path, callbacks):
    """Each stand-in in turn, its account set up; yield what makes a text arrive."""
    settings.PUBLIC_URL = callbacks.url
    if request.param == "ours":
        request.getfixturevalue("provider")
        yield nothing
        return
    if not second.PROGRAM.exists():
        pytest.skip("npm is not here, or could not install the second stand-in")
    with second.running(tmp_path) as url:
        accounts = {name: dict(conf) for name, conf in settings.ACCOUNTS.items()}
        accounts[ACCOUNT] |= second.ACCOUNT | {"base_url": url}
        settings.ACCOUNTS = accounts
        routing.transport_for.cache_clear()
        base = f"{url}/2010-04-01/Accounts/{second.ACCOUNT['account_sid']}/Messages"
        auth = second.ACCOUNT["account_sid"], second.ACCOUNT["auth_token"]

        def arrives(sid: str) -> None:
            form = {"Status": "delivered"}
            requests.post(f"{base}/{sid}.json", form, auth=auth, timeout=10)

        yield arrives
    routing.transport_for.cache_clear()


def outgoing(callbacks, **changes) -> Outgoing:
    uid = str(uuid.uuid4())
    link = f"https://alerts.example.org/c/{uid[:23]}"
    fields = {
        "uid": uid,
        "attempt": 1,
        "mode": "exercise",
        "to": NUMBER,
        "body": f"Ne quittez pas l'hôtel – 不要离开 🏨 {link}",
        "link": link,
        "valid_s": 3600.0,
        "callback_url": f"{callbacks.url}/hooks/twilio/status/{uid}/1",
    }
    return Outgoing(**(fields | changes))


def test_a_text_is_taken_and_found_again_by_its_link(deliver, callbacks):
    transport = routing.transport_for(ACCOUNT)
    message = outgoing(callbacks)
    sid = transport.send(message)
    assert sid.startswith("SM")
    assert len(sid) == 34
    assert transport.look_up(message) == sid
    assert not transport.look_up(outgoing(callbacks))


@pytest.mark.parametrize("changes", [{"to": ""}, {"to": "+12"}])
def test_what_cannot_be_sent_is_refused_for_good(deliver, callbacks, changes):
    with pytest.raises(PermanentError) as refused:
        routing.transport_for(ACCOUNT).send(outgoing(callbacks, **changes))
    assert refused.value.code in {"21201", "21211", "21604"}


def test_a_wrong_token_is_refused_with_the_same_code(deliver, callbacks, settings):
    settings.ACCOUNTS[ACCOUNT]["auth_token"] = "wrong"
    routing.transport_for.cache_clear()
    with pytest.raises(PermanentError) as refused:
        routing.transport_for(ACCOUNT).send(outgoing(callbacks))
    assert refused.value.code == "20003"


def test_its_signed_receipts_are_taken_and_a_changed_one_is_not(
    deliver, callbacks, client
):
    message = outgoing(callbacks)
    sid = routing.transport_for(ACCOUNT).send(message)
    deliver(sid)
    assert callbacks.ended.wait(WAIT_S)
    for path, sign, form in list(callbacks.got):
        forged = client.post(path, form | {"To": "+1"}, HTTP_X_TWILIO_SIGNATURE=sign)
        taken = client.post(path, form, HTTP_X_TWILIO_SIGNATURE=sign)
        assert (forged.status_code, taken.status_code) == (403, 204)
    rows = Receipt.objects.filter(message_uid=message.uid, provider_id=sid)
    states = {receipts.state_of(row) for row in rows}
    assert states == {"accepted", "delivered"}
    assert rows.count() == len({form["MessageStatus"] for _, _, form in callbacks.got})
    assert receipts.apply_waiting(NOON) == rows.count()
