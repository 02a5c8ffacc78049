"""Shapes of the codes that alerts give instead of areas, and codes that lack one."""

from django.db import models

from alerts.hazards.models.statements import Report
from consular.missions.models import Officer


class CodeShape(models.Model):
    """The shape of a code, from a table that an operator loaded."""

    scheme = models.CharField(max_length=20, help_text="such as UGC or SAME")
    code = models.CharField(max_length=80)
    name = models.CharField(max_length=200, blank=True)
    geometry = models.JSONField(help_text="GeoJSON multipolygon")
    is_box = models.BooleanField(default=False, help_text="only a box around it")
    loaded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "scheme"], name="code_shape_once")
        ]

    def __str__(self) -> str:
        return f"code shape {self.pk}"


class WaitingCode(models.Model):
    """A report's code that has no shape yet: an officer's task."""

    report = models.ForeignKey(
        Report, on_delete=models.CASCADE, related_name="waiting_codes"
    )
    scheme = models.CharField(max_length=20)
    code = models.CharField(max_length=80)
    set_aside_by = models.ForeignKey(
        Officer, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["report", "scheme", "code"], name="waiting_code_once"
            )
        ]
        indexes = [models.Index(fields=["scheme", "code"], name="waiting_code_of")]

    def __str__(self) -> str:
        return f"waiting code {self.pk}"
