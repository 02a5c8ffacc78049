"""Follow the links of a list of alerts, each once, and read what is behind them.

What a list says of an alert and the alert itself are one statement: the link is a name
that both have. What cannot be fetched now is asked for again at the next poll. A strong
earthquake's detail leads on to the map of its shaking, one link further.
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings

from alerts.hazards.listening import intake
from alerts.hazards.models import Document, Source
from consular import outgoing
from consular.modes import Mode

LINKS_MOST = 100  # a poll; the rest has its turn at the next


@dataclass
class Followed:
    """What came of it: documents read, links left, and the last trouble in words."""

    documents: list[Document] = field(default_factory=list)
    left: int = 0
    trouble: str = ""


def follow(source: Source, links: list[str], now: datetime) -> Followed:
    """Fetch and read what is behind links that were not followed yet."""
    fresh = _unknown(source, links)
    if source.format == "usgs" and source.mode == Mode.EXERCISE:
        # Recorded feeds still name the network's own server, which no exercise asks.
        own = settings.EXERCISE_FEEDS
        fresh = [link for link in fresh if urlsplit(link).netloc == own]
    found = Followed(left=max(len(fresh) - LINKS_MOST, 0))
    waiting = deque((link, True) for link in fresh[:LINKS_MOST])
    while waiting:
        link, leads_on = waiting.popleft()
        try:
            answer = outgoing.get(link, mode=source.mode)
        except outgoing.OutgoingError as error:
            found.left += 1
            found.trouble = str(error)
            continue
        document = intake.store(source, answer.body, answer.content_type, now, link)
        if document.state == Document.State.NEW:
            onward = intake.read(document, now)
            if leads_on and source.format == "usgs":
                waiting += [(each, False) for each in _unknown(source, onward)]
        found.documents.append(document)
    return found


def _unknown(source: Source, links: list[str]) -> list[str]:
    """Return the links behind which nothing was read yet, each once."""
    known = Document.objects.filter(source=source, url__in=links)
    read = set(known.values_list("url", flat=True))
    return [link for link in dict.fromkeys(links) if link not in read]
