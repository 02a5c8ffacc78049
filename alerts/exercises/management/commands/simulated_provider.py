"""`manage.py simulated_provider`: run the provider that serves exercises."""

import asyncio
import signal
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from alerts.exercises.provider.faults import Faults, FaultsError
from alerts.exercises.provider.office import HOST, Setup
from alerts.exercises.provider.server import Running, serve


class Command(BaseCommand):
    """Answer as Twilio, a mail server and Mastodon do, on this machine only."""

    help = __doc__ or ""
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        port = urlsplit(settings.SIMULATED_PROVIDER_URL).port or 8026
        parser.add_argument("--port", type=int, default=port)
        parser.add_argument(
            "--smtp-port", type=int, default=settings.SIMULATED_SMTP_PORT
        )
        parser.add_argument(
            "--journal", type=Path, default=settings.DATA_DIR / "provider.jsonl"
        )
        parser.add_argument("--faults", default="", help="JSON; see provider/faults.py")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--speed", type=float, default=settings.SPEED)
        parser.add_argument("--public-url", default=settings.PUBLIC_URL)
        parser.add_argument(
            "--people", action="store_true", help="let simulated people answer"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            setup = self._setup(options)
        except FaultsError as error:
            raise CommandError(str(error)) from None
        try:
            asyncio.run(self._serve(setup))
        except OSError as error:
            raise CommandError(f"the provider cannot listen: {error}") from None

    def _setup(self, options: dict[str, Any]) -> Setup:
        account = settings.ACCOUNTS["simulated-sms"]
        return Setup(
            journal=options["journal"],
            public_url=options["public_url"].rstrip("/"),
            account_sid=account["account_sid"],
            auth_token=account["auth_token"],
            access_token=settings.ACCOUNTS["simulated-mastodon"]["access_token"],
            port=options["port"],
            smtp_port=options["smtp_port"],
            faults=Faults.parse(options["faults"]),
            seed=options["seed"],
            speed=options["speed"],
            people=options["people"],
        )

    async def _serve(self, setup: Setup) -> None:
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopping.set)
        await serve(setup, stopping, self._say)

    def _say(self, running: Running) -> None:
        self.stdout.write(
            f"simulated provider: {running.url} (phones, mails, posts), "
            f"SMTP on {HOST}:{running.smtp_port}"
        )
        self.stdout.flush()
