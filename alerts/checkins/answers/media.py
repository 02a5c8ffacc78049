"""Pictures and recordings that came with a reply: counted and linked, never fetched.

They stay with the provider, behind its sign-in; what is stored is the address that the
provider named. Telnyx's list is kept under the names that Twilio uses.
"""

import json
from dataclasses import dataclass
from typing import Any

from alerts.checkins.models import Inbound
from alerts.dispatch.models import Channel

MOST = 10  # what an MMS can hold


@dataclass(frozen=True)
class Medium:
    """One file at the provider."""

    url: str
    kind: str


def of(inbound: Inbound) -> list[Medium]:
    """Return what came with a reply; only addresses that a browser opens safely."""
    try:
        form = json.loads(inbound.raw)
        number = min(int(form.get("NumMedia") or 0), MOST)
    except (ValueError, AttributeError, TypeError):
        return []
    found = [
        Medium(
            str(form.get(f"MediaUrl{at}", "")), form.get(f"MediaContentType{at}", "")
        )
        for at in range(number)
    ]
    return [each for each in found if each.url.startswith("https://")]


def named(media: list[dict[str, Any]]) -> dict[str, str]:
    """Write Telnyx's list of media under Twilio's names."""
    fields = {"NumMedia": str(len(media))}
    for at, each in enumerate(media[:MOST]):
        fields[f"MediaUrl{at}"] = str(each.get("url", ""))
        fields[f"MediaContentType{at}"] = str(each.get("content_type", ""))
    return fields if media else {}


def note(inbound: Inbound) -> str:
    """Say that an officer must look at files, or nothing."""
    count, where = len(of(inbound)), ""
    if inbound.channel == Channel.EMAIL:
        count = int(json.loads(inbound.raw).get("Files") or 0)
        where = ", in the mailbox"
    return f"came with {count} file{'s' if count > 1 else ''}{where}" if count else ""
