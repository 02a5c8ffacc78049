"""Twilio's own SDK on a pooled client with a time limit, and what its errors mean.

References
----------
Twilio, Message resource (https://www.twilio.com/docs/messaging/api/message-resource)
and Error and Warning Dictionary (https://www.twilio.com/docs/api/errors). Creating a
message has no idempotency key: what is unclear is asked for by address and text.
"""

import logging
import threading
from typing import Any

import urllib3
from django.conf import settings
from twilio.base.exceptions import TwilioRestException, TwilioServiceException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from alerts.dispatch.channels.base import (
    ChannelError,
    GoneError,
    OptedOutError,
    PermanentError,
    TemporaryError,
    UnclearError,
)
from alerts.dispatch.channels.twilio_codes import CODES, GONE, OPTED_OUT, Sort
from consular import outgoing as door

logger = logging.getLogger(__name__)

TIMEOUT_S = 10.0

# Ask Twilio to try a callback again on every failure, up to its 15 seconds.
CALLBACK_RETRIES = "#rc=5&rp=all&ct=2000&rt=5000"


class PooledHttpClient(HttpClient):  # type: ignore[misc]  # the SDK has no types
    """Keep connections open, have a time limit, and keep a refusal's Retry-After."""

    def __init__(self, pool: urllib3.PoolManager) -> None:
        super().__init__(logger, is_async=False, timeout=TIMEOUT_S)
        self.pool = pool
        self.last = threading.local()

    def request(  # the SDK's own signature
        self,
        method: str,
        uri: str,
        params: dict[str, Any] | None = None,
        data: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """Make one request; a POST that has been written is never repeated here."""
        sent = dict(headers or {})
        if auth:
            sent |= urllib3.make_headers(basic_auth=":".join(auth))
        fields = {k: v for k, v in (data or params or {}).items() if v is not None}
        body: dict[str, Any] = {} if method == "GET" else {"encode_multipart": False}
        answer = self.pool.request(
            method, uri, fields=fields, headers=sent, redirect=False, **body
        )
        wait = answer.headers.get("Retry-After", "")
        self.last.retry_after_s = float(wait) if wait.isdigit() else None
        return Response(answer.status, answer.data.decode(), dict(answer.headers))


class TwilioAccount:
    """What the transports of one Twilio account share: a client, and its words."""

    hook = "twilio"
    gone = GONE

    def __init__(self, account: str) -> None:
        conf = settings.ACCOUNTS[account]
        self.mode = conf["mode"]
        self.sender = conf["sender"]
        door.provider_url_allowed(conf["base_url"], self.mode)
        pool = urllib3.PoolManager(
            maxsize=64,
            timeout=urllib3.Timeout(total=TIMEOUT_S),
            retries=urllib3.Retry(0, redirect=False),
        )
        self.http = PooledHttpClient(pool)
        self.client = Client(
            conf["account_sid"], conf["auth_token"], http_client=self.http
        )
        self.client.api.base_url = conf["base_url"].rstrip("/")

    def ours(self, error: Exception) -> ChannelError:
        """Turn what the SDK raises into one of our words."""
        if isinstance(error, TwilioRestException | TwilioServiceException):
            wait = getattr(self.http.last, "retry_after_s", None)
            return _refusal(error, wait)
        if isinstance(error, urllib3.exceptions.HTTPError | OSError):
            return _lost(error)
        name = type(error).__name__
        return UnclearError(f"Twilio's answer was not understood: {name}")


def unasked(error: Exception) -> UnclearError:
    """Say that Twilio could not be asked now."""
    return UnclearError(f"Twilio could not be asked: {_words(error)}")


def _words(error: Exception) -> str:
    status, code = getattr(error, "status", ""), getattr(error, "code", "")
    return f"{status} {code or ''}".strip() or type(error).__name__


def _lost(error: Exception) -> ChannelError:
    """Sort what happens on the way: never connected, or cut off after it was sent."""
    reason = getattr(error, "reason", error)
    name = type(reason).__name__
    if isinstance(reason, NewConnectionError | ConnectTimeoutError):
        return TemporaryError("Twilio could not be reached")
    return UnclearError(f"Twilio did not answer: {name}")


def _refusal(error: Exception, retry_after_s: float | None) -> ChannelError:
    """Sort an error code that Twilio answered with."""
    code, status = str(getattr(error, "code", "") or ""), getattr(error, "status", 0)
    words = f"Twilio answered {status} {code}".strip()
    if code in OPTED_OUT:
        return OptedOutError(words, code)
    if code in GONE:
        return GoneError(words, code)
    waits = CODES.get(code, (None,))[0] is Sort.WAIT
    if status in (429, 503) or waits:
        return TemporaryError(words, code, retry_after_s)
    if status >= 500:
        return UnclearError(words, code)
    return PermanentError(words, code)
