"""From audience rows to letters for the mail room."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import numpy as np

from alerts.dispatch import outbox
from alerts.dispatch.book import Known, Place
from alerts.dispatch.models import Cause, Channel, Text
from alerts.incidents.models import Alert, AudienceMessage
from consular import copying
from consular.people.models import Contact
from consular.people.stays import members
from consular.sealing import Sealed

CHANNEL_OF = {
    Contact.Kind.PHONE.value: Channel.SMS.value,
    Contact.Kind.EMAIL.value: Channel.EMAIL.value,
}
LINK_PATH = "c"
FURTHEST_RANK = 2_000_000_000


@dataclass
class Addressed:
    """The addresses of one registration, on the alert's channels."""

    reachable: list["Reach"] = field(default_factory=list)
    silenced: int = 0


class Reach(NamedTuple):
    """An address to write to, which nobody needs to open for that."""

    channel: str
    address_key: str
    address: Sealed
    text: Text
    address_id: int | None = None


class Seat(NamedTuple):
    """A row of the audience that is written to."""

    pk: int
    registration_id: int
    distance_m: float
    code: str
    purpose: str = outbox.ALERT


class Post:
    """The texts and the cause of an alert, and the letters written with them."""

    def __init__(self, alert: Alert, now: datetime) -> None:
        self.alert, self.now = alert, now
        self.known: dict[Place, int] | None = None
        self.cause = Cause.objects.get(key=alert.cause_key)
        self.texts: dict[tuple[str, str], Text] = {
            (said["channel"], said["language"]): outbox.text(
                said["channel"], said["language"], said["body"], said["subject"]
            )
            for said in alert.texts
        }

    def text_for(self, channel: str, language: str) -> Text:
        """Return the text in a language, or in the fallback's."""
        found = self.texts.get((channel, language))
        return found or self.texts[channel, self.alert.fallback]

    def addresses_of(self, registration_ids: Iterable[int]) -> dict[int, Addressed]:
        """Find the parties' own addresses that an alert may be sent to."""
        found: dict[int, Addressed] = defaultdict(Addressed)
        numbers = np.array(sorted(registration_ids), np.int64)
        for contact in members.contacts_of(numbers):
            party = found[contact.registration_id]
            channel = CHANNEL_OF[contact.kind]
            if contact.is_silenced:
                party.silenced += 1
            elif channel in self.alert.channels:
                text = self.text_for(channel, contact.language)
                reach = Reach(
                    channel,
                    contact.address_key,
                    contact.address,
                    text,
                    contact.address_id,
                )
                party.reachable.append(reach)
        return found

    def rely_on(
        self, addressed: dict[int, Addressed], on_their_way: Collection[Place]
    ) -> None:
        """Take what was read of addresses for what is there, until `look_again`.

        Then `write` asks the database less, and fails where that is not so any more.
        What is on its way into the database may not have been there to be read.
        """
        before = self.known or {}
        kept = {place: before[place] for place in on_their_way if place in before}
        self.known = kept | {
            (reach.channel, reach.address_key): reach.address_id
            for party in addressed.values()
            for reach in party.reachable
            if reach.address_id is not None
        }

    def look_again(self) -> None:
        """Look every address up before it is written to."""
        self.known = None

    def write(
        self,
        seats: Iterable[Seat],
        addressed: dict[int, Addressed],
        batch: copying.Batch | None = None,
    ) -> None:
        """Write the messages of audience rows; a shared address gets one for all.

        With a `batch` they are put into it, and what was read is relied on.
        """
        letters, served = [], []
        for seat in seats:
            rank = min(int(seat.distance_m), FURTHEST_RANK)
            for reach in addressed[seat.registration_id].reachable:
                served.append(seat.pk)
                letters.append(
                    outbox.Letter(
                        channel=reach.channel,
                        address=reach.address,
                        address_key=reach.address_key,
                        text=reach.text,
                        code=seat.code,
                        link_path=LINK_PATH,
                        rank=rank,
                        purpose=seat.purpose,
                    )
                )
        known = None
        if batch is not None and self.known is not None:
            known = Known(self.known, batch)
        messages = outbox.write_many(self.cause, letters, self.now, known)
        pairs = list(dict.fromkeys(zip(served, messages, strict=True)))
        columns = {
            "audience_id": [audience for audience, _ in pairs],
            "message_id": [message for _, message in pairs],
        }
        if batch is not None:
            batch.add(AudienceMessage, len(pairs), columns)
        else:
            copying.write(AudienceMessage, len(pairs), columns, ignore_conflicts=True)

    def publish(self) -> None:
        """Write the public posts, where social media was chosen."""
        if Channel.SOCIAL not in self.alert.channels:
            return
        for (channel, _language), text in self.texts.items():
            if channel == Channel.SOCIAL:
                outbox.publish(self.cause, text, self.now)
