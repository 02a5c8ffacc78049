"""Keep templates that two people approve beforehand, and begin messages with them.

A template that passes its checks is approved by a second person, in exercises too: it
will be used for real ones. An alert whose texts are such a template's, with nothing but
the facts filled in, needs one look instead of an hour. Two people it needs as always.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import F, Q

from alerts.dispatch.models import Channel
from alerts.incidents.drafts import phrasing, seeding, wording
from alerts.incidents.drafts.phrasing import Facts
from alerts.incidents.drafts.wording import Words
from alerts.incidents.errors import ConflictError, FieldsError, ForbiddenError
from alerts.incidents.models import Draft, Incident, Phase, Template
from consular import languages
from consular.missions import audit
from consular.missions.access import Verb, may
from consular.missions.models import Officer
from geo.regions import region_at

SAYS = {
    "what": "what happened",
    "where": "where",
    "when": "when, in local time",
    "who": "who says so",
    "todo": "what to do",
    "next": "when the next word comes",
    "link": "the reader's own link",
}
# They say in words whether another one follows.
LAST_WORDS = (Phase.CORRECTION, Phase.OUTSIDE, Phase.ALL_CLEAR)
LONGEST_NAME = 80
# As long as they usually get, for the checks.
SAMPLE = Facts(
    what="Tropical cyclone",
    where="Bluefields, South Caribbean",
    when="2026-03-02 05:40",
    who="Ministry of Foreign Affairs",
    todo="Stay indoors, away from windows. Follow the local authorities.",
    next="2026-03-02 09:00",
    phone="+353 1 555 0100",
)


def needed(phase: str, channel: str) -> list[str]:
    """Return the fields that a text of a phase has to say."""
    left_out = {"todo", "next"} if phase in LAST_WORDS else set()
    if channel == Channel.SOCIAL:
        left_out |= {"link"}
    return [name for name in SAYS if name not in left_out]


def problems(phase: str, texts: list[dict[str, str]]) -> dict[str, str]:
    """Say what keeps a template from being approved, text by text."""
    found: dict[str, str] = {}
    if not texts:
        return {"texts": "Write at least one text."}
    for each in texts:
        words = Words(**each)
        missing = [
            f"{{{name}}} ({SAYS[name]})"
            for name in needed(phase, words.channel)
            if f"{{{name}}}" not in words.body
        ]
        if missing:
            found[words.name] = f"It does not say {', '.join(missing)}."
        else:
            found |= wording.problems(phrasing.filled(words, SAMPLE), "exercise")
    return found


def begin(
    phase: str,
    kind: str,
    country: str,
    name: str,
    by: Officer,
    now: datetime,
    region: str = "",
) -> Template:
    """Start a template with the words of a phase, in all languages.

    A first-level region, by its code, says the country too.
    """
    _may_write(by, now)
    if not 3 <= len(name.strip()) <= LONGEST_NAME:
        raise FieldsError({"name": f"Give it a name of 3 to {LONGEST_NAME} letters."})
    texts = [
        phrasing.raw(phase, channel, language).as_dict()
        for language in languages.LANGUAGES
        for channel in phrasing.channels_of(phase)
    ]
    template = Template.objects.create(
        name=name.strip(),
        phase=phase,
        kind=kind,
        country=region[:2] or country,
        region=region,
        texts=texts,
        changed_by=by,
        changed_at=now,
    )
    audit.record("template", by, f"template {template.pk}", now)
    return template


def save(
    template: Template, texts: list[dict[str, str]], by: Officer, now: datetime
) -> None:
    """Replace the texts of a template; an approval is withdrawn by that."""
    _may_write(by, now)
    with transaction.atomic():
        if not template.move(
            Template.State.DRAFT,
            texts=texts,
            revision=F("revision") + 1,
            changed_by=by,
            changed_at=now,
            submitted_by=None,
            approved_by=None,
            approved_at=None,
        ):
            raise ConflictError("Somebody else changed this template; look again.")
        audit.record("template", by, f"template {template.pk}", now)
    template.refresh_from_db()


def submit(template: Template, by: Officer, now: datetime) -> None:
    """Ask a second person; a template that fails its checks is not asked about."""
    _may_write(by, now)
    if errors := problems(template.phase, template.texts):
        raise FieldsError(errors)
    _moved(template, Template.State.SUBMITTED, by, now, submitted_by=by)


def why_not(template: Template, by: Officer, now: datetime) -> str:
    """Say why an officer may not approve a template; empty when they may."""
    if not may(by, Verb.APPROVE, now):
        return "You may not approve templates. An approver can."
    if by.pk in (template.changed_by_id, template.submitted_by_id):
        return "You wrote or handed over this template. A second person approves it."
    return ""


def approve(template: Template, by: Officer, now: datetime) -> None:
    """Say the second yes to a template."""
    if reason := why_not(template, by, now):
        raise ForbiddenError(reason)
    if errors := problems(template.phase, template.texts):
        raise FieldsError(errors)
    facts = {"approved_by": by, "approved_at": now}
    _moved(template, Template.State.APPROVED, by, now, **facts)


def retire(template: Template, by: Officer, now: datetime) -> None:
    """Use a template no longer."""
    _may_write(by, now)
    _moved(template, Template.State.RETIRED, by, now)


def _moved(
    template: Template, state: str, by: Officer, now: datetime, **changes: object
) -> None:
    with transaction.atomic():
        if not template.move(state, **changes):
            raise ConflictError("Somebody else changed this template; look again.")
        audit.record(f"template_{state}", by, f"template {template.pk}", now)
    template.refresh_from_db()


def _may_write(by: Officer, now: datetime) -> None:
    if not may(by, Verb.DECLARE, now):
        raise ForbiddenError("You may not write templates. Ask a consular officer.")


def usable(incident: Incident) -> list[Template]:
    """Return the approved templates that fit an incident, the closest first."""
    rows = Template.objects.filter(
        Q(kind="") | Q(kind=incident.kind),
        Q(country="") | Q(country=incident.country),
        state=Template.State.APPROVED,
    ).select_related("approved_by", "submitted_by")
    here = _region(incident)
    fitting = [each for each in rows if each.region in ("", here)]
    return sorted(
        fitting, key=lambda t: (not t.region, not t.country, not t.kind, t.name)
    )


def _region(incident: Incident) -> str:
    """Return the first-level region of the place that an incident names."""
    if incident.lon is None or incident.lat is None:
        return ""
    return region_at(incident.lon, incident.lat)


def compose(
    template: Template,
    incident: Incident,
    channels: tuple[str, ...],
    chosen: list[str],
    next_word_at: datetime,
) -> list[Words]:
    """Fill a template's texts with an incident's facts, in some languages."""
    return [
        phrasing.filled(words, seeding.facts(incident, words.language, next_word_at))
        for words in (Words(**each) for each in template.texts)
        if words.channel in channels and words.language in chosen
    ]


def as_approved(draft: Draft) -> Template | None:
    """Return the template that two people approved, if a draft says just that."""
    template = draft.template
    if template is None or template not in usable(draft.incident):
        return None
    if draft.next_word_at is None or template.phase != draft.phase:
        return None
    ways = (*draft.channels, Channel.SOCIAL.value)
    said = {
        (text.channel, text.language): (text.subject, text.body)
        for text in draft.texts.all()
        if text.channel in ways
    }
    chosen = sorted({language for _, language in said})
    filled = compose(template, draft.incident, ways, chosen, draft.next_word_at)
    approved = {(w.channel, w.language): (w.subject, w.body) for w in filled}
    is_same = all(approved.get(place) == words for place, words in said.items())
    return template if said and is_same else None
