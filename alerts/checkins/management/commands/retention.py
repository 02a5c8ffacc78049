"""Delete what is over, now, and say how much that was."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from alerts.checkins import retention


class Command(BaseCommand):
    """Run today's retention again; twice does no harm."""

    help = "Delete what is over, as the service does by itself every day."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one count a line."""
        for name, count in retention.run(timezone.now()).items():
            self.stdout.write(f"{name}: {count}")
