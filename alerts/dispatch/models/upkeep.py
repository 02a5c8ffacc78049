"""What keeps the mail room going: workers, accounts, what was spent, alarms."""

from django.db import models


class Worker(models.Model):
    """A dispatch process, with its heartbeat; claims of a silent one are released."""

    name = models.CharField(max_length=40, unique=True)
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"worker {self.name}"


class Account(models.Model):
    """What is known of one of `settings.ACCOUNTS`: shared by all workers and machines.

    `weight` is its share of a channel's messages; it sinks by ten points when the
    provider fails or its receipts are slow, and drifts back to what the settings say.
    `tokens` are parts that may leave now; they fill up at the account's rate.
    """

    name = models.CharField(max_length=40, unique=True)
    weight = models.SmallIntegerField(default=100)
    shifted_at = models.DateTimeField(null=True, blank=True)
    tokens = models.FloatField(default=0)
    filled_at = models.DateTimeField(null=True, blank=True)
    waits_until = models.DateTimeField(
        null=True, blank=True, help_text="the provider asked to be left alone"
    )
    accepted_at = models.DateTimeField(null=True, blank=True, help_text="the last one")
    trouble = models.CharField(max_length=200, blank=True)
    trouble_at = models.DateTimeField(null=True, blank=True)
    refused_at = models.DateTimeField(
        null=True, blank=True, help_text="when it was last refused as it is set up"
    )

    def __str__(self) -> str:
        return f"account {self.name}"


class Spend(models.Model):
    """What a day cost, by incident, country and channel; `cost` in millionths."""

    day = models.DateField()
    incident_key = models.CharField(max_length=40, blank=True)
    country = models.CharField(max_length=2, blank=True)
    channel = models.CharField(max_length=8)
    messages = models.PositiveIntegerField(default=0)
    parts = models.PositiveIntegerField(default=0)
    cost = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "incident_key", "country", "channel"], name="spend_once"
            )
        ]

    def __str__(self) -> str:
        return f"spend {self.pk}"


class Alarm(models.Model):
    """Something an officer on duty must know; open until it is over."""

    key = models.CharField(max_length=80)
    words = models.CharField(max_length=300)
    raised_at = models.DateTimeField()
    over_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=models.Q(over_at=None), name="alarm_open_once"
            )
        ]

    def __str__(self) -> str:
        return f"alarm {self.pk}"
