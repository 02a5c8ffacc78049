"""Public posts on Mastodon.

References
----------
Mastodon, statuses API (https://docs.joinmastodon.org/methods/statuses/): an
Idempotency-Key makes a repeated POST within an hour the same post.
"""

import requests
from django.conf import settings

from alerts.dispatch.channels.base import (
    ChannelError,
    Outgoing,
    PermanentError,
    TemporaryError,
    UnclearError,
)
from consular import outgoing as door

TIMEOUT_S = (5, 10)
CHARACTERS_MOST = 500


class Mastodon:
    """One Mastodon account."""

    hook = "mastodon"
    states: dict[str, str] = {}

    def __init__(self, account: str) -> None:
        conf = settings.ACCOUNTS[account]
        self.mode = conf["mode"]
        self.base_url = conf["base_url"].rstrip("/")
        door.provider_url_allowed(self.base_url, self.mode)
        self.headers = {"Authorization": f"Bearer {conf['access_token']}"}

    def send(self, outgoing: Outgoing) -> str:
        """Post a status and return its id."""
        if len(outgoing.body) > CHARACTERS_MOST:
            raise PermanentError(
                f"{len(outgoing.body)} characters; Mastodon takes {CHARACTERS_MOST}"
            )
        form = {"status": outgoing.body, "language": outgoing.language}
        if outgoing.in_reply_to:
            form["in_reply_to_id"] = outgoing.in_reply_to
        answer = self._ask("POST", "/api/v1/statuses", data=form, key=outgoing.uid)
        return str(answer["id"])

    def _ask(
        self, method: str, path: str, data: dict[str, str] | None = None, key: str = ""
    ) -> dict[str, object]:
        headers = self.headers | ({"Idempotency-Key": key} if key else {})
        try:
            answer = requests.request(
                method,
                self.base_url + path,
                data=data,
                headers=headers,
                timeout=TIMEOUT_S,
                allow_redirects=False,
            )
        except requests.ConnectTimeout as error:
            raise TemporaryError("Mastodon could not be reached") from error
        except requests.RequestException as error:
            raise _lost(error) from error
        if answer.status_code == 200:
            return dict(answer.json())
        words = f"Mastodon answered {answer.status_code}"
        if answer.status_code in (429, 503):
            raise TemporaryError(words, str(answer.status_code))
        if answer.status_code >= 500:
            raise UnclearError(words, str(answer.status_code))
        raise PermanentError(words, str(answer.status_code))

    def look_up(self, outgoing: Outgoing) -> str:
        """Post again with the same key, which is how Mastodon is asked."""
        return self.send(outgoing)

    def delete(self, provider_id: str) -> None:
        """Delete a status."""
        self._ask("DELETE", f"/api/v1/statuses/{provider_id}")


def _lost(error: requests.RequestException) -> ChannelError:
    refused = "NewConnectionError" in repr(error)
    if refused:
        return TemporaryError("Mastodon could not be reached")
    return UnclearError(f"Mastodon did not answer: {type(error).__name__}")
