"""The ledger: causes, addresses, texts, messages, attempts, receipts.

It knows addresses and texts, no persons and no alerts.
"""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.module_loading import import_string

from alerts.dispatch.models.states import Channel, Lane, State
from consular import languages
from consular.modes import Mode
from consular.sealing import SealedTextField


class Cause(models.Model):
    """What asked for messages: an alert, a notice, a case.

    A message may be claimed only while its cause is open, and the cause is read again
    just before each request, so stop, pause and release are one-row updates.
    """

    class OnUnclear(models.TextChoices):
        """What to do when asking has not told whether a message was accepted."""

        RESEND = "resend"
        LEAVE = "leave"

    key = models.CharField(max_length=80, unique=True)
    incident_key = models.CharField(max_length=40, blank=True, db_index=True)
    mode = models.CharField(max_length=8, choices=Mode.choices)
    lane = models.PositiveSmallIntegerField(choices=Lane.choices)
    opens_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    not_after = models.DateTimeField()
    on_unclear = models.CharField(
        max_length=6, choices=OnUnclear.choices, default=OnUnclear.LEAVE
    )
    created_at = models.DateTimeField()
    swept_at = models.DateTimeField(
        null=True, blank=True, help_text="when nothing of it was left to end"
    )
    receipts_until = models.DateTimeField(
        null=True,
        blank=True,
        help_text="from when on no receipt is waited for; empty once that was noted",
    )

    class Meta:
        indexes = [
            models.Index(
                fields=["not_after"], condition=Q(swept_at=None), name="cause_unswept"
            ),
            models.Index(
                fields=["receipts_until"],
                condition=~Q(receipts_until=None),
                name="cause_receipts",
            ),
        ]

    def __str__(self) -> str:
        return f"cause {self.key}"

    @property
    def title(self) -> str:
        """What officers know it by: the incident's title where there is one."""
        title = import_string(settings.INCIDENT_TITLE)(self.incident_key)
        return f"{title}, {self.key.replace(':', ' ')}" if title else self.key


class Pause(models.Model):
    """A channel, or everything (an empty channel), that stands still until deleted."""

    channel = models.CharField(max_length=8, blank=True, unique=True)
    since = models.DateTimeField()
    officer_key = models.CharField(max_length=40, blank=True)

    def __str__(self) -> str:
        return f"pause of {self.channel or 'everything'}"


class Address(models.Model):
    """A number or e-mail address we have written to, with what providers said of it."""

    class Condition(models.TextChoices):
        """Whether writing to it is of use."""

        GOOD = "good"
        GONE = "gone"  # the provider says it does not exist

    class OptOut(models.TextChoices):
        """What its owner wants no more of."""

        NONE = ""
        NOTICES = "notices"  # List-Unsubscribe; never silences an alert
        ALL = "all"  # STOP
        # START here, whatever a provider goes on refusing on the owner's other channels
        AGAIN = "again"

    channel = models.CharField(max_length=8, choices=Channel.choices)
    address_key = models.CharField(max_length=32)
    address = SealedTextField()
    country = models.CharField(max_length=2, blank=True)
    condition = models.CharField(
        max_length=8, choices=Condition.choices, default=Condition.GOOD
    )
    opt_out = models.CharField(
        max_length=8, choices=OptOut.choices, default=OptOut.NONE, blank=True
    )
    provider_code = models.CharField(max_length=24, blank=True)
    prefix_key = models.CharField(
        max_length=32, blank=True, help_text="blind index of all but four digits"
    )
    heard_at = models.DateTimeField(
        null=True, blank=True, help_text="when its owner last wrote to us"
    )
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["address_key", "channel"], name="address_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["address_key"],
                condition=Q(opt_out="all"),
                name="address_stopped",
            )
        ]

    def __str__(self) -> str:
        return f"address {self.pk}"


class Text(models.Model):
    """An immutable text, with `{link}` and `{code}` where a message puts its own."""

    digest = models.CharField(max_length=64, unique=True)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    language = models.CharField(max_length=8)
    subject = SealedTextField(blank=True)
    body = SealedTextField()

    def __str__(self) -> str:
        return f"text {self.pk}"

    @property
    def language_name(self) -> str:
        """The name of its language, as officers read it."""
        return languages.english(self.language)


