import consular.people.stays.indexes
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('people', '0002_stays_by_mode'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='stay',
            index=consular.people.stays.indexes.CoveringIndex(condition=models.Q(('mode', 'live'), ('precision__in', ['exact', 'town']), ('replaced_at', None)), fields=['cell', 'ends_on', 'starts_on'], include=('id', 'registration', 'lon', 'lat', 'precision', 'radius_m', 'people'), name='stay_cell_live'),
        ),
        migrations.AddIndex(
            model_name='stay',
            index=consular.people.stays.indexes.CoveringIndex(condition=models.Q(('mode', 'exercise'), ('precision__in', ['exact', 'town']), ('replaced_at', None)), fields=['cell', 'ends_on', 'starts_on'], include=('id', 'registration', 'lon', 'lat', 'precision', 'radius_m', 'people'), name='stay_cell_exercise'),
        ),
    ]
