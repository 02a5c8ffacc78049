"""Call Muster back as Twilio does: signed status callbacks and inbound messages."""

import asyncio
import base64
import hashlib
import hmac
import html
import ipaddress
import json
import math
import re
import secrets
from collections import deque
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qs, urldefrag, urlsplit

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from alerts.exercises.provider.faults import share
from alerts.exercises.provider.office import Office, Text, spoken

TELNYX_KEY = b"simulated"
API_VERSION = "2010-04-01"
# Twilio's reserved words; carriers act on them before any webhook is called.
STOP_WORDS = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"}
START_WORDS = {"START", "YES", "UNSTOP"}
# What a call goes through, by how it ends.
WORDS = {
    "voice": {
        "delivered": ["initiated", "in-progress", "completed"],
        "undelivered": ["initiated", "ringing", "no-answer"],
    }
}
AT_ONCE = 16  # as many as Muster's web threads
TIMEOUT_S = 15.0  # Twilio waits this long for a webhook's answer


def sign(auth_token: str, url: str, form: Mapping[str, str]) -> str:
    """Return the X-Twilio-Signature of a request.

    References
    ----------
    https://www.twilio.com/docs/usage/security#validating-requests: the address, then
    each parameter's name and value in the names' order, HMAC-SHA1, base64.
    """
    text = url + "".join(f"{name}{form[name]}" for name in sorted(form))
    mac = hmac.new(auth_token.encode(), text.encode(), hashlib.sha1)
    return base64.b64encode(mac.digest()).decode()


def telnyx_event(text: Text, word: str, now: datetime) -> tuple[bytes, dict[str, str]]:
    """Return a signed webhook as Telnyx sends it.

    References
    ----------
    https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks: Ed25519
    over the timestamp, a bar, and the body.
    """
    to = {"phone_number": text.number, "status": word}
    payload: dict[str, object] = {"id": text.sid, "to": [to]}
    if word == "delivery_failed":
        payload["errors"] = [{"code": text.error_code}]
    kind = "message.finalized" if word.startswith("deliver") else "message.sent"
    event = {"data": {"event_type": kind, "payload": payload}}
    body, stamp = json.dumps(event).encode(), str(int(now.timestamp()))
    key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(TELNYX_KEY).digest())
    signature = base64.b64encode(key.sign(stamp.encode() + b"|" + body)).decode()
    return body, {
        "Content-Type": "application/json",
        "telnyx-signature-ed25519": signature,
        "telnyx-timestamp": stamp,
    }


