"""Walk the four public pages as a browser without script does."""

import html
import re
from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from consular.people.registering.wizard import Wizard


def day(number: int) -> str:
    """Return a day as it is typed, so many days from today."""
    return str(timezone.localdate() + timedelta(days=number))


WHO = {"kind": "trip", "persons": "1", "person-0-given_name": "Invented"}
WHERE = {
    "stays": "1",
    "stay-0-place": "Managua, Nicaragua",
    "stay-0-arrives_on": day(4),
    "stay-0-departs_on": day(12),
}
REACH = {"phone": "+12025550101", "email": "invented@example.org", "language": "en"}
CHECK = {"warn": "on"}


def state_of(response: HttpResponse) -> str:
    found = re.search(r'name="state" value="([^"]*)"', response.content.decode())
    assert found, response.status_code
    return html.unescape(found[1])


def opened(state: str) -> Wizard:
    return Wizard.opened(state, timezone.localdate())


def filled(response: HttpResponse) -> dict[str, str]:
    """Return what a browser would send of a page that nobody typed on."""
    values = {}
    body = response.content.decode()
    for tag in re.findall(r"<input[^>]*>", body):
        found = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        is_off = found["type"] in ("radio", "checkbox") and " checked" not in tag
        if not is_off and found["name"] not in ("state", "lang"):
            empty = "on" if found["type"] == "checkbox" else ""
            values[found["name"]] = html.unescape(found.get("value", empty))
    chosen = re.search(r'<select name="(\w+)".*?value="(\w+)" selected', body, re.S)
    return values | ({chosen[1]: chosen[2]} if chosen else {})


def send(
    client: Client, before: HttpResponse, values: dict[str, str], do: str = "next"
) -> Any:
    post = {"state": state_of(before), "do": do} | values
    return client.post("/register/", post)


def walk(client: Client, **changes: dict[str, str]) -> Any:
    """Fill the first three pages; return the fourth."""
    page = client.get("/register/")
    for name, values in (("who", WHO), ("where", WHERE), ("reach", REACH)):
        page = send(client, page, values | changes.get(name, {}))
    return page


def register(client: Client, **changes: dict[str, str]) -> Any:
    return send(client, walk(client, **changes), CHECK)
