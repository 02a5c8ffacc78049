"""Sources, documents, reports, hazards, proposals: what the world says."""

from django.db import models

from consular.modes import Mode


class Kind(models.TextChoices):
    """What happened; the words of a hazard's kind across all sources."""

    EARTHQUAKE = "earthquake", "Earthquake"
    TSUNAMI = "tsunami", "Tsunami"
    CYCLONE = "cyclone", "Tropical cyclone"
    FLOOD = "flood", "Flood"
    VOLCANO = "volcano", "Volcano"
    WILDFIRE = "wildfire", "Wildfire"
    DROUGHT = "drought", "Drought"
    WEATHER = "weather", "Severe weather"
    SECURITY = "security", "Security"
    HEALTH = "health", "Health"
    OTHER = "other", "Other"


class Level(models.IntegerChoices):
    """One scale for every source's own word, which is kept beside it."""

    UNKNOWN = 0, "Unknown"
    MINOR = 1, "Minor"
    MODERATE = 2, "Moderate"
    SEVERE = 3, "Severe"
    EXTREME = 4, "Extreme"


class Source(models.Model):
    """A feed that is polled, with its last success and its trouble in plain words."""

    class Trust(models.TextChoices):
        """Whether its reports may propose an incident."""

        SUGGEST = "suggest", "May propose"
        WATCH = "watch", "Only to be watched"

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    format = models.CharField(max_length=24, help_text="a name in hazards.formats")
    url = models.URLField(max_length=500)
    mode = models.CharField(max_length=8, choices=Mode.choices)
    trust = models.CharField(max_length=8, choices=Trust.choices)
    interval_s = models.PositiveIntegerField(default=60)
    is_active = models.BooleanField(default=True)
    next_poll_at = models.DateTimeField()
    last_attempt_at = models.DateTimeField(null=True, blank=True)
    last_ok_at = models.DateTimeField(null=True, blank=True)
    etag = models.CharField(max_length=200, blank=True)
    last_modified = models.CharField(max_length=80, blank=True)
    failures = models.PositiveIntegerField(default=0)
    trouble = models.CharField(max_length=300, blank=True)
    advice = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return f"source {self.slug}"


class Document(models.Model):
    """The raw bytes of one answer; kept whether it could be read or not."""

    class State(models.TextChoices):
        """What became of it."""

        NEW = "new"  # waits for its parser
        PARSED = "parsed"
        QUARANTINED = "quarantined"  # waits for an officer's "try again"

    source = models.ForeignKey(
        Source, on_delete=models.CASCADE, related_name="documents"
    )
    url = models.CharField(
        max_length=500, blank=True, help_text="when it is not the source's own"
    )
    sha256 = models.CharField(max_length=64)
    body = models.BinaryField()
    content_type = models.CharField(max_length=80, blank=True)
    fetched_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.NEW)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["source", "sha256"], name="document_once")
        ]
        indexes = [
            models.Index(
                fields=["source", "url"],
                condition=~models.Q(url=""),
                name="document_followed",
            )
        ]

    def __str__(self) -> str:
        return f"document {self.pk}"


class Hazard(models.Model):
    """The real-world event that one or several reports of one mode describe."""

    class State(models.TextChoices):
        """What its reports say of it now; gone from the feed changes nothing."""

        ACTIVE = "active", "Active"
        SUPERSEDED = "superseded", "Superseded"
        CANCELLED = "cancelled", "Cancelled"
        EXPIRED = "expired", "Expired"
        STALE = "stale", "Not heard of lately"

    mode = models.CharField(max_length=8, choices=Mode.choices)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    title = models.CharField(max_length=300)
    place = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.ACTIVE)
    is_test = models.BooleanField(
        default=False, help_text="a test, drill or draft: shown, and never proposed"
    )
    merged_into = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="merged"
    )
    level = models.PositiveSmallIntegerField(choices=Level.choices, default=0)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    magnitude = models.FloatField(null=True)
    geometry = models.JSONField(null=True, help_text="GeoJSON (multi)polygon or null")
    happened_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    first_heard_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    weighed_at = models.DateTimeField(
        null=True, blank=True, help_text="when it was last asked who is inside"
    )

    class Meta:
        indexes = [
            models.Index(fields=["mode", "kind", "happened_at"], name="hazard_near"),
            models.Index(fields=["-happened_at"], name="hazard_newest"),
            models.Index(fields=["state", "expires_at"], name="hazard_ends"),
            models.Index(fields=["state", "changed_at"], name="hazard_ages"),
        ]

    def __str__(self) -> str:
        return f"hazard {self.pk}"