def is_near(url: str, public_url: str) -> bool:
    """Tell whether a callback may be called: this machine or network, or Muster's own.

    Examples
    --------
    >>> is_near("http://127.0.0.1:8000/x", ""), is_near("https://example.org/x", "")
    (True, False)
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return False
    if parts.hostname in ("localhost", urlsplit(public_url).hostname):
        return True
    try:
        return not ipaddress.ip_address(parts.hostname).is_global
    except ValueError:
        return False


class Lines:
    """So many may post at once; who waits comes in turn.

    As a semaphore, but each turn costs the same behind a hundred thousand receipts.
    """

    def __init__(self, number: int) -> None:
        self._free = number
        self._turns: deque[asyncio.Future[None]] = deque()

    async def __aenter__(self) -> None:
        if self._free:
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._turns.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pass()
            raise

    async def __aexit__(self, *error: object) -> None:
        self._pass()

    def _pass(self) -> None:
        """Hand a line to who waits longest."""
        while self._turns:
            turn = self._turns.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1


class Caller:
    """Post signed forms to Muster, with the retries that the address asks for.

    What people say goes by lines of its own: a network does not hold a call for help
    back until it has delivered the receipts of everybody else's texts.
    """

    def __init__(self, office: Office, session: aiohttp.ClientSession) -> None:
        self.office = office
        self.session = session
        self.places = Lines(AT_ONCE)
        self.lines = Lines(AT_ONCE)

    async def post(
        self, address: str, form: Mapping[str, str], *, is_said: bool = False
    ) -> tuple[int, str]:
        """Post once, or again after a failure as `#rc=…&rp=…` says; 0 is no answer."""
        url, fragment = urldefrag(address)
        wishes = parse_qs(fragment)
        tries = 1 + min(int(wishes.get("rc", ["1"])[0]), 5)
        again = {0, *range(500, 600)} if wishes.get("rp") == ["all"] else {0}
        headers = {"X-Twilio-Signature": sign(self.office.setup.auth_token, url, form)}
        status, body = 0, ""
        for number in range(tries):
            lines = self.lines if is_said else self.places
            status, body = await self._once(url, form, headers, lines)
            if status not in again:
                break
            await asyncio.sleep(0.2 * 2**number)
        return status, body

    async def _once(
        self,
        url: str,
        form: Mapping[str, str] | bytes,
        headers: Mapping[str, str],
        places: Lines,
    ) -> tuple[int, str]:
        try:
            async with (
                places,
                self.session.post(url, data=form, headers=headers) as answer,
            ):
                return answer.status, await answer.text()
        except (aiohttp.ClientError, TimeoutError):
            return 0, ""

    async def receipt(self, text: Text, word: str) -> None:
        """Tell Muster one status of a text or call."""
        status, _ = await self._tell(text, word)
        self.office.note(
            "receipt", sid=text.sid, word=word, status=status, code=text.error_code
        )

    async def _tell(self, text: Text, word: str) -> tuple[int, str]:
        setup = self.office.setup
        if text.provider == "telnyx":
            body, headers = telnyx_event(text, word, self.office.now())
            return await self._once(text.callback, body, headers, self.places)
        if text.channel == "voice":
            form = {
                "AccountSid": setup.account_sid,
                "ApiVersion": API_VERSION,
                "CallSid": text.sid,
                "CallStatus": word,
                "From": text.ours,
                "To": text.number,
            }
            return await self.post(text.callback, form)
        form = {
            "AccountSid": setup.account_sid,
            "ApiVersion": API_VERSION,
            "From": text.ours,
            "MessageSid": text.sid,
            "MessageStatus": word,
            "SmsSid": text.sid,
            "SmsStatus": word,
            "To": text.number,
        }
        if word == "undelivered":
            form["ErrorCode"] = text.error_code
        return await self.post(text.callback, form)

    async def press(self, text: Text, digits: str) -> int:
        """Press a key during a call, which is posted where `<Gather>` says."""
        if not is_near(text.action, self.office.setup.public_url):
            return 0
        form = {
            "AccountSid": self.office.setup.account_sid,
            "ApiVersion": API_VERSION,
            "CallSid": text.sid,
            "CallStatus": "in-progress",
            "Digits": digits,
            "From": text.ours,
            "To": text.number,
        }
        status, answer = await self.post(text.action, form, is_said=True)
        text.keys.append((digits, spoken(answer)))
        self.office.note("inbound", sid=text.sid, status=status, body=digits)
        return status

    async def inbound(self, number: str, ours: str, body: str) -> int:
        """Send what a person wrote to Muster; return the status of its answer."""
        office, setup = self.office, self.office.setup
        sid = "SM" + secrets.token_hex(16)
        office.hear(
            Text(
                sid=sid,
                number=number,
                ours=ours,
                body=body,
                at=office.now(),
                is_inbound=True,
                status="received",
            )
        )
        self._opt(number, ours, body)
        form = {
            "AccountSid": setup.account_sid,
            "ApiVersion": API_VERSION,
            "Body": body,
            "From": number,
            "MessageSid": sid,
            "NumMedia": "0",
            "NumSegments": "1",
            "SmsMessageSid": sid,
            "SmsSid": sid,
            "SmsStatus": "received",
            "To": ours,
        }
        url = f"{setup.public_url}/hooks/twilio/sms"
        status, answer = await self.post(url, form, is_said=True)
        facts = {"from": number, "to": ours, "body": body}
        office.note("inbound", sid=sid, status=status, **facts)
        self._deliver_answer(number, ours, answer)
        return status

    def _opt(self, number: str, ours: str, body: str) -> None:
        word = body.strip().upper()
        if word in STOP_WORDS:
            self.office.opted_out.add((number, ours))
        elif word in START_WORDS:
            self.office.opted_out.discard((number, ours))

    def _deliver_answer(self, number: str, ours: str, twiml: str) -> None:
        """Show on the phone what the webhook answered with `<Message>`."""
        for body in re.findall(r"<Message[^>]*>([^<]+)</Message>", twiml):
            text = Text(
                sid="SM" + secrets.token_hex(16),
                number=number,
                ours=ours,
                body=html.unescape(body),
                at=self.office.now(),
                status="delivered",
            )
            self.office.take(text, "")

    async def live(self, text: Text) -> str:
        """Let a text go from queued to delivered or not, receipts with their faults."""
        dice, speed = self.office.dice, self.office.setup.speed
        text.error_code = dice.undelivered(text.number)
        last = "undelivered" if text.error_code else "delivered"
        if self.office.setup.faults.receipts_off:
            text.status = last
            return last
        words = WORDS.get(text.channel, {}).get(last) or ["queued", "sent", last]
        if text.provider == "telnyx" and text.error_code:
            words[-1] = "delivery_failed"
        if dice.happens("receipt_shuffled", text.number, text.turn):
            words = words[::-1]
        for step, word in enumerate(words):
            await asyncio.sleep(self._pause_s(text, step) / speed)
            text.status = last if step == 2 else ["queued", "sent"][step]
            if text.callback:
                await self._receipts(text, word)
        return last

    def _pause_s(self, text: Text, step: int) -> float:
        """Return how long a step takes: mostly 1 to 4 s from sent to delivered."""
        point = share(self.office.setup.seed, "pace", text.number, text.turn, step)
        return (0.05, 0.4, 2.0)[step] * math.exp(2 * (point - 0.5))

    async def _receipts(self, text: Text, word: str) -> None:
        dice, words = self.office.dice, (text.number, text.turn, word)
        if dice.happens("receipt_dropped", *words):
            self.office.note("receipt", sid=text.sid, word=word, status=-1, code="")
            return
        if dice.happens("receipt_late", *words):
            self.office.later(self._late(text, word))
            return
        await self.receipt(text, word)
        if dice.happens("receipt_double", *words):
            await self.receipt(text, word)

    async def _late(self, text: Text, word: str) -> None:
        faults, speed = self.office.setup.faults, self.office.setup.speed
        await asyncio.sleep(faults.late_s / speed)
        await self.receipt(text, word)
