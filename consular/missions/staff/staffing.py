"""Make accounts, give and take roles, disable: each logged, each effective at once."""

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django_otp.plugins.otp_totp.models import TOTPDevice

from consular.missions import audit
from consular.missions.access import Reach, Verb, reach
from consular.missions.errors import StaffingError
from consular.missions.models import Mission, Officer, Passkey, Posting, Role
from consular.missions.sign_in import sessions
from consular.missions.staff import contacting

SURGE_ROLES = (Role.DUTY_OFFICER, Role.CONSULAR_OFFICER)
LONGEST_SURGE = timedelta(days=90)
NEW = timedelta(hours=24)  # in which an account is not independent of who made it


@dataclass(frozen=True, kw_only=True)
class Newcomer:
    """Who is to have an account, in which role, for which mission, for how long."""

    email: str
    full_name: str
    role: str
    phone: str = ""
    mission: Mission | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Keys:
    """What is told to an officer once, and is not kept in the clear."""

    officer: Officer
    password: str
    secret: str
    uri: str


def wing(by: Officer, now: datetime) -> Reach:
    """Return for which missions somebody may look after accounts."""
    return reach(by, Verb.ADMINISTER, now)


def seen_by(by: Officer, now: datetime) -> QuerySet[Officer]:
    """Return the officers whose accounts somebody looks after."""
    where = wing(by, now)
    listed = Officer.objects.order_by("full_name", "pk")
    if where.everywhere:
        return listed
    postings = Posting.objects.filter(mission_id__in=where.missions)
    return listed.filter(pk__in=postings.values("officer"))


def missions_of(by: Officer, now: datetime) -> QuerySet[Mission]:
    """Return the missions for which somebody may give roles."""
    where = wing(by, now)
    listed = Mission.objects.all()
    return listed if where.everywhere else listed.filter(pk__in=where.missions)


def _check_wing(by: Officer, mission: Mission | None, now: datetime) -> None:
    where = wing(by, now)
    if not where.everywhere and (mission is None or mission.pk not in where.missions):
        words = "You give roles for your own missions only."
        raise StaffingError({"mission": words})


@transaction.atomic
def add(newcomer: Newcomer, by: Officer, now: datetime) -> Keys:
    """Make an account with one role, and return its password and secret once.

    Raises
    ------
    StaffingError
        With what to mend.
    """
    _check_wing(by, newcomer.mission, now)
    errors, fields = {}, {"email": "", "phone": ""}
    for name, read in (("email", contacting.email), ("phone", contacting.phone)):
        typed = getattr(newcomer, name)
        try:
            fields[name] = read(typed) if typed or name == "email" else ""
        except contacting.AddressError as error:
            errors[name] = str(error)
    if not 2 <= len(newcomer.full_name.strip()) <= 120:
        errors["full_name"] = "Give the name, in 2 to 120 characters."
    if errors:
        raise StaffingError(errors)
    try:
        with transaction.atomic():
            officer = Officer.objects.create(
                username=fields["email"].lower(),
                full_name=newcomer.full_name.strip(),
                **fields,
            )
    except IntegrityError:
        words = "There is an account of that name already; give it the role instead."
        raise StaffingError({"email": words}) from None
    audit.record("add_officer", by, f"officer {officer.pk}", now)
    give(officer, newcomer.role, newcomer.mission, newcomer.until, by, now)
    return renew_keys(officer, by, now)


@transaction.atomic
def give(
    officer: Officer,
    role: str,
    mission: Mission | None,
    until: datetime | None,
    by: Officer,
    now: datetime,
) -> Posting:
    """Give an officer a role for a mission or, with none, for all of them.

    Raises
    ------
    StaffingError
        When it is one's own account, the end is past or too far, or it is there.
    """
    _check_not_self(officer, by)
    _check_wing(by, mission, now)
    if role not in Role.values:
        raise StaffingError({"role": "Choose a role."})
    if until is not None and not now < until <= now + LONGEST_SURGE:
        raise StaffingError({"until": "It ends in the future, in 90 days at most."})
    posting, is_new = Posting.objects.get_or_create(
        officer=officer, mission=mission, role=role, defaults={"until": until}
    )
    if not is_new:
        Posting.objects.filter(pk=posting.pk).update(until=until)
    ends = until.isoformat() if until else ""
    audit.record(
        "give_role",
        by,
        f"officer {officer.pk}",
        now,
        role=role,
        mission=mission.pk if mission else 0,
        until=ends,
    )
    return posting


