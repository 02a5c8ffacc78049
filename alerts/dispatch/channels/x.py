"""Public posts on X.

References
----------
X API v2, Create and delete posts (https://docs.x.com/x-api/posts): OAuth 1.0a user
context; a text that was posted already is refused, and there is no idempotency key.
"""

from django.conf import settings
from requests_oauthlib import OAuth1

from alerts.dispatch.channels import answers, posts
from alerts.dispatch.channels.api import Api
from alerts.dispatch.channels.base import CannotAskError, Outgoing

MOST = 280


class X:
    """One account on X."""

    hook = "x"
    states: dict[str, str] = {}
    gone: frozenset[str] = frozenset()
    opted_out: frozenset[str] = frozenset()
    returned: frozenset[str] = frozenset()

    def __init__(self, account: str) -> None:
        conf = settings.ACCOUNTS[account]
        self.mode = conf["mode"]
        self.api = Api("X", conf["base_url"], self.mode)
        self.auth = OAuth1(
            conf["api_key"],
            conf["api_secret"],
            conf["access_token"],
            conf["access_secret"],
        )

    def send(self, outgoing: Outgoing) -> str:
        """Post, or write a thread; return the ids."""

        def post(_number: int, part: str, reply_to: str) -> str:
            form: dict[str, object] = {"text": part}
            if reply_to:
                form["reply"] = {"in_reply_to_tweet_id": reply_to}
            said = self.api.ask("POST", "/2/tweets", json=form, auth=self.auth)
            return answers.found(said, "data", "id")

        parts = posts.thread(outgoing.body, MOST, posts.weighted)
        return posts.one_by_one(parts, outgoing.in_reply_to, post)

    def look_up(self, outgoing: Outgoing) -> str:
        """Say that an officer has to look: X has no key, and refuses a repeat."""
        raise CannotAskError("look at the account on X: it may be there")

    def delete(self, provider_id: str) -> None:
        """Delete a post, or all of a thread."""

        def delete(each: str) -> None:
            self.api.ask("DELETE", f"/2/tweets/{each}", auth=self.auth)

        posts.delete_each(provider_id, delete)
