"""Send a text to oneself: a notice, one recipient, capped, with a link to nowhere."""

from datetime import datetime
from uuid import uuid4

from alerts.dispatch import outbox
from alerts.dispatch.models import Channel
from alerts.incidents.drafts import wording
from alerts.incidents.drafts.wording import Words
from alerts.incidents.errors import FieldsError, ForbiddenError
from alerts.incidents.models import Incident
from consular.missions import audit
from consular.missions.access import Verb, may
from consular.missions.models import Officer


def send(incident: Incident, words: Words, by: Officer, now: datetime) -> None:
    """Send one text to its writer, with a sample link and code.

    Raises
    ------
    FieldsError, ForbiddenError
        When the officer has no such address, or has tried too often this hour.
    """
    if not may(by, Verb.DECLARE, now, incident.territory):
        raise ForbiddenError("You may not write messages. Ask a consular officer.")
    address = by.phone if words.channel == Channel.SMS else by.email
    if words.channel == Channel.SOCIAL or not address:
        noun = "phone number" if words.channel == Channel.SMS else "e-mail address"
        raise FieldsError({words.name: f"Your account has no {noun} to send it to."})
    if errors := wording.problems(words, incident.mode):
        raise FieldsError(errors)
    shown = wording.previewed(words, incident.mode)
    try:
        outbox.send_notice(
            f"test:{uuid4().hex}",
            purpose="own test",
            channel=words.channel,
            address=address,
            language=words.language,
            subject=shown.subject,
            body=shown.body,
            now=now,
        )
    except outbox.CappedError as error:
        raise FieldsError({words.name: str(error)}) from None
    audit.record("own_test", by, incident.key, now, channel=words.channel)
