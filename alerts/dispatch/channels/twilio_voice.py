"""Voice calls through Twilio: the text twice, then 1 for safe and 2 for help.

Who presses a key hears that it is stored: a line that goes dead after a call for help
would leave its caller in doubt.

References
----------
Twilio, Call resource (https://www.twilio.com/docs/voice/api/call-resource) and TwiML
`<Gather>` (https://www.twilio.com/docs/voice/twiml/gather).
"""

from datetime import UTC, datetime, timedelta

from django.template.loader import render_to_string
from twilio.twiml.voice_response import VoiceResponse

from alerts.dispatch import text as texts
from alerts.dispatch.channels import answers
from alerts.dispatch.channels.base import Outgoing, PermanentError
from alerts.dispatch.channels.twilio_account import TwilioAccount, unasked

RING_S = 30
PAUSE_S = 5
SAFE, HELP = "1", "2"
# A call that was made in the last minutes to the same number is the one asked about.
RECENT = timedelta(minutes=15)
VOICES = {
    "en": "en-GB",
    "ar": "arb",
    "fr": "fr-FR",
    "es": "es-ES",
    "de": "de-DE",
    "pt": "pt-PT",
    "ru": "ru-RU",
    "zh": "cmn-CN",
}
STATES = {
    "queued": "accepted",
    "initiated": "accepted",
    "ringing": "accepted",
    "in-progress": "accepted",
    "answered": "accepted",
    "completed": "delivered",
    "busy": "undelivered",
    "no-answer": "undelivered",
    "failed": "undelivered",
    "canceled": "undelivered",
}


def twiml(outgoing: Outgoing) -> str:
    """Write what the call says: twice, and then what to press.

    A link cannot be spoken and is left out; the digits take its place.
    """
    said, asked = texts.spoken(outgoing.body), _words("voice", outgoing.language)
    response = VoiceResponse()
    gather = response.gather(
        num_digits=1,
        timeout=PAUSE_S,
        action=outgoing.callback_url.replace("/status/", "/voice/"),
        method="POST",
    )
    for _ in range(2):
        for words in (said, asked):
            gather.say(words, language=_voice(outgoing.language))
        gather.pause(length=1)
    return str(response)


def heard(key: str, language: str) -> str:
    """Write what the call says once a key was pressed and what it says is stored.

    Who pressed 1 may still press 2, and who pressed another key either of the two; a
    call for help ends it, as no key takes one back. What is asked again is posted to
    the address that this was fetched from.
    """
    response, voice = VoiceResponse(), _voice(language)
    said = _words("voice_heard", language, key=key)
    if key == HELP:
        response.say(said, language=voice, loop=2)
        return str(response)
    gather = response.gather(num_digits=1, timeout=PAUSE_S, method="POST")
    gather.say(said, language=voice)
    if key != SAFE:
        gather.say(_words("voice", language), language=voice)
    return str(response)


def _voice(language: str) -> str:
    return VOICES.get(language, VOICES["en"])


def _words(name: str, language: str, **values: str) -> str:
    known = language if language in VOICES else "en"
    return render_to_string(f"messages/{name}.{known}.txt", values).strip()


class TwilioVoice(TwilioAccount):
    """One Twilio account that calls people."""

    states = STATES

    def send(self, outgoing: Outgoing) -> str:
        """Make a call and return its SID."""
        try:
            call = self.client.calls.create(
                to=outgoing.to,
                from_=self.sender,
                twiml=twiml(outgoing),
                timeout=RING_S,
                status_callback=outgoing.callback_url,
                status_callback_event=["initiated", "answered", "completed"],
            )
            return answers.found({"sid": call.sid}, "sid")
        except Exception as error:
            raise self.ours(error) from error

    def look_up(self, outgoing: Outgoing) -> str:
        """Find a call by its number among those of the last minutes.

        Nothing of what was said can be asked for, so only the calls that are known to
        be another message's tell which one is meant.
        """
        since = datetime.now(UTC) - RECENT
        try:
            for call in self.client.calls.list(to=outgoing.to, limit=10):
                is_recent = call.date_created is None or call.date_created >= since
                if is_recent and call.sid not in outgoing.others:
                    return answers.found({"sid": call.sid}, "sid")
        except Exception as error:
            raise unasked(error) from error
        return ""

    def delete(self, provider_id: str) -> None:
        """Refuse: a call that was made was made."""
        raise PermanentError("a call cannot be taken back")
