"""Twilio's Calls resource: someone picks up, listens, and may press a key."""

import secrets
from collections.abc import Awaitable, Callable
from email.utils import format_datetime
from typing import Any

from aiohttp import web

from alerts.exercises.provider.callbacks import API_VERSION, Caller
from alerts.exercises.provider.faults import ACCEPTED
from alerts.exercises.provider.office import Office, Text
from alerts.exercises.provider.twilio import ACCOUNT, E164, RefusedError, Twilio


class Calls:
    """Answer the parts of Twilio's voice API that Muster uses.

    Parameters
    ----------
    on_answered : callable
        Gets each call that somebody picked up.
    """

    def __init__(
        self,
        office: Office,
        caller: Caller,
        twilio: Twilio,
        on_answered: Callable[[Text], Awaitable[None]],
    ) -> None:
        self.office = office
        self.caller = caller
        self.twilio = twilio
        self.on_answered = on_answered

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.post(ACCOUNT + "/Calls.json", self.twilio.guarded(self.create)),
            web.get(ACCOUNT + "/Calls.json", self.twilio.guarded(self.list)),
        ]

    async def create(self, request: web.Request) -> web.StreamResponse:
        """Make a call, or fail as the dice say."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        number = form.get("To", "")
        if not E164.fullmatch(number):
            self.office.note("refused", channel="voice", to=number, answer="13224")
            raise RefusedError(400, 13224, "Dial: Invalid phone number")
        if not form.get("Twiml") and not form.get("Url"):
            raise RefusedError(400, 21205, "Url parameter is required")
        fault = self.office.dice.answer(f"call {number}")
        if fault not in ACCEPTED:
            self.office.note("refused", channel="voice", to=number, answer=fault)
            return await self.twilio.fail(request, fault)
        call = Text(
            sid="CA" + secrets.token_hex(16),
            number=number,
            ours=form.get("From", ""),
            body=form.get("Twiml", ""),
            at=self.office.now(),
            callback=form.get("StatusCallback", ""),
            channel="voice",
        )
        self.office.take(call, fault)
        self.office.later(self._ring(call))
        if fault:
            return await self.twilio.fail(request, fault.removeprefix("accepted_"))
        return web.json_response(self._shown(call), status=201)

    async def _ring(self, call: Text) -> None:
        if await self.caller.live(call) == "delivered":
            await self.on_answered(call)

    def _shown(self, call: Text) -> dict[str, Any]:
        account = self.office.setup.account_sid
        at = format_datetime(call.at)
        return {
            "account_sid": account,
            "api_version": API_VERSION,
            "date_created": at,
            "date_updated": at,
            "direction": "outbound-api",
            "from": call.ours,
            "sid": call.sid,
            "status": call.status,
            "to": call.number,
            "uri": f"/{API_VERSION}/Accounts/{account}/Calls/{call.sid}.json",
        }

    async def list(self, request: web.Request) -> web.StreamResponse:
        """List calls to a number, the newest first."""
        texts = self.office.threads.get(request.query.get("To", ""), [])
        calls = [self._shown(t) for t in reversed(texts) if t.channel == "voice"]
        page = {"calls": calls, "page": 0, "page_size": 50, "start": 0}
        uri = str(request.rel_url)
        page |= {"end": max(0, len(calls) - 1), "uri": uri, "first_page_uri": uri}
        return web.json_response(
            page | {"next_page_uri": None, "previous_page_uri": None}
        )
