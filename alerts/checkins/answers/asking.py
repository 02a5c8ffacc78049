"""Ask back who is meant, where "safe" came from a phone that several parties share.

The text waits for an officer as well; a code in the next one decides at once, and the
page behind the link lists everybody. Asked once an hour, and in words that name nobody.
"""

from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from alerts.checkins.answers import audiences
from alerts.checkins.models import Inbound, Standing
from alerts.dispatch import outbox
from alerts.dispatch.models import Channel
from alerts.incidents.models import Audience
from consular import languages, modes
from consular.people.models import Person

PURPOSE = "who is meant"
BY = {Channel.SMS.value, Channel.WHATSAPP.value}
MOST = 5  # parties in one text; the page behind the link lists all
SHOWN = 3  # of the persons of each


def ask(inbound: Inbound, sharing: list[Audience], now: datetime) -> bool:
    """Ask the phone of an answer for the code of who is meant; tell whether we did.

    Parameters
    ----------
    inbound : Inbound
        What did not say it.
    sharing : list of Audience
        The rows of one incident whose messages went to that phone, the newest first.
    now : datetime
        The time.
    """
    silent = _silent(sharing)
    if inbound.channel not in BY or not silent:
        return False
    first = next(iter(silent))
    language = first.registration.language
    lines = [f"{row.code}: {_initials(silent[row])}" for row in list(silent)[:MOST]]
    with languages.speak(language):
        body = _(
            "{ministry}: thank you. Several registrations have this number. Who is "
            "safe? Answer SAFE and the code, or tick them on the page behind our link. "
            "If you need help, answer HELP or call {phone}."
        ).format(
            ministry=settings.MINISTRY_NAME,
            phone=languages.number_in(language, settings.EMERGENCY_PHONE),
        )
    exercise = modes.mark(first.alert.incident.mode, language)
    try:
        outbox.send_notice(
            f"sharing:{inbound.pk}",
            purpose=PURPOSE,
            channel=inbound.channel,
            address=inbound.from_address,
            language=language,
            subject="",
            body="\n".join([exercise + body, *lines]),
            now=now,
        )
    except outbox.CappedError:
        return False
    return True


def _silent(sharing: list[Audience]) -> dict[Audience, list[Person]]:
    """Return a row for each party of which somebody has not answered, and who that is.

    Its newest one: the code in a person's last text is the one they look at.
    """
    newest = {row.registration_id: row for row in reversed(sharing)}
    found: dict[Audience, list[Person]] = {}
    for row in sorted(newest.values(), key=lambda row: row.pk):
        (persons,) = audiences.persons([row]).values()
        said = Standing.objects.filter(
            incident=row.alert.incident, person__in=persons
        ).values_list("person_id", flat=True)
        if len(set(said)) < len(persons) and row.code:
            found[row] = persons
    return found


def _initials(persons: list[Person]) -> str:
    return ", ".join(person.initials for person in persons[:SHOWN])
