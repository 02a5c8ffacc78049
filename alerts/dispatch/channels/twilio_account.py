"""Twilio's own SDK on a pooled client with a time limit, and what its errors mean.

References
----------
Twilio, Message resource (https://www.twilio.com/docs/messaging/api/message-resource)
and Error and Warning Dictionary (https://www.twilio.com/docs/api/errors). Creating a
message has no idempotency key: what is unclear is asked for by address and text.
"""

import logging
import threading
from collections.abc import Mapping
from typing import Any

import urllib3
from django.conf import settings
from twilio.base.exceptions import TwilioRestException, TwilioServiceException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from alerts.dispatch.channels import answers, wire
from alerts.dispatch.channels.base import (
    SAYS_ENOUGH,
    ChannelError,
    GoneError,
    OptedOutError,
    PermanentError,
    SetUpError,
    TemporaryError,
    UnclearError,
    refusal,
)
from alerts.dispatch.channels.twilio_codes import (
    CODES,
    GONE,
    OPTED_OUT,
    RETURNED,
    Sort,
)
from consular import outgoing as door

logger = logging.getLogger(__name__)

_KINDS: dict[Sort, type[ChannelError]] = {
    Sort.GONE: GoneError,
    Sort.OPTED_OUT: OptedOutError,
    Sort.WAIT: TemporaryError,
    Sort.OTHER_WAY: PermanentError,
    Sort.SET_UP: SetUpError,
}

# Ask Twilio to try a callback again on every failure, up to its 15 seconds.
CALLBACK_RETRIES = "#rc=5&rp=all&ct=2000&rt=5000"


class PooledHttpClient(HttpClient):  # type: ignore[misc]  # the SDK has no types
    """Keep connections open, have a time limit, and keep a refusal's Retry-After."""

    def __init__(self, pool: urllib3.PoolManager) -> None:
        super().__init__(logger, is_async=False, timeout=wire.ANSWER_S)
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
        self.last.status, self.last.wait_s = 0, None
        answer = self.pool.request(
            method,
            uri,
            fields=fields,
            headers=sent | wire.PLAIN,
            redirect=False,
            preload_content=False,
            **body,
        )
        said = wire.body(answer).decode(errors="replace")
        self.last.status = answer.status
        self.last.wait_s = answers.wait_s(answer.headers)
        return Response(answer.status, said, dict(answer.headers))


def tokens(conf: Mapping[str, str]) -> list[str]:
    """Return the tokens of an account; the first one asks, all of them may sign.

    Twilio signs with the old one until the new one is made the first there. With one
    alone, whatever comes in before or after that moment would be refused.

    Examples
    --------
    >>> tokens({"auth_token": "new, old"}), tokens({})
    (['new', 'old'], [''])
    """
    return [token.strip() for token in conf.get("auth_token", "").split(",")]


class TwilioAccount:
    """What the transports of one Twilio account share: a client, and its words."""

    hook = "twilio"
    gone = GONE
    opted_out = OPTED_OUT
    returned = RETURNED

    def __init__(self, account: str) -> None:
        conf = settings.ACCOUNTS[account]
        self.mode = conf["mode"]
        self.sender = conf["sender"]
        door.provider_url_allowed(conf["base_url"], self.mode)
        self.http = PooledHttpClient(wire.pool(64))
        self.client = Client(
            conf["account_sid"], tokens(conf)[0], http_client=self.http
        )
        self.client.api.base_url = conf["base_url"].rstrip("/")

    def ours(self, error: Exception) -> ChannelError:
        """Turn what the SDK raises into one of our words."""
        if isinstance(error, ChannelError):
            return error
        if isinstance(error, TwilioRestException | TwilioServiceException):
            return _refusal(error, self.http.last.status, self.http.last.wait_s)
        if isinstance(error, urllib3.exceptions.HTTPError | OSError):
            return _lost(error)
        name = type(error).__name__
        return UnclearError(f"Twilio's answer was not understood: {name}")


def unasked(error: Exception) -> UnclearError:
    """Say that Twilio could not be asked now."""
    return UnclearError(f"Twilio could not be asked: {_words(error)}")


def _words(error: Exception) -> str:
    code = _code(error)
    return f"answered {code}" if code else type(error).__name__


def _code(error: Exception) -> str:
    return answers.code({"code": getattr(error, "code", "")})


def _lost(error: Exception) -> ChannelError:
    """Sort what happens on the way: never connected, or cut off after it was sent."""
    reason = getattr(error, "reason", error)
    name = type(reason).__name__
    if isinstance(reason, NewConnectionError | ConnectTimeoutError) or wire.was_refused(
        error
    ):
        return TemporaryError("Twilio could not be reached")
    return UnclearError(f"Twilio did not answer: {name}")


def _refusal(error: Exception, status: int, wait_s: float | None) -> ChannelError:
    """Sort an error code that Twilio answered with."""
    code = _code(error)
    words = f"Twilio answered {status} {code}".strip()
    if 400 <= status < 500 and status not in SAYS_ENOUGH:
        kind = _KINDS.get(CODES[code][0]) if code in CODES else None
        if kind is TemporaryError:
            return TemporaryError(words, code, wait_s)
        if kind is not None:
            return kind(words, code)
    return refusal(status, words, code, wait_s)
