"""What `bench.replies` measures, inside a process with a database of its own."""

import json
import sys
from itertools import count

import django

django.setup()

from django.conf import settings  # noqa: E402 - Django must be set up first
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402
from twilio.request_validator import RequestValidator  # noqa: E402

from alerts.checkins.models import CheckIn, Inbound  # noqa: E402
from alerts.dispatch import links  # noqa: E402
from alerts.dispatch.models import Message  # noqa: E402
from bench import board, replies  # noqa: E402
from bench.mailroom import FIRST_NUMBER  # noqa: E402
from tests import factories  # noqa: E402

_NUMBERS = count()
_TABLE = "CREATE TABLE IF NOT EXISTS bare (id bigserial PRIMARY KEY, body text)"


def hooks(url: str, number: int) -> list[replies.Request]:
    """Return so many signed replies, each from another number."""
    conf = settings.ACCOUNTS["simulated-sms"]
    validator = RequestValidator(conf["auth_token"])
    made = []
    for _ in range(number):
        each = next(_NUMBERS)
        values = {
            "MessageSid": f"SM{each:032x}",
            "From": f"+{FIRST_NUMBER + each}",
            "To": conf["sender"],
            "Body": "SAFE",
        }
        signed = validator.compute_signature(f"{url}/hooks/twilio/sms", values)
        made.append(
            replies.form("/hooks/twilio/sms", values, **{"X-Twilio-Signature": signed})
        )
    return made


def run(port: int) -> dict[str, float]:
    """Fill, serve, and measure one after the other."""
    incident, officer = board.fill(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(_TABLE)
    client = Client(**board.HOST)
    factories.sign_in(client, officer)
    cookie = "; ".join(f"{n}={v.value}" for n, v in client.cookies.items())
    live = f"/desk/incidents/{incident.reference}/live/"
    cursor_ = json.loads(board.plain(client.get(live)))["cursor"]
    url, other = f"http://127.0.0.1:{port}", replies.free_port()
    rates: dict[str, list[float]] = {"hook": [], "bare": []}
    with (
        replies.web("consular.wsgi:application", port),
        replies.web("bench.bare:application", other),
    ):
        one = replies.form("/insert", {"Body": "SAFE"})
        for _ in range(replies.TURNS):
            rates["hook"].append(replies.flat_out(port, hooks(url, 6000)))
            rates["bare"].append(replies.flat_out(other, [one] * 20_000))
        stored = Inbound.objects.count()
        polls = replies.Load(port, replies.EVERY_S / replies.BOARDS)
        polls.start(replies.polls_of(f"{live}?since={cursor_}", cookie))
        hook = replies.Load(port, 1 / replies.HOOKS)
        sent = replies.HOOKS * replies.SECONDS
        hook.start(hooks(url, sent))
        hook.finish()
        polls.finish()
        lost = sent - (Inbound.objects.count() - stored)
        before = CheckIn.objects.count()
        rows = Message.objects.order_by("pk")[: replies.LINKS * replies.SECONDS]
        taps = replies.links_of([links.token(row.uid) for row in rows])
        link = replies.Load(port, 1 / replies.LINKS)
        link.start(taps)
        link.finish()
    return {
        "hook_rate": max(rates["hook"]),
        "bare": max(rates["bare"]),
        "hook_p99_ms": hook.milliseconds(99),
        "hook_p50_ms": hook.milliseconds(50),
        "hook_failed": len(hook.failed),
        "hook_lost": lost,
        "poll_p95_ms": polls.milliseconds(95),
        "poll_failed": len(polls.failed),
        "link_p95_ms": link.milliseconds(95),
        "link_failed": len(link.failed),
        "links": len(taps),
        "statements": CheckIn.objects.count() - before,
    }


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]))))
