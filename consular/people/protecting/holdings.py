"""What is held of people: each field, why, on what ground, how long, for whose eyes.

The privacy notice and docs/data-protection.md are rendered from this table; a field of
any model that has no row here fails `test_holdings.py`. Later stages are named by their
labels only.
"""

from django.utils.translation import gettext_lazy as _

from consular.people.protecting.holding import Basis, Eyes, Holding, Kept, Why

SEEN = (Eyes.YOU, Eyes.OFFICERS)
HOLDINGS = (
    Holding(
        what=_("Names, year of birth, nationality, who looks after a child"),
        why=Why.WHO,
        basis=Basis.CONSENT,
        kept=Kept.STAY,
        eyes=SEEN,
        fields={
            "people.Person": "registration position given_name family_name birth_year"
            " is_minor is_national guardian guardian_name",
            "people.NameKey": "key person",
            "people.Resemblance": "one two score reasons state found_at decided_at"
            " decided_by",
        },
    ),
    Holding(
        what=_("The group that registered you, and its list until it is taken in"),
        why=Why.WHO,
        basis=Basis.CONSENT,
        kept=Kept.STAY,
        eyes=(*SEEN, Eyes.COORDINATOR),
        fields={
            "people.Membership": "group registration",
            "people.Group": "name mode language coordinator token_key mission"
            " opened_by opened_at told_at closed_at",
            "people.Upload": "group officer document mapping agreed rows created_at"
            " wanted_at taken refused ended_at",
        },
    ),
    Holding(
        what=_("Medicine and help that you need"),
        why=Why.HELP,
        basis=Basis.EXPLICIT,
        kept=Kept.STAY,
        eyes=SEEN,
        fields={"people.Person": "needs"},
    ),
    Holding(
        what=_("Phone numbers and e-mail addresses, and whether they are yours"),
        why=Why.REACH,
        basis=Basis.CONSENT,
        kept=Kept.STAY,
        eyes=(*SEEN, Eyes.CARRIERS),
        fields={
            "people.Contact": "registration person kind role address address_key"
            " verified_at",
            "dispatch.Address": "channel address_key address country condition opt_out"
            " provider_code prefix_key heard_at changed_at",
        },
    ),
    Holding(
        what=_("Somebody at home: name, phone, what they may be told"),
        why=Why.REACH,
        basis=Basis.CONSENT,
        kept=Kept.STAY,
        eyes=(*SEEN, Eyes.HOME),
        fields={"people.Contact": "name may_tell"},
    ),
    Holding(
        what=_("Where you are or will be, and from when until when"),
        why=Why.FIND,
        basis=Basis.CONSENT,
        kept=Kept.STAY,
        eyes=SEEN,
        fields={
            "people.Stay": "registration mode place country lon lat precision radius_m"
            " people cell arrives_on departs_on starts_on ends_on created_at"
            " replaced_at",
            "people.Stay_persons": "stay person",
            "people.Town": "cell lon lat radius_m",
        },
    ),
    Holding(
        what=_("A location that you share in a crisis"),
        why=Why.FIND,
        basis=Basis.VITAL,
        kept=Kept.INCIDENT,
        eyes=SEEN,
        fields={
            "people.Stay": "is_shared",
            "checkins.CheckIn": "place lon lat accuracy_m",
        },
    ),
    Holding(
        what=_(
            "Reference code, language, kind of stay, and when you last said it is right"
        ),
        why=Why.REACH,
        basis=Basis.CONSENT,
        kept=Kept.STAY,
        eyes=SEEN,
        fields={
            "people.Registration": "reference kind mode language confirmed_at"
            " assured_at silences expires_on revision keyed_revision created_at"
            " changed_at",
            "people.Question": "registration occasion asked_at answered_at silent_at",
        },
    ),
    Holding(
        what=_("What you have agreed to, and when"),
        why=Why.PROVE,
        basis=Basis.DUTY,
        kept=Kept.STAY,
        eyes=SEEN,
        fields={"people.Registration": "consents"},
    ),
    Holding(
        what=_("Your links and codes, as keys that open nothing by themselves"),
        why=Why.GUARD,
        basis=Basis.TASK,
        kept=Kept.STAY,
        eyes=(Eyes.MACHINE,),
        fields={
            "people.Link": "registration purpose token_key created_at revoked_at",
            "people.Registration": "form_key code_tries link_round",
        },
    ),
    Holding(
        what=_("Messages to you, and whether they arrived"),
        why=Why.REACH,
        basis=Basis.TASK,
        kept=Kept.MESSAGE,
        eyes=(*SEEN, Eyes.CARRIERS),
        fields={
            "dispatch.Text": "digest channel language subject body",
            "dispatch.Message": "uid cause address text channel mode lane rank state"
            " purpose code link_path link_key not_before attempt tries lease_until"
            " lease_owner account provider_id provider_code repeats parts is_suspect"
            " absent_at"
            " accepted_at ended_at created_at",
            "dispatch.Attempt": "message publication number account began_at ended_at"
            " outcome detail",
            "dispatch.Receipt": "account message_uid provider_id word code received_at"
            " applied_at",
        },
    ),
    Holding(
        what=_("Your answers: safe, in need of help, what you wrote or a call back"),
        why=Why.FOLLOW,
        basis=Basis.VITAL,
        kept=Kept.ANSWER,
        eyes=SEEN,
        fields={
            "checkins.Inbound": "provider provider_id channel from_key from_address"
            " to_address body raw received_at state label words reason message incident"
            " handled_by handled_at",
        },
    ),
    Holding(
        what=_("Your case, when you call for help"),
        why=Why.FOLLOW,
        basis=Basis.VITAL,
        kept=Kept.INCIDENT,
        eyes=SEEN,
        fields={
            "checkins.CheckIn": "needs note callback",
            "checkins.Case": "reasons note",
            "checkins.CaseEvent": "body",
        },
    ),
    Holding(
        what=_("Whether you were safe or needed help, and who took care of it"),
        why=Why.PROVE,
        basis=Basis.TASK,
        kept=Kept.STAY,
        eyes=SEEN,
        fields={
            "checkins.CheckIn": "incident person status basis stated_at received_at"
            " inbound message officer closed_by request_key",
            "checkins.CheckIn_clears": "from_checkin to_checkin",
            "checkins.Standing": "incident person status is_verified since checkin"
            " changed_at",
            "checkins.Case": "incident person priority opened_at owner taken_at"
            " closed_at outcome escalated_at follow_up_at origin changed_at",
            "checkins.CaseEvent": "case at officer kind facts",
            "checkins.SamePerson": "kept duplicate merged_at merged_by undone_at"
            " undone_by",
        },
    ),
    Holding(
        what=_("Who asked about whom, and what you let us tell them"),
        why=Why.FOLLOW,
        basis=Basis.CONSENT,
        kept=Kept.QUESTION,
        eyes=(Eyes.OFFICERS, Eyes.ASKER),
        fields={
            "checkins.Enquiry": "number mode language given_name family_name birth_year"
            " phone phone_key place relation asker contact contact_kind contact_key"
            " message asked_at looked_at closed_at closed_by form_key",
            "checkins.EnquiryMatch": "enquiry person reasons state decided_at"
            " decided_by told_at",
            "checkins.Word": "person incident words agreed_at withdrawn_at",
        },
    ),
    Holding(
        what=_("Whether an alert was for you, and why"),
        why=Why.PROVE,
        basis=Basis.TASK,
        kept=Kept.STAY,
        eyes=(Eyes.OFFICERS,),
        fields={
            "incidents.Audience": "alert registration is_included reason level"
            " distance_m code joined_at settled_reason",
            "incidents.AudiencePerson": "audience person stay level",
            "incidents.AudienceMessage": "audience message",
            "incidents.Matched": "registration revision matched_at",
            "checkins.LadderStep": "audience step taken_at outcome",
            "checkins.LadderStep_messages": "ladderstep message",
        },
    ),
    Holding(
        what=_("What you have just asked a page to send, and how often it was asked"),
        why=Why.GUARD,
        basis=Basis.TASK,
        kept=Kept.HOURS,
        eyes=(Eyes.MACHINE,),
        fields={
            "people.Errand": "kind registration contact_kind address may_text"
            " waits_for created_at",
            "people.Limit": "name since used",
            "people.DeskEntry": "key officer registration is_new taken_at",
        },
    ),
    Holding(
        what=_("That somebody looked at, changed, sent or erased something"),
        why=Why.PROVE,
        basis=Basis.DUTY,
        kept=Kept.LASTING,
        eyes=(Eyes.OFFICERS,),
        fields={
            "missions.AuditEntry": "at officer action subject facts sequence entry_hash"
        },
    ),
    Holding(
        what="Officers: name, address, role, duty, how they sign in",
        why=Why.STAFF,
        basis=Basis.TASK,
        kept=Kept.ACCOUNT,
        eyes=(Eyes.ADMINS,),
        is_public=False,
        fields={
            "missions.Officer": "password last_login is_superuser username first_name"
            " last_name email is_staff is_active date_joined full_name phone keys_at"
            " keys_by session_round",
            "missions.Passkey": "user credential_id public_key sign_count name"
            " confirmed made_at used_at",
            "missions.SignInTry": "at browser_key name_key place_key",
            "missions.Officer_groups": "officer group",
            "missions.Officer_user_permissions": "officer permission",
            "missions.Posting": "officer mission role until",
            "missions.Duty": "officer mission starts_at ends_at channel address",
        },
    ),
)