class Delivery(models.Model):
    """What messages and publications share: a state, a claim, a provider's answer."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # The database does not look whether the cause is there: that costs as much as the
    # row, and a cause is deleted after its messages only. Constraints below index it.
    cause = models.ForeignKey(
        Cause, on_delete=models.PROTECT, db_index=False, db_constraint=False
    )
    text = models.ForeignKey(Text, on_delete=models.PROTECT)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    mode = models.CharField(max_length=8, choices=Mode.choices)
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    not_before = models.DateTimeField()
    attempt = models.PositiveIntegerField(default=0, help_text="fences a result")
    tries = models.PositiveSmallIntegerField(
        default=0, help_text="crashes blamed on it"
    )
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_owner = models.CharField(max_length=40, blank=True)
    account = models.CharField(max_length=40, blank=True)
    provider_id = models.CharField(max_length=200, blank=True)
    provider_code = models.CharField(max_length=24, blank=True)
    repeats = models.PositiveSmallIntegerField(
        default=0, help_text="times sent again although it may have arrived"
    )
    accepted_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self._meta.model_name} {self.uid}"


class Message(Delivery):
    """One text for one address."""

    # Nor for these two: whoever writes messages holds them (`copying.hold`), and
    # whoever deletes them does so first.
    address = models.ForeignKey(
        Address, on_delete=models.PROTECT, db_index=False, db_constraint=False
    )
    text = models.ForeignKey(Text, on_delete=models.PROTECT, db_constraint=False)
    purpose = models.CharField(max_length=16, default="alert")
    lane = models.PositiveSmallIntegerField(choices=Lane.choices)
    rank = models.IntegerField(default=0, help_text="nearness: 0 goes first")
    parts = models.PositiveSmallIntegerField(
        default=1, help_text="what it costs: texts as the network counts them"
    )
    is_suspect = models.BooleanField(
        default=False, help_text="in flight at a crash: sent alone, in a child process"
    )
    absent_at = models.DateTimeField(
        null=True, blank=True, help_text="when its provider first said it has it not"
    )
    code = models.CharField(max_length=8, blank=True)
    link_path = models.CharField(
        max_length=8, blank=True, help_text="`c` in /c/TOKEN; empty for no link"
    )
    link_key = models.CharField(max_length=64, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["address", "cause", "purpose"], name="message_once"
            ),
            # `unique=True` would add a second index, for searches by a beginning.
            models.UniqueConstraint(fields=["link_key"], name="message_link_once"),
        ]
        indexes = [
            models.Index(
                fields=["cause", "channel", "rank", "id"],
                condition=Q(state="queued"),
                name="message_waiting",
            ),
            models.Index(
                fields=["id"],
                condition=Q(state="queued", lane=2),
                name="message_notice_waiting",
            ),
            models.Index(
                fields=["id"],
                condition=Q(state="queued", is_suspect=True),
                name="message_suspect",
            ),
            models.Index(
                fields=["lease_until"],
                condition=Q(state="claimed"),
                name="message_claimed",
            ),
            models.Index(
                fields=["not_before"],
                condition=Q(state="unclear"),
                name="message_unclear",
            ),
            models.Index(fields=["cause", "state"], name="message_cause_state"),
        ]


class Publication(Delivery):
    """One public social post on one account."""

    provider_id = models.TextField(
        blank=True, help_text="of a thread, those of all its posts"
    )
    url = models.URLField(blank=True)
    taken_down_at = models.DateTimeField(null=True, blank=True)
    in_reply_to = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cause", "account", "text"], name="publication_once"
            )
        ]

    @property
    def may_be_posted_again(self) -> bool:
        """Whether it is an officer's to say that it be tried once more."""
        return self.state in (State.SET_ASIDE, State.REJECTED)


class Attempt(models.Model):
    """One request to a provider; append-only but for its own end."""

    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, null=True, related_name="attempts"
    )
    publication = models.ForeignKey(
        Publication, on_delete=models.CASCADE, null=True, related_name="attempts"
    )
    number = models.PositiveIntegerField()
    account = models.CharField(max_length=40)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=16, blank=True)
    detail = models.CharField(max_length=200, blank=True, help_text="provider's words")

    class Meta:
        indexes = [
            models.Index(fields=["account", "began_at"], name="attempt_recent"),
        ]

    def __str__(self) -> str:
        return f"attempt {self.pk}"


class Receipt(models.Model):
    """One thing that a provider said later; stored before anything looks at it."""

    account = models.CharField(max_length=40)
    message_uid = models.UUIDField(db_index=True)
    provider_id = models.CharField(max_length=200)
    word = models.CharField(max_length=24, help_text="the provider's own word")
    code = models.CharField(max_length=24, blank=True)
    received_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "provider_id", "word"], name="receipt_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["id"], condition=Q(applied_at=None), name="receipt_waiting"
            )
        ]

    def __str__(self) -> str:
        return f"receipt {self.pk}"