class Alias(models.Model):
    """One of the names of a statement: an id, or the id of what it replaces.

    All names that lead to the same `event_key` are one statement, whether the documents
    that tie them together came first or last.
    """

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="aliases")
    key = models.CharField(max_length=64, help_text="digest of sender and id")
    event_key = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "key"], name="alias_once")
        ]
        indexes = [models.Index(fields=["source", "event_key"], name="alias_of")]

    def __str__(self) -> str:
        return f"alias {self.pk}"


class Report(models.Model):
    """One version of one source's statement about a hazard."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="reports")
    document = models.ForeignKey(
        Document, on_delete=models.SET_NULL, null=True, related_name="reports"
    )
    hazard = models.ForeignKey(
        Hazard, on_delete=models.PROTECT, null=True, related_name="reports"
    )
    mode = models.CharField(max_length=8, choices=Mode.choices)
    key = models.CharField(max_length=64, help_text="digest of the natural key")
    event_key = models.CharField(
        max_length=64, db_index=True, help_text="digest that all its versions share"
    )
    identifier = models.CharField(max_length=300)
    sender = models.CharField(max_length=300, blank=True)
    sent_at = models.DateTimeField()
    status = models.CharField(max_length=16, default="Actual")
    msg_type = models.CharField(max_length=16, default="Alert")
    scope = models.CharField(max_length=16, default="Public")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    event = models.CharField(max_length=300, blank=True)
    headline = models.TextField(blank=True)
    description = models.TextField(blank=True)
    place = models.CharField(max_length=300, blank=True)
    level = models.PositiveSmallIntegerField(choices=Level.choices, default=0)
    severity = models.CharField(max_length=32, blank=True, help_text="source's word")
    urgency = models.CharField(max_length=32, blank=True)
    certainty = models.CharField(max_length=32, blank=True)
    happened_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    magnitude = models.FloatField(null=True)
    depth_km = models.FloatField(null=True)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    geometry = models.JSONField(null=True)
    geocodes = models.JSONField(default=list)
    languages = models.JSONField(default=list)
    references = models.JSONField(default=list)
    flags = models.JSONField(default=list)
    link = models.CharField(max_length=500, blank=True)
    is_test = models.BooleanField(default=False)
    is_latest = models.BooleanField(default=True)
    is_basis = models.BooleanField(
        default=True, help_text="the newest version that says more than that it is over"
    )
    heard_at = models.DateTimeField()

    class Meta:
        ordering = ["sent_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["source", "key"], name="report_once")
        ]
        indexes = [
            models.Index(
                fields=["mode", "kind", "happened_at"],
                condition=models.Q(is_basis=True),
                name="report_near",
            )
        ]

    def __str__(self) -> str:
        return f"report {self.pk}"

    @property
    def is_living(self) -> bool:
        """Whether a basis still holds: nothing newer says that it is over."""
        return self.is_latest and self.msg_type != "Cancel"


class Proposal(models.Model):
    """A zone and a level put before an officer; it never sends."""

    class State(models.TextChoices):
        """What the officers did with it."""

        OPEN = "open", "Open"
        TAKEN = "taken", "Incident declared"
        DISMISSED = "dismissed", "Dismissed"

    hazard = models.ForeignKey(
        Hazard, on_delete=models.CASCADE, related_name="proposals"
    )
    level = models.PositiveSmallIntegerField(choices=Level.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    reason = models.CharField(max_length=300)
    dismissed_because = models.CharField(max_length=300, blank=True)
    geometry = models.JSONField(help_text="GeoJSON (multi)polygon")
    radius_m = models.FloatField(null=True, help_text="when the zone is a circle")
    registrations = models.PositiveIntegerField()
    people = models.PositiveIntegerField()
    counted_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-level", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["hazard", "level"], name="proposal_once")
        ]

    def __str__(self) -> str:
        return f"proposal {self.pk}"
