"""The people behind the phones: they read what reaches them, and some answer."""

import asyncio
from html.parser import HTMLParser
from urllib.parse import urljoin

import aiohttp

from alerts.exercises.provider import replies
from alerts.exercises.provider.callbacks import Caller, is_near
from alerts.exercises.provider.office import Mail, Office, Text

# An answer in words, as the check-in page's buttons call it.
BUTTONS = {"safe": "safe", "help": "help", "away": "away"}
NOTHING = "nothing"


class _Form(HTMLParser):
    """Read what the check-in form would send besides the pressed button."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self.action = ""
        self.has_buttons = False
        self._wanted = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the action, hidden fields and ticked boxes of the form with buttons."""
        found = {name: value or "" for name, value in attrs}
        if tag == "form" and not self.has_buttons:
            self._wanted = True
            self.fields, self.action = [], found.get("action", "")
        if tag == "button" and self._wanted and found.get("name") == "status":
            self.has_buttons = True
        if tag != "input" or not self._wanted or not found.get("name"):
            return
        if found.get("type") == "hidden" or "checked" in found:
            self.fields.append((found["name"], found.get("value", "on")))

    def handle_endtag(self, tag: str) -> None:
        """Leave the form."""
        if tag == "form":
            self._wanted = False


class People:
    """Everyone behind the simulated phones and mailboxes."""

    def __init__(
        self, office: Office, caller: Caller, session: aiohttp.ClientSession
    ) -> None:
        self.office = office
        self.caller = caller
        self.session = session
        self._read: set[tuple[str, str]] = set()
        self._by_hand: set[str] = (
            set()
        )  # who tries Muster out, and answers for themselves

    def got_text(self, text: Text) -> None:
        """Let the owner of a phone read a text."""
        self._got("sms", text.number, text.body, text.ours)

    async def got_call(self, call: Text) -> None:
        """Let whoever picks up a call press a key, as they would have answered."""
        if not self.office.setup.people or call.number in self._by_hand:
            return
        what = replies.on_call(self.office.setup.seed, call.number)
        if what:
            digit = "1" if what == "safe" else "2"
            status = await self.caller.press(call, digit)
            facts = {"way": "voice", "what": what, "status": status}
            self.office.note("answer", channel="voice", to=call.number, **facts)

    def got_mail(self, mail: Mail) -> None:
        """Let the owner of a mailbox read a mail."""
        self._got("email", mail.to, mail.body, "")

    def _got(self, channel: str, address: str, body: str, ours: str) -> None:
        if not self.office.setup.people or (address, body) in self._read:
            return
        self._read.add((address, body))
        if replies.is_by_hand(body):
            self._by_hand.add(address)
        if address in self._by_hand:
            return
        answer = replies.plan(self.office.setup.seed, channel, address, body)
        if answer is not None:
            self.office.later(self._answer(answer, channel, address, ours))

    async def _answer(
        self, answer: replies.Answer, channel: str, address: str, ours: str
    ) -> None:
        await asyncio.sleep(answer.after_s / self.office.setup.speed)
        if answer.way == "sms":
            status = await self.caller.inbound(address, ours, answer.words)
            what = answer.what
        else:
            status, what = await self._open(answer)
        facts = {"way": answer.way, "what": what, "status": status}
        self.office.note("answer", channel=channel, to=address, **facts)

    async def _open(self, answer: replies.Answer) -> tuple[int, str]:
        """Open the link and press a button; return the last status and what was said.

        Who has answered already, by the other message, finds no button, and goes.
        """
        if not is_near(answer.link, self.office.setup.public_url):
            return 0, answer.what
        try:
            async with self.caller.lines, self.session.get(answer.link) as page:
                form, cookies = _Form(), page.cookies
                form.feed(await page.text())
            if page.status != 200 or not form.has_buttons:
                return page.status, NOTHING if page.status == 200 else answer.what
            fields = [*form.fields, ("status", BUTTONS[answer.what])]
            async with (
                self.caller.lines,
                self.session.post(
                    urljoin(answer.link, form.action),
                    data=fields,
                    cookies={name: each.value for name, each in cookies.items()},
                    allow_redirects=False,
                ) as done,
            ):
                return done.status, answer.what
        except (aiohttp.ClientError, TimeoutError):
            return 0, answer.what
