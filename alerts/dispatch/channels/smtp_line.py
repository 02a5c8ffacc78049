"""Speak SMTP within limits of time and size, and know how far it has come.

References
----------
RFC 5321, sections 4.2.5 and 6.1: a mail is the server's from the moment in which it
answers the end of the content with 250; what breaks off before the content was sent is
nobody's.
"""

import io
import smtplib
import socket
from typing import Any

from django.core.mail.backends.smtp import EmailBackend

from alerts.dispatch.channels import wire


class _Line(smtplib.SMTP):
    """A conversation that may not take longer, or say more, than a mail is worth."""

    may_have_it = False  # the content may have been sent to its end
    until: wire.Until | None = None

    def _connected(self, host: str, port: int) -> socket.socket:
        """Connect within one limit of time, however many addresses there are."""
        failed = OSError("the name leads nowhere")
        places = wire.addresses(host, port)
        for place in places:
            share_s = wire.CONNECT_S / len(places)
            try:
                made = socket.create_connection((place, port), share_s)
            except OSError as error:
                failed = error
                continue
            made.settimeout(wire.ANSWER_S)
            return made
        raise failed

    def again(self) -> None:
        """Begin with another mail on the same connection."""
        self.may_have_it = False
        if self.until is not None:
            self.until.again()
        if self.sock is not None:
            self.sock.settimeout(wire.ANSWER_S)

    def getreply(self) -> tuple[int, bytes]:
        """Read one reply, of a line or many."""
        if self.file is None and self.sock is not None:
            raw = self.sock.makefile("rb", buffering=0)
            fresh = wire.Until(raw, self.sock)
            if self.until is not None:  # a new layer, not a new conversation
                fresh.by_s, fresh.left = self.until.by_s, self.until.left
            self.until, self.file = fresh, io.BufferedReader(fresh)
        return super().getreply()

    def data(self, msg: Any) -> tuple[int, bytes]:
        """Send the content: from here on the server may have it."""
        self.may_have_it = True
        return super().data(msg)


class _PlainLine(_Line):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self._connected(host, port)


class _TlsLine(_Line, smtplib.SMTP_SSL):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        made = self._connected(host, port)
        return self.context.wrap_socket(made, server_hostname=host)


class Backend(EmailBackend):
    """Django's way of sending mail, on such a line."""

    @property
    def connection_class(self) -> type[_Line]:
        """The kind of line."""
        return _TlsLine if self.use_ssl else _PlainLine

    @property
    def may_have_it(self) -> bool:
        """Whether the server may have the content of the last mail."""
        return isinstance(self.connection, _Line) and self.connection.may_have_it

    def again(self) -> None:
        """Begin with another mail."""
        if isinstance(self.connection, _Line):
            self.connection.again()
