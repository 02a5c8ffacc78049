"""The phones, mailboxes and posts as a person sees them, on the provider's own port."""

from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string

from alerts.exercises.provider.callbacks import Caller
from alerts.exercises.provider.office import Office, Text, thread_key

SHOWN = 60
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; "
    "script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
STATIC = {
    "base.css": "base.css",
    "provider.css": "exercises/provider.css",
    "provider.js": "exercises/provider.js",
    "icon.svg": "icon.svg",
}


def _has_answered(texts: list[Text]) -> bool:
    return any(text.is_inbound for text in texts)


class Pages:
    """Show what arrived, and let a person answer by hand."""

    def __init__(self, office: Office, caller: Caller) -> None:
        self.office = office
        self.caller = caller

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/", self.phones),
            web.get("/phone/{key}", self.phone),
            web.post("/phone/{key}", self.reply),
            web.post("/stop", self.stop),
            web.get("/mail", self.mails),
            web.get("/mail/{sid}", self.mail),
            web.get("/posts", self.posts),
            web.get("/state.json", self.state),
            web.get("/static/{name}", self.static),
        ]

    def _page(self, name: str, **context: Any) -> web.Response:
        counts = {
            "phones": len(self.office.threads),
            "mails": len(self.office.mails),
            "posts": len(self.office.posts),
        }
        page = render_to_string(f"exercises/{name}.html", {"counts": counts, **context})
        return web.Response(text=page, content_type="text/html", headers=HEADERS)

    async def phones(self, request: web.Request) -> web.Response:
        """List the phones that got a text last, or those whose number was asked for."""
        asked = "".join(filter(str.isdigit, request.query.get("q", "")))
        silent = request.query.get("show") == "silent"
        threads: list[dict[str, Any]] = [
            {"key": thread_key(number), "number": number, "last": texts[-1]}
            for number, texts in self.office.threads.items()
            if texts and asked in number and not (silent and _has_answered(texts))
        ]
        threads.sort(key=lambda each: each["last"].at, reverse=True)
        found = len(threads)
        context = {"threads": threads[:SHOWN], "found": found, "asked": asked}
        context |= {"silent": silent}
        return self._page("phones", section="phones", **context)

    def _thread(self, request: web.Request) -> tuple[str, list[Text]]:
        key = request.match_info["key"]
        for number, texts in self.office.threads.items():
            if thread_key(number) == key:
                return number, texts
        raise web.HTTPNotFound(text="No text has reached that phone.")

    async def phone(self, request: web.Request) -> web.Response:
        """Show one phone's texts with a reply box."""
        number, texts = self._thread(request)
        context = {"number": number, "texts": texts, "key": thread_key(number)}
        return self._page("phone", section="phones", **context)

    async def reply(self, request: web.Request) -> web.Response:
        """Send what a person typed to Muster as an SMS, or press a key in a call."""
        number, texts = self._thread(request)
        origin = request.headers.get("Origin", "")
        if origin not in ("", "null") and urlsplit(origin).netloc != request.host:
            raise web.HTTPForbidden(text="A reply is written on this page only.")
        form = await request.post()
        body = str(form.get("body", "")).strip()[:1600]
        key = str(form.get("key", ""))[:1]
        if key:
            for call in texts:
                if call.sid == form.get("call"):
                    await self.caller.press(call, key)
        elif body:
            outbound = [text for text in texts if not text.is_inbound]
            ours = outbound[-1].ours if outbound else ""
            await self.caller.inbound(number, ours, body)
        raise web.HTTPSeeOther(f"/phone/{thread_key(number)}")

    async def stop(self, request: web.Request) -> web.Response:
        """Let the owner of a number opt out at the provider, as STOP does."""
        form = await request.post()
        self.office.opted_out.add((str(form["number"]), str(form["sender"])))
        return web.Response(status=204)

    async def mails(self, request: web.Request) -> web.Response:
        """List the mails that came last."""
        mails = list(islice(reversed(self.office.mails), SHOWN))
        return self._page("mails", section="mail", mails=mails)

    async def mail(self, request: web.Request) -> web.Response:
        """Show one mail."""
        for mail in self.office.mails:
            if mail.sid == request.match_info["sid"]:
                return self._page("mail", section="mail", mail=mail)
        raise web.HTTPNotFound(text="There is no such mail.")

    async def posts(self, request: web.Request) -> web.Response:
        """List the public posts."""
        posts = list(self.office.posts.values())[::-1]
        return self._page("posts", section="posts", posts=posts)

    async def state(self, request: web.Request) -> web.Response:
        """Tell a program how much has happened and how much is still to come."""
        texts = self.office.texts.values()
        inbound = sum(text.is_inbound for text in texts)
        return web.json_response(
            {
                "pending": self.office.pending,
                "sms": len(texts) - inbound,
                "inbound": inbound,
                "mails": len(self.office.mails),
                "posts": len(self.office.posts),
                "statuses": dict(Counter(text.status for text in texts)),
            },
            headers=HEADERS,
        )

    async def static(self, request: web.Request) -> web.StreamResponse:
        """Serve the stylesheets and the script."""
        path = finders.find(STATIC.get(request.match_info["name"], "?"))
        if not isinstance(path, str):
            raise web.HTTPNotFound
        return web.FileResponse(Path(path), headers={"Cache-Control": "no-cache"})
