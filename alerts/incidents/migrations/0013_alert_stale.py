from typing import Any

from django.db import migrations, models

from alerts.incidents.models import guards


def lay(apps: Any, schema_editor: Any) -> None:
    guards.lay(schema_editor)


def lift(apps: Any, schema_editor: Any) -> None:
    guards.lift(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("incidents", "0012_kept_areas_of_missions")]

    # SQLite makes a table anew for a column, and leaves its triggers behind.
    operations = [
        migrations.RunPython(lift, lay),
        migrations.AddField(
            model_name="alert",
            name="stale",
            field=models.PositiveIntegerField(
                default=0,
                help_text="of these people, when settled: asked twice, silent",
            ),
        ),
        migrations.RunPython(lay, lift),
    ]
