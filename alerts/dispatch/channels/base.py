"""What every transport is, and the three words it answers with when it cannot."""

from dataclasses import dataclass
from typing import Protocol


class ChannelError(Exception):
    """Base of what a transport raises; carries the provider's own words.

    What no database takes is left out of them.
    """

    def __init__(self, words: str, code: str = "") -> None:
        super().__init__(_plain(words))
        self.code = _plain(code)


def _plain(words: str) -> str:
    return "".join(letter for letter in words if letter.isprintable())


class PermanentError(ChannelError):
    """Never: sending the same again will not help."""


class GoneError(PermanentError):
    """Never, and the address does not exist: nothing should be sent to it again."""


class OptedOutError(PermanentError):
    """Never: its owner told the provider to stop."""


class SetUpError(PermanentError):
    """Never by this account as it is set up: nobody's address is at fault.

    Another account may send it; an operator is told.
    """


class TemporaryError(ChannelError):
    """Not processed: safe to try again, after `retry_after_s` where it is given."""

    def __init__(
        self, words: str, code: str = "", retry_after_s: float | None = None
    ) -> None:
        super().__init__(words, code)
        self.retry_after_s = retry_after_s


class UnclearError(ChannelError):
    """It may have been sent: ask before trying again."""


class CannotAskError(ChannelError):
    """Nobody can be asked what became of a text: the provider knows no such question.

    Other errors of a look-up mean that it may be asked again later.
    """


class RepeatableError(CannotAskError):
    """Nobody can be asked and nobody need: the same key again sends nothing twice."""


# Redirected, no key or a wrong one, not paid, not allowed, no such path or method
# there, or a proxy that wants a key of its own.
_SET_UP = {301, 302, 303, 305, 307, 308, 401, 402, 403, 404, 405, 407, 410}
# The time was up before it had all of it, or it works on the same key already.
_NOBODY_KNOWS = {408, 409}
_LATER = {425, 429, 503}
# Among the 4xx, those whose meaning no code beside them changes.
SAYS_ENOUGH = _NOBODY_KNOWS | _LATER | {401, 402, 407}


def refusal(
    status: int, words: str, code: str = "", wait_s: float | None = None
) -> ChannelError:
    """Turn the status of an answer that is no success into one of our words."""
    if status in _LATER:
        return TemporaryError(words, code, wait_s)
    if status in _SET_UP:
        return SetUpError(words, code)
    if 400 <= status < 500 and status not in _NOBODY_KNOWS:
        return PermanentError(words, code)
    return UnclearError(words, code)


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """One text for one address, as a transport needs it.

    `uid` and `attempt` travel in the callback's address; `link` is the message's own
    and makes the text unique, so that it can be looked up; `others` are the provider's
    ids that other messages to this address are known by, and are never taken for it.
    `key` is the same for as
    long as a request may have been accepted: an idempotency key. `valid_s` is how long
    the text is worth delivering; `in_conversation` says that the person has written on
    this channel within 24 hours.
    """

    uid: str
    attempt: int
    mode: str
    to: str
    body: str
    subject: str = ""
    language: str = "en"
    link: str = ""
    purpose: str = "alert"
    key: str = ""
    valid_s: float = 0
    in_conversation: bool = False
    callback_url: str = ""
    unsubscribe_url: str = ""
    in_reply_to: str = ""
    others: frozenset[str] = frozenset()


class Transport(Protocol):
    """Speak one provider's language for one account."""

    mode: str
    hook: str  # where its callbacks arrive, below /hooks/
    states: dict[str, str]  # the provider's words for how a text ended, and ours
    gone: frozenset[str]  # its codes that say that an address does not exist
    opted_out: frozenset[str]  # and those that say that its owner wants no more
    returned: frozenset[str]  # and that what it had taken never left: send it again

    def send(self, outgoing: Outgoing) -> str:
        """Send one text and return the provider's id of it.

        Raises
        ------
        PermanentError, TemporaryError, UnclearError
            The three ways in which it was not sent, or may have been.
        """
        ...

    def look_up(self, outgoing: Outgoing) -> str:
        """Return the provider's id of a text whose fate is unclear, or nothing.

        Raises
        ------
        CannotAskError
            When the provider knows no such question.
        UnclearError
            When it cannot be asked now.
        """
        ...

    def delete(self, provider_id: str) -> None:
        """Take a text back, where the network can.

        Raises
        ------
        PermanentError
            Where it cannot.
        """
        ...