@transaction.atomic
def take(posting: Posting, by: Officer, now: datetime) -> None:
    """Take a role away; the officer's sessions end at once."""
    _check_not_self(posting.officer, by)
    _check_wing(by, posting.mission, now)
    posting.delete()
    sessions.end_all(posting.officer)
    audit.record(
        "take_role",
        by,
        f"officer {posting.officer_id}",
        now,
        role=posting.role,
        mission=posting.mission_id or 0,
    )


@transaction.atomic
def set_active(officer: Officer, is_active: bool, by: Officer, now: datetime) -> None:
    """Disable an account, which ends its sessions, or let it sign in again."""
    _check_not_self(officer, by)
    _check_whole(officer, by, now)
    if not is_active:
        sessions.end_all(officer)
    Officer.objects.filter(pk=officer.pk).update(is_active=is_active)
    action = "enable_officer" if is_active else "disable_officer"
    audit.record(action, by, f"officer {officer.pk}", now)


@transaction.atomic
def renew_keys(officer: Officer, by: Officer, now: datetime) -> Keys:
    """Give a new password and a new secret; old ones, and passkeys, end.

    For a day the account is not a second person beside who gave them, who knows both.
    """
    _check_not_self(officer, by)
    _check_whole(officer, by, now)
    password = secrets.token_urlsafe(12)
    officer.set_password(password)
    officer.keys_by, officer.keys_at = by, now
    officer.save(update_fields=["password", "keys_by", "keys_at"])
    sessions.end_all(officer)
    TOTPDevice.objects.filter(user=officer).delete()
    Passkey.objects.filter(user=officer).delete()
    device = TOTPDevice.objects.create(user=officer, name="phone", confirmed=True)
    audit.record("renew_keys", by, f"officer {officer.pk}", now)
    secret = base64.b32encode(device.bin_key).decode().rstrip("=")
    return Keys(officer, password, secret, device.config_url)


@transaction.atomic
def is_independent(one: Officer, other: Officer, now: datetime) -> bool:
    """Tell whether neither of two made, or renewed, the other's keys within a day."""
    return not any(
        a.keys_by_id == b.pk and a.keys_at is not None and now < a.keys_at + NEW
        for a, b in ((one, other), (other, one))
    )


def _check_not_self(officer: Officer, by: Officer) -> None:
    """See that it is another's account; so one administrator is always left, too."""
    if officer.pk == by.pk:
        words = "Another administrator changes your own account."
        raise StaffingError({"officer": words})


def _check_whole(officer: Officer, by: Officer, now: datetime) -> None:
    """See that an account reaches no further than who disables or renews it.

    Else the administrator of one mission could sign in as one of all missions.
    """
    where = wing(by, now)
    if where.everywhere:
        return
    beyond = officer.postings.exclude(mission_id__in=where.missions)
    if officer.is_superuser or beyond.exists():
        words = "This account works for other missions too; ask their administrator."
        raise StaffingError({"officer": words})


def expire(now: datetime) -> int:
    """Disable accounts whose last role has run out; return how many."""
    in_force = Posting.objects.in_force(now)
    over = Officer.objects.filter(is_active=True, is_superuser=False).filter(
        Q(postings__until__lte=now)
    )
    found = list(over.exclude(pk__in=in_force.values("officer")).distinct()[:100])
    for officer in found:
        with transaction.atomic():
            Officer.objects.filter(pk=officer.pk).update(is_active=False)
            sessions.end_all(officer)
            audit.record("account_ran_out", None, f"officer {officer.pk}", now)
    return len(found)
