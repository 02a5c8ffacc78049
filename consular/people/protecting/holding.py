"""Name why something is held of people, on what ground, how long, for whose eyes."""

from dataclasses import dataclass
from enum import Enum

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = str | Promise


class Why(Enum):
    """What something is needed for."""

    FIND = _("To know who is where something happens")
    REACH = _("To warn you and to reach you")
    WHO = _("To know whom we look for, and to count each of you once")
    HELP = _("To help first where it is needed most")
    FOLLOW = _("To follow up on your answer until you are safe")
    PROVE = _("To be able to say later what was done, and why")
    GUARD = _("To keep your data yours, and the service from being abused")
    STAFF = "To let officers, and nobody else, work with it"


class Basis(Enum):
    """The ground on which it may be held; articles are those of the GDPR."""

    CONSENT = _("Your consent (Article 6(1)(a))")
    EXPLICIT = _("Your explicit consent (Articles 6(1)(a) and 9(2)(a))")
    VITAL = _("Your vital interests (Articles 6(1)(d) and 9(2)(c))")
    TASK = _("A task in the public interest (Article 6(1)(e))")
    DUTY = _("A legal duty to account for it (Article 6(1)(c))")


class Kept(Enum):
    """For how long; `{days}` and `{longer}` are settings of this installation.

    `{longer}` is KEEP_WHEREABOUTS_DAYS; which setting `{days}` is, DAYS says.
    """

    STAY = _(
        "90 days after your return; residents: a year after you last said it is right"
    )
    MESSAGE = _(
        "{days} days, what only concerns you; an alert's, as long as your registration;"
        " an address that nobody is registered with, {longer} days"
    )
    ANSWER = _(
        "{days} days after it is dealt with and the incident is closed; what nobody"
        " dealt with, {longer} days"
    )
    INCIDENT = _("{days} days after the incident is closed")
    QUESTION = _(
        "90 days after the question; what you let us tell, {days} days after the"
        " incident is closed"
    )
    HOURS = _(
        "Some minutes, two days at most; {days} days where very many wait for a message"
    )
    LASTING = _("For good, as numbers and references without your name")
    ACCOUNT = (
        "As long as the officer's account; sign-ins, with the network address and the"
        " browser, as long as the session"
    )


class Eyes(Enum):
    """Who may see it."""

    YOU = _("You")
    OFFICERS = _("Officers whose role allows it; each look is logged")
    COORDINATOR = _(
        "Who registered your group: your name and, if you agree, whether you are safe"
    )
    ASKER = _("Who asked about you, as far as you allow it")
    CARRIERS = _("The companies that carry the message")
    HOME = _("The person at home, as far as you allow it")
    MACHINE = _("Nobody; only the machine uses it")
    ADMINS = "Those who run the service"


# Which setting counts the days of a span.
DAYS = {
    Kept.MESSAGE: "KEEP_BODIES_DAYS",
    Kept.ANSWER: "KEEP_BODIES_DAYS",
    Kept.INCIDENT: "KEEP_WHEREABOUTS_DAYS",
    Kept.QUESTION: "KEEP_WHEREABOUTS_DAYS",
    Kept.HOURS: "KEEP_UNCONFIRMED_DAYS",
}


@dataclass(frozen=True, kw_only=True)
class Holding:
    """One kind of data; `fields` are names of fields by the label of their model."""

    what: Words
    why: Why
    basis: Basis
    kept: Kept
    eyes: tuple[Eyes, ...]
    fields: dict[str, str]
    is_public: bool = True

    @property
    def until(self) -> str:
        """For how long, with this installation's days."""
        name = DAYS.get(self.kept)
        days = getattr(settings, name) if name else ""
        longer = settings.KEEP_WHEREABOUTS_DAYS
        return str(self.kept.value).format(days=days, longer=longer)

    def names(self) -> list[str]:
        """Return the full names of its fields."""
        return [f"{m}.{n}" for m, names in self.fields.items() for n in names.split()]
