"""Feeds, and the raw bytes of what they answered."""

from django.db import models

from consular.modes import Mode


class Source(models.Model):
    """A feed that is polled, with its last success and its trouble in plain words."""

    class Trust(models.TextChoices):
        """Whether its reports may propose an incident."""

        SUGGEST = "suggest", "May propose"
        WATCH = "watch", "Only to be watched"

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    format = models.CharField(max_length=24, help_text="a name in hazards.formats")
    url = models.URLField(
        max_length=500, blank=True, help_text="empty: it is pushed to, or typed in"
    )
    mode = models.CharField(max_length=8, choices=Mode.choices)
    trust = models.CharField(max_length=8, choices=Trust.choices)
    interval_s = models.PositiveIntegerField(default=60)
    is_active = models.BooleanField(default=True)
    next_poll_at = models.DateTimeField()
    last_attempt_at = models.DateTimeField(null=True, blank=True)
    last_ok_at = models.DateTimeField(null=True, blank=True)
    etag = models.CharField(max_length=200, blank=True)
    last_modified = models.CharField(max_length=80, blank=True)
    push_generation = models.PositiveIntegerField(
        default=0, help_text="counts the secrets that signed what it pushed"
    )
    keep_days = models.PositiveIntegerField(
        default=90, help_text="how long its raw documents are kept"
    )
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
    flags = models.JSONField(
        default=list, blank=True, help_text="what is doubtful about the whole of it"
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["source", "sha256"], name="document_once")
        ]
        indexes = [
            models.Index(fields=["source", "fetched_at"], name="document_age"),
            models.Index(
                fields=["source", "url"],
                condition=~models.Q(url=""),
                name="document_followed",
            ),
        ]

    def __str__(self) -> str:
        return f"document {self.pk}"
