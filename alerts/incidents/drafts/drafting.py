"""Write a draft: texts, ways of sending, whom to include.

Any edit bumps the revision and takes the draft back to `draft`, so that what a second
person was asked about is never changed under their hands.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F

from alerts.dispatch.models import WRITTEN, Channel
from alerts.incidents import logbook
from alerts.incidents.approving import providers
from alerts.incidents.drafts import phrasing, seeding, wording
from alerts.incidents.drafts.wording import Words
from alerts.incidents.errors import ConflictError, FieldsError, ForbiddenError
from alerts.incidents.models import AlertKind, Draft, DraftText, Incident, Phase
from consular import languages
from consular.missions import audit
from consular.missions.access import Verb, may
from consular.missions.models import Officer
from consular.people import whereabouts

INCLUDE = dict(whereabouts.INCLUDE)
LONGEST_VALIDITY_H = 72
PERSONAL = (Channel.SMS, Channel.EMAIL)


@dataclass(frozen=True, kw_only=True)
class Content:
    """What an officer wrote: the whole of it, replacing what was there."""

    channels: tuple[str, ...]
    texts: tuple[Words, ...]
    fallback: str = "en"
    valid_hours: int = 12
    phase: str = Phase.CHECK_IN
    next_word_at: datetime | None = None
    correction: tuple[Words, ...] = ()
    template_id: int | None = None


def open_draft(incident: Incident) -> Draft | None:
    """Return the draft that is being written or waits for a second person, if any."""
    return incident.drafts.filter(state__in=Draft.OPEN).first()


def begin(
    incident: Incident,
    by: Officer,
    now: datetime,
    kind: str = AlertKind.ALERT,
) -> Draft:
    """Return the open draft, or start one.

    Raises
    ------
    ForbiddenError, ConflictError
        When the officer may not write, or the incident is closed.
    """
    if not may(by, Verb.DECLARE, now, incident.territory):
        raise ForbiddenError("You may not write messages. Ask a consular officer.")
    if incident.closed_at is not None:
        raise ConflictError("This incident is closed; declare a new one.")
    if found := open_draft(incident):
        return found
    try:
        with transaction.atomic():
            return Draft.objects.create(
                incident=incident,
                kind=kind,
                include=INCLUDE,
                channels=list(PERSONAL),
                author=by,
                changed_by=by,
                changed_at=now,
            )
    except IntegrityError:  # somebody began one this very moment
        found = open_draft(incident)
        if found is None:
            raise
        return found


def save(
    draft: Draft,
    content: Content,
    by: Officer,
    now: datetime,
    *,
    revision: int | None = None,
) -> Draft:
    """Replace a draft's texts and ways; an approval that was asked for is withdrawn.

    Parameters
    ----------
    revision : int, optional
        The one the officer had on screen; another one means somebody else wrote.

    Raises
    ------
    FieldsError, ConflictError, ForbiddenError
        When it cannot be saved, with what to mend.
    """
    content = replace(
        content,
        texts=tuple(wording.cleaned(words) for words in content.texts),
        correction=tuple(wording.cleaned(words) for words in content.correction),
    )
    if errors := problems(content, draft.incident.mode):
        raise FieldsError(errors)
    with transaction.atomic():
        _edit(
            draft,
            by,
            now,
            revision,
            channels=list(content.channels),
            fallback=content.fallback,
            valid_hours=content.valid_hours,
            phase=content.phase,
            kind=phrasing.KIND_OF[Phase(content.phase)],
            next_word_at=content.next_word_at,
            correction=[words.as_dict() for words in content.correction],
            template_id=content.template_id,
        )
        draft.texts.all().delete()
        DraftText.objects.bulk_create(
            DraftText(draft=draft, **words.as_dict()) for words in content.texts
        )
    draft.refresh_from_db()
    return draft


def set_include(
    draft: Draft, include: dict[str, bool], by: Officer, now: datetime
) -> Draft:
    """Say whom to include: `trip`, `residence`, `crisis`, `country_only`."""
    wanted = {name: bool(include.get(name, True)) for name in INCLUDE}
    wanted["country_only"] = bool(include.get("country_only", False))
    if not any(wanted.values()):
        raise FieldsError({"include": "Choose at least one group to include."})
    if wanted != draft.include:
        with transaction.atomic():
            _edit(draft, by, now, None, include=wanted)
        draft.refresh_from_db()
    return draft


def withdraw(incident: Incident, by: Officer, now: datetime) -> None:
    """Take an open draft back to being written, since its zone changes."""
    if draft := open_draft(incident):
        _edit(draft, by, now, None)


def _edit(
    draft: Draft, by: Officer, now: datetime, revision: int | None, **changes: object
) -> None:
    """Change an open draft in one conditional UPDATE, in the caller's transaction."""
    if not may(by, Verb.DECLARE, now, draft.incident.territory):
        raise ForbiddenError("You may not write messages. Ask a consular officer.")
    row = Draft.objects.filter(pk=draft.pk, state__in=Draft.OPEN)
    if revision is not None:
        row = row.filter(revision=revision)
    was_submitted = draft.state == Draft.State.SUBMITTED
    if not row.update(
        state=Draft.State.DRAFT,
        revision=F("revision") + 1,
        changed_by=by,
        changed_at=now,
        submitted_by=None,
        submitted_at=None,
        **changes,
    ):
        raise ConflictError(
            "Somebody else changed this message since you opened it. "
            "What you typed is still here; look at theirs before you save."
        )
    audit.record("draft_edit", by, draft.incident.key, now, draft=draft.pk)
    if was_submitted:
        logbook.write(
            draft.incident, by, "Changed the message; the request is withdrawn.", now
        )


