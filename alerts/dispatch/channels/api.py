"""Ask a provider's JSON API, and sort what it answers into the words of base.py."""

import threading
from typing import Any

import requests

from alerts.dispatch.channels import answers, wire
from alerts.dispatch.channels.base import (
    ChannelError,
    TemporaryError,
    UnclearError,
    refusal,
)
from consular import outgoing as door


class Api:
    """One provider's address; each thread keeps its connections open."""

    def __init__(self, name: str, base_url: str, mode: str) -> None:
        self.name = name
        self.base_url = base_url.rstrip("/")
        door.provider_url_allowed(self.base_url, mode)
        self._kept = threading.local()

    def _session(self) -> requests.Session:
        if not hasattr(self._kept, "session"):
            self._kept.session = wire.session()
        found: requests.Session = self._kept.session
        return found

    def ask(self, method: str, path: str, **words: Any) -> Any:
        """Make one request and return its JSON, whatever its shape.

        Raises
        ------
        PermanentError, TemporaryError, UnclearError
            Refused; not processed; or nobody knows.
        """
        try:
            answer = self._session().request(method, self.base_url + path, **words)
        except requests.RequestException as error:
            if was_not_reached(error):
                raise TemporaryError(f"{self.name} could not be reached") from error
            raise UnclearError(
                f"{self.name} did not answer: {type(error).__name__}"
            ) from error
        said = answers.parsed(answer.content)
        if not 200 <= answer.status_code < 300:
            raise self._refusal(answer, said)
        if said is None and answer.content:
            raise UnclearError(f"{self.name}'s answer was not understood")
        return said

    def _refusal(self, answer: requests.Response, said: Any) -> ChannelError:
        status, code = answer.status_code, answers.code(said)
        words = f"{self.name} answered {status} {code}".strip()
        wait_s = answers.wait_s(answer.headers, said)
        return refusal(status, words, code or str(status), wait_s)


def was_not_reached(error: requests.RequestException) -> bool:
    """Tell whether a request never left, because nobody took the connection."""
    return (
        isinstance(error, requests.ConnectTimeout)
        or "NewConnectionError" in repr(error)
        or "NameResolutionError" in repr(error)
        or wire.was_refused(error)
    )
