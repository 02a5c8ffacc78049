"""Give what a provider did not know its own field, and old causes an end of waiting."""

from datetime import timedelta

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F


def forwards(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Move the word out of the field of the provider's codes."""
    absent = apps.get_model("dispatch", "Message").objects.filter(
        provider_code="absent"
    )
    absent.filter(state="unclear").update(absent_at=F("not_before"))
    absent.update(provider_code="")
    swept = apps.get_model("dispatch", "Cause").objects.exclude(swept_at=None)
    swept.update(receipts_until=F("swept_at") + timedelta(hours=72))


class Migration(migrations.Migration):
    """After the fields are there."""

    dependencies = [("dispatch", "0009_absent_messages_and_late_receipts")]
    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
