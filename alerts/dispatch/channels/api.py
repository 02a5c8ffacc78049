"""Ask a provider's JSON API, and sort what it answers into the words of base.py."""

import threading
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from alerts.dispatch.channels.base import (
    PermanentError,
    TemporaryError,
    UnclearError,
)
from consular import outgoing as door

TIMEOUT_S = (5, 10)


class Api:
    """One provider's address; each thread keeps its connections open."""

    def __init__(self, name: str, base_url: str, mode: str) -> None:
        self.name = name
        self.base_url = base_url.rstrip("/")
        door.provider_url_allowed(self.base_url, mode)
        self._kept = threading.local()

    def _session(self) -> requests.Session:
        if not hasattr(self._kept, "session"):
            session = requests.Session()
            session.trust_env = False
            self._kept.session = session
        found: requests.Session = self._kept.session
        return found

    def ask(self, method: str, path: str, **words: Any) -> dict[str, Any]:
        """Make one request and return its JSON.

        Raises
        ------
        PermanentError, TemporaryError, UnclearError
            Refused; not processed; or nobody knows.
        """
        try:
            answer = self._session().request(
                method,
                self.base_url + path,
                timeout=TIMEOUT_S,
                allow_redirects=False,
                **words,
            )
        except requests.ConnectTimeout as error:
            raise TemporaryError(f"{self.name} could not be reached") from error
        except requests.RequestException as error:
            if "NewConnectionError" in repr(error):
                raise TemporaryError(f"{self.name} could not be reached") from error
            raise UnclearError(
                f"{self.name} did not answer: {type(error).__name__}"
            ) from error
        if answer.ok:
            return self._json(answer)
        raise self._refusal(answer)

    def _json(self, answer: requests.Response) -> dict[str, Any]:
        if not answer.content:
            return {}
        try:
            found = answer.json()
        except ValueError as error:
            raise UnclearError(f"{self.name}'s answer was not understood") from error
        return found if isinstance(found, dict) else {"found": found}

    def _refusal(
        self, answer: requests.Response
    ) -> PermanentError | TemporaryError | UnclearError:
        status = answer.status_code
        code = error_code(answer)
        words = f"{self.name} answered {status} {code}".strip()
        if status in (429, 503):
            return TemporaryError(words, code or str(status), retry_after_s(answer))
        if status >= 500:
            return UnclearError(words, code or str(status))
        return PermanentError(words, code or str(status))


def retry_after_s(answer: requests.Response) -> float | None:
    """Read Retry-After, which is seconds or a date."""
    said = answer.headers.get("Retry-After", "")
    if said.isdigit():
        return float(said)
    try:
        at = parsedate_to_datetime(said)
    except ValueError:
        return None
    return max((at - datetime.now(UTC)).total_seconds(), 0.0)


def error_code(answer: requests.Response) -> str:
    """Return the code in a refusal's body, where networks put one; never its words."""
    try:
        said = answer.json()
    except ValueError:
        return ""
    if not isinstance(said, dict):
        return ""
    errors = said.get("errors")
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        said = errors[0]
    inner = said.get("error")
    if isinstance(inner, dict):
        said = inner
    found = said.get("code", said.get("error_code", ""))
    return str(found)[:24] if isinstance(found, str | int) else ""
