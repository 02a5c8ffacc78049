"""From audience rows to letters for the mail room."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import TextField
from django.db.models.functions import Cast

from alerts.dispatch import addresses, outbox
from alerts.dispatch.models import Cause, Channel, Text
from alerts.incidents.models import Alert, Audience, AudienceMessage
from consular import copying
from consular.people.models import Contact, Registration
from consular.sealing import Sealed

CHANNEL_OF = {Contact.Kind.PHONE: Channel.SMS, Contact.Kind.EMAIL: Channel.EMAIL}
LINK_PATH = "c"
FURTHEST_RANK = 2_000_000_000


@dataclass
class Addressed:
    """The addresses of one registration, on the alert's channels."""

    language: str = ""
    reachable: list["Reach"] = field(default_factory=list)
    silenced: int = 0


@dataclass(frozen=True, slots=True)
class Reach:
    """An address to write to, which nobody needs to open for that."""

    channel: str
    address_key: str
    address: Sealed


class Post:
    """The texts and the cause of an alert, and the letters written with them."""

    def __init__(self, alert: Alert, now: datetime) -> None:
        self.alert, self.now = alert, now
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
        registrations = Registration.objects.filter(pk__in=list(registration_ids))
        for pk, language in registrations.values_list("pk", "language"):
            found[pk].language = language
        own = Contact.objects.filter(
            registration_id__in=list(found), role=Contact.Role.OWN
        ).order_by("id")
        columns = ("registration_id", "kind", "address_key")
        sealed = Cast("address", TextField())
        contacts = [
            (number, CHANNEL_OF[Contact.Kind(kind)].value, key, Sealed(address))
            for number, kind, key, address in own.values_list(*columns, sealed)
        ]
        silenced = addresses.silenced((channel, key) for _, channel, key, _ in contacts)
        for number, channel, key, address in contacts:
            if (channel, key) in silenced:
                found[number].silenced += 1
            elif channel in self.alert.channels:
                found[number].reachable.append(Reach(channel, key, address))
        return found

    def write(self, rows: list[Audience], addressed: dict[int, Addressed]) -> None:
        """Write the messages of audience rows; a shared address gets one for all."""
        letters, served = [], []
        for row in rows:
            party = addressed[row.registration_id]
            for reach in party.reachable:
                served.append(row.pk)
                letters.append(
                    outbox.Letter(
                        channel=reach.channel,
                        address=reach.address,
                        address_key=reach.address_key,
                        text=self.text_for(reach.channel, party.language),
                        code=row.code,
                        link_path=LINK_PATH,
                        rank=min(int(row.distance_m), FURTHEST_RANK),
                    )
                )
        messages = outbox.write_many(self.cause, letters, self.now)
        columns = {"audience_id": served, "message_id": messages}
        copying.write(AudienceMessage, len(served), columns, ignore_conflicts=True)

    def publish(self) -> None:
        """Write the public posts, where social media was chosen."""
        if Channel.SOCIAL not in self.alert.channels:
            return
        for (channel, _language), text in self.texts.items():
            if channel == Channel.SOCIAL:
                outbox.publish(self.cause, text, self.now)
