"""Telnyx: texts with an idempotency key, and webhooks signed with Ed25519."""

import asyncio
import json
import uuid
from collections.abc import Callable
from typing import Any

from aiohttp import web

from alerts.exercises.provider.callbacks import Caller
from alerts.exercises.provider.faults import ACCEPTED
from alerts.exercises.provider.office import Office, Text
from alerts.exercises.provider.twilio import E164, INVALID, NOT_MOBILE


class Telnyx:
    """Answer the parts of Telnyx's API that Muster uses.

    References
    ----------
    https://developers.telnyx.com/api/messaging/send-message
    """

    def __init__(
        self, office: Office, caller: Caller, on_delivered: Callable[[Text], None]
    ) -> None:
        self.office = office
        self.caller = caller
        self.on_delivered = on_delivered
        self._by_key: dict[str, dict[str, Any]] = {}

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [web.post("/v2/messages", self.create)]

    def _refused(
        self, number: str, status: int, code: str, **headers: str
    ) -> web.Response:
        self.office.note("refused", channel="sms", to=number, answer=code)
        return web.json_response(
            {"errors": [{"code": code, "title": "refused"}]},
            status=status,
            headers=headers,
        )

    async def create(self, request: web.Request) -> web.StreamResponse:
        """Take a text; the same Idempotency-Key gives the first answer again."""
        if request.headers.get("Authorization") != "Bearer simulated":
            return self._refused("", 401, "10009")
        form = await request.json()
        number = str(form.get("to", ""))
        if not E164.fullmatch(number) or number == INVALID:
            return self._refused(number, 400, "40310")
        if number == NOT_MOBILE:
            return self._refused(number, 400, "40001")
        if (number, form.get("from")) in self.office.opted_out:
            return self._refused(number, 400, "40300")
        key = request.headers.get("Idempotency-Key", "")
        if key and key in self._by_key:
            return web.json_response(self._by_key[key])
        return await self._take(request, form, number, key)

    async def _take(
        self, request: web.Request, form: dict[str, Any], number: str, key: str
    ) -> web.StreamResponse:
        faults = self.office.setup.faults
        fault = self.office.dice.answer(f"telnyx {number}")
        await asyncio.sleep(self.office.dice.latency_s(number))
        if fault not in ACCEPTED and not faults.only_twilio:
            return await self._fail(request, number, fault)
        if faults.down and not faults.only_twilio:
            return await self._fail(request, number, "unavailable")
        fault = "" if faults.only_twilio else fault
        text = Text(
            sid=str(uuid.uuid4()),
            number=number,
            ours=str(form.get("from", "")),
            body=str(form.get("text", "")),
            at=self.office.now(),
            callback=str(form.get("webhook_url", "")),
            provider="telnyx",
        )
        self.office.take(text, fault)
        self.office.later(self._live(text))
        said = {"data": {"id": text.sid, "to": [{"status": "queued"}]}}
        self._by_key[key or text.sid] = json.loads(json.dumps(said))
        if fault:
            return await self._fail(request, number, fault.removeprefix("accepted_"))
        return web.json_response(said)

    async def _live(self, text: Text) -> None:
        if await self.caller.live(text) == "delivered":
            self.on_delivered(text)

    async def _fail(
        self, request: web.Request, number: str, fault: str
    ) -> web.StreamResponse:
        wait = str(int(self.office.setup.faults.retry_after_s))
        if fault == "busy":
            return self._refused(number, 429, "10011", **{"Retry-After": wait})
        if fault == "unavailable":
            return self._refused(number, 503, "10016", **{"Retry-After": wait})
        if fault in ("500", "error_500"):
            return self._refused(number, 500, "10007")
        if fault == "hang":
            await asyncio.sleep(self.office.setup.faults.hang_s)
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)
