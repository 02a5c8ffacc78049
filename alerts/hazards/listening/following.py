"""Follow the links of a list of alerts, each once, and read what is behind them.

What a list says of an alert and the alert itself are one statement: the link is a name
that both have. What cannot be fetched now is asked for again at the next poll.
"""

from dataclasses import dataclass, field
from datetime import datetime

from alerts.hazards.listening import intake
from alerts.hazards.models import Document, Source
from consular import outgoing

LINKS_MOST = 100  # a poll; the rest has its turn at the next


@dataclass
class Followed:
    """What came of it: documents read, links left, and the last trouble in words."""

    documents: list[Document] = field(default_factory=list)
    left: int = 0
    trouble: str = ""


def follow(source: Source, links: list[str], now: datetime) -> Followed:
    """Fetch and read what is behind links that were not followed yet."""
    known = set(
        Document.objects.filter(source=source, url__in=links).values_list(
            "url", flat=True
        )
    )
    fresh = [link for link in dict.fromkeys(links) if link not in known]
    found = Followed(left=max(len(fresh) - LINKS_MOST, 0))
    for link in fresh[:LINKS_MOST]:
        try:
            answer = outgoing.get(link, mode=source.mode)
        except outgoing.OutgoingError as error:
            found.left += 1
            found.trouble = str(error)
            continue
        document = intake.store(source, answer.body, answer.content_type, now, link)
        if document.state == Document.State.NEW:
            intake.read(document, now)
        found.documents.append(document)
    return found
