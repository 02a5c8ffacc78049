from typing import Any

from django.conf import settings
from django.db import migrations, models

from alerts.incidents.models import guards


def lay(apps: Any, schema_editor: Any) -> None:
    guards.lay(schema_editor)


def lift(apps: Any, schema_editor: Any) -> None:
    guards.lift(schema_editor)


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0010_promises_and_figures"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("corrected_by", None), ("corrects", None)),
                    models.Q(
                        ("corrected_by__isnull", False),
                        ("corrects__isnull", False),
                        ("glass", None),
                        ("kind", "correction"),
                    ),
                    _connector="OR",
                ),
                name="alert_corrects_as_correction",
            ),
        ),
        migrations.RunPython(lay, lift),
    ]
