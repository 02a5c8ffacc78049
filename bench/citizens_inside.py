"""What `bench.citizens` measures, inside a process with a database of its own."""

import json
import socket
from typing import Any

import django
import numpy as np

django.setup()

from django.core.management import call_command  # noqa: E402
from django.test import Client, override_settings  # noqa: E402
from django.utils import timezone  # noqa: E402

from alerts.dispatch.models import Message  # noqa: E402
from bench import citizens  # noqa: E402
from consular.people.managing import errands  # noqa: E402
from consular.people.models import Errand, Registration  # noqa: E402
from consular.people.registering import crisis  # noqa: E402
from tests import factories  # noqa: E402
from tests.people import forms_of  # noqa: E402

KNOWN = "known@example.org"


def run() -> dict[str, Any]:
    """Load the crisis form, ask for links, let a bot sign up; return the figures."""
    call_command("migrate", verbosity=0)
    factories.make_registration(email=KNOWN)
    form = crisis.open_form(
        "Earthquake", ["NI"], factories.make_officer(), timezone.now()
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with citizens.web(port):
        taken, accepted = citizens.load(port, f"/now/{form.code}/")
        stored = list(
            Registration.objects.filter(kind="crisis").values_list(
                "form_key", flat=True
            )
        )
        Errand.objects.all().delete()
        recover = citizens.in_turns(port, KNOWN, _recover)
        register = citizens.in_turns(port, KNOWN, _Register())
    return {
        "p95_s": float(np.percentile(taken, 95)),
        "accepted": len(accepted),
        "lost": len(accepted - set(stored)),
        "doubled": len(stored) - len(accepted & set(stored)),
        "auc_recover": recover,
        "auc_register": register,
        "texts": bot(),
    }


def _recover(link: Any, address: str) -> int:
    return citizens.post(link, "/my-link/", {"address": address})


class _Register:
    """Send the last page of the form for an address."""

    def __init__(self) -> None:
        last = forms_of.walk(Client(), reach={"phone": ""})
        self.wizard, self.number = forms_of.opened(forms_of.state_of(last)), 0

    def __call__(self, link: Any, address: str) -> int:
        self.number += 1
        self.wizard.key = f"{self.number:032x}"
        self.wizard.typed["email"] = address
        values = {"state": self.wizard.sealed(), "do": "next", "warn": "on"}
        return citizens.post(link, "/register/", values)


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
    print(json.dumps(run()))
