"""Twilio's Messages resource: create, list, fetch and delete, as its SDK expects it."""

import asyncio
import base64
import hmac
import json
import re
import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

from aiohttp import web

from alerts.exercises.provider.callbacks import API_VERSION, Caller, is_near
from alerts.exercises.provider.faults import ACCEPTED
from alerts.exercises.provider.office import Office, Text

ACCOUNT = "/2010-04-01/Accounts/{account}"
WHATSAPP = "whatsapp:"
E164 = re.compile(r"\+[1-9]\d{6,14}")
MOST_CHARACTERS = 1600
# Numbers of Twilio's own test credentials that are never valid or never mobile.
INVALID, NOT_MOBILE = "+15005550001", "+15005550009"
GSM_7 = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_7_TWICE = set("^{}\\[~]|€")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class RefusedError(Exception):
    """Carry one of Twilio's error answers to whoever asked."""

    def __init__(self, status: int, code: int, words: str) -> None:
        super().__init__(words)
        self.status, self.code, self.words = status, code, words

    def response(self, **headers: str) -> web.Response:
        """Return it as Twilio writes it."""
        body = {
            "code": self.code,
            "message": self.words,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
        return web.json_response(body, status=self.status, headers=headers)


def segments(body: str) -> int:
    """Count the segments that a text is sent and charged as.

    Examples
    --------
    >>> segments("a" * 160), segments("a" * 161), segments("я" * 70), segments("я" * 71)
    (1, 2, 1, 2)
    """
    if all(letter in GSM_7 or letter in GSM_7_TWICE for letter in body):
        units = len(body) + sum(letter in GSM_7_TWICE for letter in body)
        one, more = 160, 153
    else:
        units = len(body.encode("utf-16-be")) // 2
        one, more = 70, 67
    return 1 if units <= one else -(-units // more)


def _channel(form: dict[str, str]) -> str:
    return "whatsapp" if form.get("To", "").startswith(WHATSAPP) else "sms"


def _of_template(form: dict[str, str]) -> str:
    """Return what a template says: here, its first variable."""
    if not form.get("ContentSid"):
        return ""
    return str(json.loads(form.get("ContentVariables") or "{}").get("1", ""))


def _in_seconds(said: str) -> bool:
    return not said or (said.isdigit() and 1 <= int(said) <= 36_000)


def _shown(text: Text, account: str) -> dict[str, Any]:
    uri = f"/{API_VERSION}/Accounts/{account}/Messages/{text.sid}"
    sender, receiver = text.ours, text.number
    if text.is_inbound:
        sender, receiver = receiver, sender
    at = format_datetime(text.at)
    return {
        "account_sid": account,
        "api_version": API_VERSION,
        "body": text.body,
        "date_created": at,
        "date_sent": None if text.status == "queued" else at,
        "date_updated": at,
        "direction": "inbound" if text.is_inbound else "outbound-api",
        "error_code": int(text.error_code) if text.status == "undelivered" else None,
        "error_message": None,
        "from": sender,
        "messaging_service_sid": None,
        "num_media": "0",
        "num_segments": str(segments(text.body)),
        "price": None,
        "price_unit": "USD",
        "sid": text.sid,
        "status": text.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": receiver,
        "uri": f"{uri}.json",
    }


class Twilio:
    """Answer Twilio's API for one account.

    Parameters
    ----------
    on_delivered : callable
        Gets each text that has reached its phone: the people behind the phones.
    """

    def __init__(
        self, office: Office, caller: Caller, on_delivered: Callable[[Text], None]
    ) -> None:
        self.office = office
        self.caller = caller
        self.on_delivered = on_delivered

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of the resource."""
        one = ACCOUNT + "/Messages/{sid}.json"
        return [
            web.post(ACCOUNT + "/Messages.json", self.guarded(self.create)),
            web.get(ACCOUNT + "/Messages.json", self.guarded(self.list)),
            web.get(one, self.guarded(self.fetch)),
            web.delete(one, self.guarded(self.delete)),
        ]

    def guarded(self, handler: Handler) -> Handler:
        """Return a handler that checks who asks, and refuses as Twilio does."""

        async def checked(request: web.Request) -> web.StreamResponse:
            self.office.in_flight += 1
            try:
                self._check(request)
                return await handler(request)
            except RefusedError as refused:
                if refused.status in (429, 503):
                    wait = str(int(self.office.setup.faults.retry_after_s))
                    return refused.response(**{"Retry-After": wait})
                return refused.response()
            finally:
                self.office.in_flight -= 1

        return checked

    def _check(self, request: web.Request) -> None:
        setup = self.office.setup
        wanted = f"{setup.account_sid}:{setup.auth_token}".encode()
        given = request.headers.get("Authorization", "")
        expected = "Basic " + base64.b64encode(wanted).decode()
        if not hmac.compare_digest(given.encode(), expected.encode()):
            raise RefusedError(401, 20003, "Authenticate")
        if request.match_info["account"] != setup.account_sid:
            raise RefusedError(404, 20404, "The requested resource was not found")
        if setup.faults.down:
            raise RefusedError(503, 20503, "Service unavailable")
        most = setup.faults.max_in_flight
        if most and self.office.in_flight > most:
            self.office.note("refused", channel="sms", answer="busy", to="")
            raise RefusedError(429, 20429, "Too Many Requests")

    async def create(self, request: web.Request) -> web.StreamResponse:
        """Accept a text, or fail as the dice say."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        form["Body"] = form.get("Body") or _of_template(form)
        try:
            self._validate(form)
        except RefusedError as refused:
            facts = {"to": form.get("To", ""), "answer": str(refused.code)}
            self.office.note("refused", channel=_channel(form), **facts)
            raise
        fault = self.office.dice.answer(form["To"])
        await asyncio.sleep(self.office.dice.latency_s(form["To"]))
        if fault not in ACCEPTED:
            self.office.note("refused", channel="sms", to=form["To"], answer=fault)
            return await self.fail(request, fault)
        text = Text(
            sid="SM" + secrets.token_hex(16),
            number=form["To"].removeprefix(WHATSAPP),
            ours=form.get("From") or form.get("MessagingServiceSid", ""),
            channel=_channel(form),
            body=form["Body"],
            at=self.office.now(),
            callback=form.get("StatusCallback", ""),
        )
        self.office.take(text, fault)
        self.office.later(self._live(text))
        if fault:
            return await self.fail(request, fault.removeprefix("accepted_"))
        shown = _shown(text, self.office.setup.account_sid)
        return web.json_response(shown, status=201)

    async def _live(self, text: Text) -> None:
        if await self.caller.live(text) == "delivered":
            self.on_delivered(text)

    async def fail(self, request: web.Request, fault: str) -> web.StreamResponse:
        """Answer, or not, as a fault says."""
        if fault == "busy":
            raise RefusedError(429, 20429, "Too Many Requests")
        if fault == "unavailable":
            raise RefusedError(503, 20503, "Service unavailable")
        if fault in ("500", "error_500"):
            raise RefusedError(500, 20500, "Internal server error")
        if fault == "hang":
            await asyncio.sleep(self.office.setup.faults.hang_s)
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)

    def _validate(self, form: dict[str, str]) -> None:
        number, body = form.get("To", "").removeprefix(WHATSAPP), form["Body"]
        sender = form.get("From") or form.get("MessagingServiceSid", "")
        callback, public_url = form.get("StatusCallback"), self.office.setup.public_url
        rules = (
            (number, 21604, "A 'To' phone number is required."),
            (sender, 21603, "A 'From' phone number is required."),
            (body, 21602, "Message body is required."),
            (E164.fullmatch(number), 21211, "Invalid 'To' Phone Number"),
            (number != INVALID, 21211, "Invalid 'To' Phone Number"),
            (number != NOT_MOBILE, 21614, "'To' number is not a valid mobile number"),
            (len(body) <= MOST_CHARACTERS, 21617, "The body exceeds 1600 characters"),
            (not callback or is_near(callback, public_url), 21609, "Invalid callback"),
            (
                _channel(form) == "sms" or self._may_chat(form, number),
                63016,
                "Outside the allowed window; use a template",
            ),
            (_in_seconds(form.get("ValidityPeriod", "")), 21621, "ValidityPeriod"),
            (
                (number, sender) not in self.office.opted_out,
                21610,
                "Attempt to send to unsubscribed recipient",
            ),
        )
        for holds, code, words in rules:
            if not holds:
                raise RefusedError(400, code, words)

    def _may_chat(self, form: dict[str, str], number: str) -> bool:
        """Tell whether a template is used, or the person wrote within a day."""
        heard = [text for text in self.office.threads[number] if text.is_inbound]
        return "ContentSid" in form or bool(
            heard and self.office.now() - heard[-1].at < timedelta(days=1)
        )

    async def list(self, request: web.Request) -> web.StreamResponse:
        """List texts, the newest first, by number and sender."""
        receiver = request.query.get("To", "").removeprefix(WHATSAPP)
        sender = request.query.get("From", "")
        size = min(int(request.query.get("PageSize", "50")), 1000)
        texts = list(self.office.texts.values())
        if receiver and receiver not in self.office.senders:
            texts = self.office.threads.get(receiver, [])
        texts = [text for text in texts if text.channel != "voice"]
        found = [
            shown
            for text in reversed(texts)
            if self._is_listed(text)
            and (shown := _shown(text, self.office.setup.account_sid))
            and receiver in ("", shown["to"])
            and sender in ("", shown["from"])
        ]
        uri = str(request.rel_url)
        page = {"messages": found[:size], "page": 0, "page_size": size, "start": 0}
        page |= {"end": max(0, len(found[:size]) - 1), "uri": uri}
        page |= {"first_page_uri": uri, "next_page_uri": None}
        return web.json_response(page | {"previous_page_uri": None})

    def _is_listed(self, text: Text) -> bool:
        age_s = (self.office.now() - text.at).total_seconds()
        return age_s >= self.office.setup.faults.list_lag_s

    def _wanted(self, request: web.Request) -> Text:
        text = self.office.texts.get(request.match_info["sid"])
        if text is None:
            raise RefusedError(404, 20404, "The requested resource was not found")
        return text

    async def fetch(self, request: web.Request) -> web.StreamResponse:
        """Return one text."""
        text = self._wanted(request)
        return web.json_response(_shown(text, self.office.setup.account_sid))

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """Forget one text; the journal keeps it."""
        text = self._wanted(request)
        del self.office.texts[text.sid]
        self.office.threads[text.number].remove(text)
        return web.Response(status=204)