# Models of which no field is about a person; and why that is so.
IMPERSONAL = {
    "missions.Mission": "An embassy's own address and phone",
    "people.CrisisForm": "A form's title and countries",
    "dispatch.Cause": "What asked for messages, by reference",
    "dispatch.Pause": "A brake on a channel",
    "dispatch.Publication": "A public post",
    "dispatch.Worker": "A process",
    "dispatch.Account": "A provider's account",
    "dispatch.Spend": "Sums by day and country",
    "dispatch.Alarm": "A fault, by reference",
    "checkins.BoardCount": "Counts by status and grid cell",
    "checkins.SavedView": "What an officer asks for often, under a word of theirs",
    "checkins.Export": "That officers took a list out, for what, and of which numbers",
    "checkins.SituationReport": "Figures of one moment",
    "hazards.CodeShape": "The outline of an official code",
    "hazards.Pin": "That an officer put reports together or apart",
    "hazards.WaitingCode": "A code without an outline",
    "hazards.Source": "A feed",
    "hazards.Document": "What a feed published",
    "hazards.Hazard": "An event of nature or violence",
    "hazards.Alias": "A feed's name of an event",
    "hazards.Report": "What a feed said of an event",
    "hazards.Proposal": "A proposed zone, with counts",
    "incidents.Incident": "An incident",
    "incidents.Incident_supporting_missions": "Who helps whom",
    "incidents.Zone": "An area",
    "incidents.BreakGlass": "That an officer acted alone: officers and counts",
    "incidents.BreakGlass_told": "Which officers were told",
    "incidents.SavedArea": "An area",
    "incidents.Sketch": "A zone that is being drawn",
    "incidents.LogEntry": "The log: references only, by rule",
    "incidents.Draft": "A text not yet approved",
    "incidents.DraftText": "A text not yet approved",
    "incidents.Alert": "A text as approved, with counts",
    "incidents.AlertTile": "A part of an area",
    "incidents.Template": "Words with room for facts; which officers approved them",
}
# What libraries keep for officers' sign-in, and for the queue, whose tasks carry ids.
OF_LIBRARIES = {
    "admin",
    "auth",
    "authtoken",
    "axes",
    "contenttypes",
    "django_q",
    "otp_static",
    "otp_totp",
    "otp_webauthn",
    "sessions",
}


def public() -> list[Holding]:
    """Return what the public notice lists."""
    return [holding for holding in HOLDINGS if holding.is_public]


def as_markdown() -> str:
    """Return the table as docs/data-protection.md has it."""
    lines = [
        "| what | why | ground | kept | who may see it | fields |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for each in HOLDINGS:
        eyes = "; ".join(str(eye.value) for eye in each.eyes)
        fields = ", ".join(f"`{name}`" for name in each.names())
        cells = [each.what, each.why.value, each.basis.value, each.until, eyes, fields]
        lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    return "\n".join(lines)
