"""Public posts on a Facebook page.

References
----------
Graph API, page feed (https://developers.facebook.com/docs/graph-api/reference/page/feed):
63,206 characters; an update under a post is a comment of the page; no idempotency key.
"""

from typing import Any

from django.conf import settings

from alerts.dispatch.channels import answers, posts
from alerts.dispatch.channels.api import Api
from alerts.dispatch.channels.base import (
    CannotAskError,
    Outgoing,
    PermanentError,
    TemporaryError,
)

# Too many calls of the app, the user, the page; in all of them for now.
BUSY = {"4", "17", "32", "341", "613"}
MOST = 63_206
MOST_COMMENT = 8_000


class FacebookPage:
    """One page, with a page access token."""

    hook = "facebook"
    states: dict[str, str] = {}
    gone: frozenset[str] = frozenset()
    opted_out: frozenset[str] = frozenset()
    returned: frozenset[str] = frozenset()

    def __init__(self, account: str) -> None:
        conf = settings.ACCOUNTS[account]
        self.mode, self.page = conf["mode"], conf["page"]
        self.api = Api("Facebook", conf["base_url"], self.mode)
        # In a header: an address with a token in it ends up in logs.
        self.headers = {"Authorization": f"Bearer {conf['access_token']}"}

    def _ask(self, method: str, path: str, **words: Any) -> Any:
        """Ask; what is busy says so with a code, and a status that means never."""
        try:
            return self.api.ask(method, path, headers=self.headers, **words)
        except PermanentError as error:
            if error.code in BUSY:
                raise TemporaryError(str(error), error.code) from error
            raise

    def send(self, outgoing: Outgoing) -> str:
        """Post on the page, or comment under its first post; return the ids."""
        first = outgoing.in_reply_to.split(" ")[0]

        def post(_number: int, part: str, _reply_to: str) -> str:
            nonlocal first
            path = f"/{first}/comments" if first else f"/{self.page}/feed"
            said = self._ask("POST", path, data={"message": part})
            posted = answers.found(said, "id")
            first = first or posted
            return posted

        parts = posts.thread(outgoing.body, MOST_COMMENT if first else MOST, len)
        return posts.one_by_one(parts, outgoing.in_reply_to, post)

    def look_up(self, outgoing: Outgoing) -> str:
        """Say that an officer has to look: there is no key to ask by."""
        raise CannotAskError("look at the Facebook page: it may be there")

    def delete(self, provider_id: str) -> None:
        """Delete a post or comment."""

        def delete(each: str) -> None:
            self._ask("DELETE", f"/{each}")

        posts.delete_each(provider_id, delete)
