"""What the demo shows in a terminal: where to look, who can sign in, how far it is."""

from collections import deque
from datetime import datetime
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from alerts.exercises.crew import Crew
from alerts.exercises.staging import Stage

EVENTS_SHOWN = 9
# What each stage of the story is called when it has come.
STAGES = {
    "published": "The feeds report an earthquake of magnitude 6.1 near Managua",
    "hazard": "Muster has read it and made a hazard of it",
    "proposal": "A zone is proposed; nothing is sent because of a feed",
    "declared": "The incident is declared",
    "written": "The message is written in English and Spanish",
    "submitted": "The message is handed to a second person",
    "approved": "The second person has approved it",
    "settled": "Who gets it is settled; the hold begins, it can still be stopped",
    "released": "The hold is over: messages go out",
    "first_accepted": "The provider has accepted the first message",
    "first_answer": "The first answer has come",
}
SENT = ("accepted", "delivered", "undelivered", "rejected", "expired", "stopped")


class Display:
    """A live display on a terminal, plain lines elsewhere."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console()
        self.events: deque[Text] = deque(maxlen=EVENTS_SHOWN)
        self.progress = Progress(
            TextColumn("{task.description:<12}"),
            BarColumn(bar_width=40),
            MofNCompleteColumn(),
        )
        self._tasks: dict[str, Any] = {}
        self._live = Live(console=self.console, auto_refresh=False, transient=True)
        self._crew: Crew | None = None
        self._stage: Stage | None = None

    def __enter__(self) -> "Display":
        if self.console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def say(self, line: str, now: datetime) -> None:
        """Tell one thing that happened."""
        text = Text(f"{now.astimezone():%H:%M:%S}  {line}")
        if self.console.is_terminal:
            self.events.append(text)
        else:
            self.console.print(text, soft_wrap=True)

    def fill(self, name: str, done: int, of: int) -> None:
        """Move one of the bars."""
        if name not in self._tasks:
            self._tasks[name] = self.progress.add_task(name, total=max(of, 1))
        self.progress.update(self._tasks[name], completed=done, total=max(of, 1))

    def introduce(self, stage: Stage, crew: Crew, now: datetime) -> None:
        """Show where to look and who can sign in, from now on."""
        self._stage, self._crew = stage, crew
        if not self.console.is_terminal:
            self.console.print(self._sign_ins(now), soft_wrap=True)

    def draw(self, now: datetime) -> None:
        """Draw everything as of now; the sign-in codes change every half minute."""
        if not self.console.is_terminal:
            return
        parts: list[RenderableType] = []
        if self._crew is not None:
            title = "Muster exercise"
            parts.append(Panel(self._sign_ins(now), title=title, title_align="left"))
        parts += [self.progress, Text(""), *self.events]
        parts.append(Text("Ctrl-C ends it.", style="dim"))
        self._live.update(Group(*parts), refresh=True)

    def _where(self) -> Text:
        if self._stage is None:
            return Text("")
        web, phones = self._stage.web_url, self._stage.provider_url
        return Text.assemble(
            "Officers  ",
            (f"{web}/desk/", "bold"),
            "\nCitizens  ",
            (f"{web}/", "bold"),
            "\nPhones    ",
            (f"{phones}/", "bold"),
            "  SMS, mails and posts, to read and answer\n",
        )

    def _sign_ins(self, now: datetime) -> Text:
        """Return where to look and who can sign in, in 76 columns."""
        text = self._where()
        for sign_in in self._crew.sign_ins.values() if self._crew else ():
            text.append(f"\n{sign_in.title:<13} {sign_in.officer.username}\n", "bold")
            text.append(f"  password {sign_in.password}   code now ")
            text.append(sign_in.code(now), "bold green")
            text.append(f"\n  TOTP secret {sign_in.secret}")
        return text
