"""Open groups for coordinators, who register their own people by a link of theirs.

A coordinator sees the names that came in by them, whether each has agreed, and in a
crisis whether each is safe, needs help or is silent; no place, no number, no need.
"""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from alerts.dispatch import outbox
from consular import languages, modes, sealing
from consular.missions import audit
from consular.missions.models import Mission, Officer
from consular.people.models import Group, Membership, Registration

PURPOSE = "group"


def open_group(
    name: str,
    email: str,
    language: str,
    by: Officer,
    now: datetime,
    *,
    mission: Mission | None = None,
) -> Group:
    """Open a group of a mission; its coordinator gets the link within seconds."""
    with transaction.atomic():
        group = Group.objects.create(
            name=name,
            mode=modes.installation(),
            language=language,
            coordinator=email,
            mission=mission,
            opened_by=by,
            opened_at=now,
        )
        Group.objects.filter(pk=group.pk).update(
            token_key=sealing.token_key(token(group))
        )
        audit.record("open_group", by, str(group), now)
    group.refresh_from_db()
    return group


def close_group(group: Group, by: Officer, now: datetime) -> bool:
    """End a coordinator's link; its people's registrations stay theirs."""
    row = Group.objects.filter(pk=group.pk, closed_at=None)
    with transaction.atomic():
        closed = row.update(closed_at=now, token_key=None)
        if closed:
            audit.record("close_group", by, str(group), now)
    return bool(closed)


def token(group: Group) -> str:
    """Return the token of a coordinator's link."""
    return sealing.token(PURPOSE, f"{group.pk}:{group.opened_at.isoformat()}")


def link(group: Group) -> str:
    """Return the address that a coordinator opens."""
    return f"{settings.PUBLIC_URL}/g/{token(group)}/"


def opened(found_token: str) -> Group | None:
    """Return the open group that a token is good for, if any."""
    key = sealing.token_key(found_token)
    return Group.objects.filter(token_key=key, closed_at=None).first()


def name_for(registration: Registration) -> str:
    """Return the name of the group by which somebody came in, or ""."""
    found = Membership.objects.filter(registration=registration)
    return found.values_list("group__name", flat=True).first() or ""


@transaction.atomic
def agree(registration: Registration, now: datetime) -> None:
    """Note that a member lets the coordinator see whether they have answered."""
    row = Registration.objects.select_for_update().get(pk=registration.pk)
    row.consents = row.consents | {PURPOSE: now.date().isoformat()}
    row.save(update_fields=["consents"])


def tell(now: datetime) -> int:
    """Send each new coordinator their link, once; return how many."""
    waiting = Group.objects.filter(told_at=None, closed_at=None)
    told = 0
    for number in waiting.values_list("pk", flat=True)[:50]:
        try:
            with transaction.atomic():
                if not waiting.filter(pk=number).update(told_at=now):
                    continue
                _send(Group.objects.get(pk=number), now)
                told += 1
        except outbox.CappedError:  # it waits until the hour is over
            continue
    return told


def _send(group: Group, now: datetime) -> None:
    exercise = modes.mark(group.mode)
    with languages.speak(group.language):
        subject = _("Register your people")
        body = _(
            "{ministry}: by this link of your own you register the people of {group},"
            " and see in a crisis who has answered. Keep it to yourself: {link}"
        ).format(ministry=settings.MINISTRY_NAME, group=group.name, link=link(group))
    outbox.send_notice(
        f"group:{group.pk}",
        purpose="code",
        channel="email",
        address=group.coordinator,
        language=group.language,
        subject=exercise + subject,
        body=exercise + body,
        now=now,
    )
