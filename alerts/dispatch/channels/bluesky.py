"""Public posts on Bluesky: records whose key we choose, so that a repeat is the same.

References
----------
AT Protocol, `com.atproto.repo.putRecord` and `app.bsky.feed.post`
(https://docs.bsky.app/docs/advanced-guides/posts): 300 graphemes; links are facets
with offsets in UTF-8 bytes. A record key is any text of `[A-Za-z0-9.:_~-]`.
"""

import threading
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from alerts.dispatch import text as texts
from alerts.dispatch.channels import answers, posts
from alerts.dispatch.channels.api import Api
from alerts.dispatch.channels.base import (
    Outgoing,
    PermanentError,
    TemporaryError,
    UnclearError,
)

MOST = 300
COLLECTION = "app.bsky.feed.post"
EXPIRED = "ExpiredToken"  # said with 400: a session lasts for about two hours


def facets(text: str) -> list[dict[str, Any]]:
    """Mark the links of a text by their byte offsets.

    Examples
    --------
    >>> facets("é https://example.org")[0]["index"]
    {'byteStart': 3, 'byteEnd': 22}
    """
    return [
        {
            "index": {
                "byteStart": len(text[: found.start()].encode()),
                "byteEnd": len(text[: found.end()].encode()),
            },
            "features": [
                {"$type": "app.bsky.richtext.facet#link", "uri": found.group()}
            ],
        }
        for found in texts.LINK.finditer(text)
    ]


class Bluesky:
    """One Bluesky account, with an app password."""

    hook = "bluesky"
    states: dict[str, str] = {}
    gone: frozenset[str] = frozenset()
    opted_out: frozenset[str] = frozenset()
    returned: frozenset[str] = frozenset()

    def __init__(self, account: str) -> None:
        conf = settings.ACCOUNTS[account]
        self.mode = conf["mode"]
        self.api = Api("Bluesky", conf["base_url"], self.mode)
        self.login = {"identifier": conf["handle"], "password": conf["app_password"]}
        self._session: dict[str, str] = {}
        self._lock = threading.Lock()

    def _call(self, method: str, form: dict[str, Any]) -> Any:
        """Call with a session; sessions are few a day, so one is kept until it ends."""
        try:
            return self._once(method, form)
        except PermanentError as error:
            if " 401" not in str(error) and error.code != EXPIRED:
                raise
            self._session = {}
            return self._once(method, form)

    def _once(self, method: str, form: dict[str, Any]) -> Any:
        with self._lock:
            if not self._session:
                self._session = self._signed_in()
        headers = {"Authorization": f"Bearer {self._session['accessJwt']}"}
        form = {"repo": self._session["did"], "collection": COLLECTION, **form}
        path = f"/xrpc/com.atproto.repo.{method}"
        return self.api.ask("POST", path, json=form, headers=headers)

    def _signed_in(self) -> dict[str, str]:
        """Open a session; whatever goes wrong here, nothing was posted."""
        path = "/xrpc/com.atproto.server.createSession"
        try:
            said = self.api.ask("POST", path, json=self.login)
            return {name: answers.found(said, name) for name in ("accessJwt", "did")}
        except UnclearError as error:
            raise TemporaryError(str(error), error.code) from error

    def send(self, outgoing: Outgoing) -> str:
        """Post, or write a thread; return `uri|cid` of each."""
        first = outgoing.in_reply_to.split(" ")[0]

        def post(number: int, part: str, reply_to: str) -> str:
            nonlocal first
            record: dict[str, Any] = {
                "$type": COLLECTION,
                "text": part,
                "langs": [outgoing.language],
                "createdAt": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            }
            if found := facets(part):
                record["facets"] = found
            if reply_to:
                record["reply"] = {"root": _ref(first), "parent": _ref(reply_to)}
            form = {"rkey": f"{outgoing.uid}-{number}", "record": record}
            said = self._call("putRecord", form)
            posted = f"{answers.found(said, 'uri')}|{answers.found(said, 'cid')}"
            first = first or posted
            return posted

        parts = posts.thread(outgoing.body, MOST, posts.graphemes)
        return posts.one_by_one(parts, outgoing.in_reply_to, post)

    def look_up(self, outgoing: Outgoing) -> str:
        """Write the same record again, which changes nothing where it is there."""
        return self.send(outgoing)

    def delete(self, provider_id: str) -> None:
        """Delete a post, or all of a thread."""

        def delete(each: str) -> None:
            self._call("deleteRecord", {"rkey": each.split("|")[0].rpartition("/")[2]})

        posts.delete_each(provider_id, delete)


def _ref(provider_id: str) -> dict[str, str]:
    uri, _, cid = provider_id.partition("|")
    return {"uri": uri, "cid": cid}