def content_of(draft: Draft) -> Content:
    """Return what a draft holds."""
    return Content(
        channels=tuple(draft.channels),
        texts=tuple(
            Words(
                channel=text.channel,
                language=text.language,
                subject=text.subject,
                body=text.body,
            )
            for text in draft.texts.all()
        ),
        fallback=draft.fallback,
        valid_hours=draft.valid_hours,
        phase=draft.phase,
        next_word_at=draft.next_word_at,
        correction=tuple(Words(**each) for each in draft.correction),
        template_id=draft.template_id,
    )


def needs_correction(content: Content) -> bool:
    """Tell whether a message could be a false alarm, so that a correction stands by."""
    kinds = (AlertKind.ALERT, AlertKind.UPDATE)
    return phrasing.KIND_OF[Phase(content.phase)] in kinds


def with_posts(content: Content, incident: Incident, now: datetime) -> Content:
    """Give each language its public words: for posts, the public page and CAP."""
    written = {words.language for words in content.texts}
    posted = {w.language for w in content.texts if w.channel == Channel.SOCIAL}
    fresh = seeding.seed(
        incident,
        sorted(written - posted),
        [Channel.SOCIAL],
        phase=content.phase,
        next_word_at=content.next_word_at or seeding.next_word(now),
    )
    return replace(content, texts=(*content.texts, *fresh))


def prepared(content: Content, incident: Incident, now: datetime) -> Content:
    """Let public words and a correction stand by for each text that has none."""
    if content.phase not in Phase.values:
        return content
    content = with_posts(content, incident, now)
    if not needs_correction(content):
        return replace(content, correction=())
    said = {words.name: words for words in content.correction}
    public = {*content.channels, Channel.SOCIAL.value}
    bare = [w for w in content.texts if w.channel in public]
    fresh = seeding.correction([w for w in bare if w.name not in said], incident, now)
    said |= {words.name: words for words in fresh}
    return replace(content, correction=tuple(said[words.name] for words in bare))


def problems(content: Content, mode: str) -> dict[str, str]:
    """Say what keeps a message from being sent, field by field."""
    errors: dict[str, str] = {}
    errors |= _channel_problems(content, mode)
    if not 1 <= content.valid_hours <= LONGEST_VALIDITY_H:
        errors["valid_hours"] = f"It is valid for 1 to {LONGEST_VALIDITY_H} hours."
    seen = set()
    for words in content.texts:
        errors |= wording.problems(words, mode)
        if words.name in seen:
            errors[words.name] = "There are two texts for this language; keep one."
        seen.add(words.name)
    if content.phase not in Phase.values:
        errors["phase"] = "Choose what kind of message this is."
    errors |= {
        f"correction-{name}": problem
        for words in content.correction
        for name, problem in wording.problems(words, mode, needs_link=False).items()
    }
    errors |= _fallback_problems(content, seen)
    said = {*content.channels, *(words.channel for words in content.texts)}
    if said - set(phrasing.channels_of(content.phase)):
        errors["channels"] = "This is for those outside alone: take the post away."
    return errors


def _channel_problems(content: Content, mode: str) -> dict[str, str]:
    unknown = [name for name in content.channels if name not in WRITTEN]
    unknown += [w.channel for w in content.texts if w.channel not in WRITTEN]
    if unknown:
        raise FieldsError({"channels": "Choose text message, e-mail or social post."})
    if not set(content.channels) & set(PERSONAL):
        return {"channels": "Choose text message or e-mail, so that it reaches people."}
    for channel in content.channels:
        if problem := providers.missing_for(mode, channel):
            return {"channels": f"{wording.CHANNELS[Channel(channel)]}: {problem}"}
    return {}


def _fallback_problems(content: Content, names: set[str]) -> dict[str, str]:
    if content.fallback not in languages.LANGUAGES:
        return {"fallback": "Choose the language for everyone else."}
    found = {}
    for channel in content.channels:
        if channel == Channel.SOCIAL:
            if not any(name.startswith("social-") for name in names):
                found["channels"] = "Write the post, or take social media away."
        elif f"{channel}-{content.fallback}" not in names:
            language = languages.LANGUAGES[content.fallback]
            way = wording.CHANNELS[Channel(channel)].lower()
            found["fallback"] = f"There is no {way} in {language}; write one."
    return found
