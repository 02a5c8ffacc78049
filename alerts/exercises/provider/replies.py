"""What simulated people write, and when: pure, so that a seed repeats it."""

import math
import re
from dataclasses import dataclass

from alerts.exercises.provider.faults import share

CODE = re.compile(r"\bSAFE ([2-9A-HJ-NP-Z]{4})\b")
WITH_CODE = 0.35
LINK = re.compile(r"https?://[^\s<>\"]+/c/[A-Za-z0-9_-]+")
CONFIRM = re.compile(r"https?://[^\s<>\"]+/confirm/[A-Za-z0-9_-]+")
# Shares of those who were reached. SMS and e-mail often reach the same person, so
# that about 55 in 100 persons answer in all.
ANSWERS_BY = {"sms": 0.52, "email": 0.26}
HELP, AWAY, UNCLEAR, STOP = 0.055, 0.04, 0.04, 0.006
BY_LINK = 0.5
MEDIAN_S, SPREAD, SHORTEST_S, LONGEST_S = 240.0, 0.85, 15.0, 1500.0

WORDS: dict[str, dict[str, list[str]]] = {
    "en": {
        "safe": ["SAFE", "I'm safe", "1", "We are all safe", "Safe, no injuries"],
        "help": ["HELP trapped", "HELP", "2", "need help, my wife is hurt", "not safe"],
        "unclear": ["ok", "who is this?", "thanks", "👍"],
    },
    "es": {
        "safe": ["estoy bien", "SAFE", "1", "Estamos bien, gracias", "estoy a salvo"],
        "help": ["no estoy bien", "AYUDA", "2", "necesito ayuda", "HELP trapped"],
        "unclear": ["ok", "gracias", "¿quién es?"],
    },
    "fr": {
        "safe": ["je suis en sécurité", "tout va bien", "1", "SAFE"],
        "help": ["à l'aide", "2", "j'ai besoin d'aide", "je suis blessé"],
        "unclear": ["ok", "merci"],
    },
    "de": {
        "safe": ["Ich bin in Sicherheit", "mir geht es gut", "1", "SAFE"],
        "help": ["HILFE", "2", "ich brauche Hilfe", "bin verletzt"],
        "unclear": ["ok", "danke"],
    },
    "pt": {
        "safe": ["estou bem", "estou em segurança", "1"],
        "help": ["preciso de ajuda", "2", "SOCORRO"],
        "unclear": ["ok", "obrigado"],
    },
    "ru": {
        "safe": ["я в безопасности", "1", "со мной всё в порядке"],
        "help": ["помогите", "2", "нужна помощь"],
        "unclear": ["ок", "спасибо"],
    },
    "ar": {
        "safe": ["أنا بخير", "١", "أنا بأمان"],
        "help": ["ساعدوني", "٢", "أحتاج مساعدة"],
        "unclear": ["شكرا"],
    },
    "zh": {
        "safe": ["我很安全", "平安", "1"],
        "help": ["救命", "2", "需要帮助"],
        "unclear": ["谢谢", "好的"],
    },
}
_SCRIPTS = (("ar", "\u0600", "\u06ff"), ("ru", "Ѐ", "ӿ"), ("zh", "一", "鿿"))
_COMMON = {
    "es": {"el", "la", "usted", "está", "responda", "enlace", "de", "terremoto"},
    "fr": {"le", "la", "vous", "êtes", "répondez", "et", "de", "séisme"},
    "de": {"sie", "und", "der", "sind", "antworten", "erdbeben", "bitte"},
    "pt": {"você", "está", "responda", "não", "uma", "em", "terremoto"},
    "en": {"you", "the", "are", "reply", "open", "earthquake", "if", "and"},
}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one person is going to do about one message."""

    after_s: float
    way: str  # sms | link
    what: str  # safe | help | away | unclear | stop
    words: str = ""
    link: str = ""


def link_in(body: str) -> str:
    """Return the check-in link of a text, if it has one."""
    found = LINK.search(body)
    return found.group() if found else ""


def asks(body: str) -> bool:
    """Tell whether a text asks how its reader is; notices do not.

    Examples
    --------
    >>> asks("Earthquake. Are you safe? https://host/c/Ab-1")
    True
    >>> asks("Confirm your registration: https://host/register/confirm/Ab-1")
    False
    """
    return bool(link_in(body)) or {"SAFE", "HELP"} <= set(re.findall(r"\w+", body))


def is_by_hand(body: str) -> bool:
    """Tell whether a text shows that its reader registered in a page of Muster.

    Whoever does that in an exercise answers by hand as well.

    Examples
    --------
    >>> is_by_hand("Confirm your registration: https://host/register/confirm/Ab-1")
    True
    """
    return bool(CONFIRM.search(body))


def language_of(body: str) -> str:
    """Guess a text's language, by script and common words."""
    for code, first, last in _SCRIPTS:
        if any(first <= letter <= last for letter in body):
            return code
    words = set(re.findall(r"\w+", body.lower()))
    return max(_COMMON, key=lambda code: (len(words & _COMMON[code]), code == "en"))


def _what(point: float, way: str) -> str:
    kinds = [("help", HELP), ("unclear", UNCLEAR), ("stop", STOP), ("away", AWAY)]
    if way == "link":
        kinds = [("help", HELP), ("away", AWAY + UNCLEAR + STOP)]
    for what, part in kinds:
        point -= part
        if point < 0:
            return "safe" if (what, way) == ("away", "sms") else what
    return "safe"


def plan(seed: int, channel: str, address: str, body: str) -> Answer | None:
    """Decide whether, when and how the person behind an address answers a message."""
    if not asks(body):
        return None
    who = (seed, address, len(body))
    if share(*who, "answers") >= ANSWERS_BY[channel]:
        return None
    link = link_in(body)
    by_link = link and (channel == "email" or share(*who, "way") < BY_LINK)
    way = "link" if by_link else "sms"
    if way == "sms" and channel == "email":
        return None
    what = _what(share(*who, "what"), way)
    return Answer(
        after_s=_delay_s(share(*who, "delay")),
        way=way,
        what=what,
        words="" if by_link else _words(what, body, share(*who, "words")),
        link=link if by_link else "",
    )


def on_call(seed: int, number: str) -> str:
    """Decide what the person who picks up presses: safe, help, or nothing."""
    if share(seed, number, "picks up") >= ANSWERS_BY["sms"]:
        return ""
    return "help" if share(seed, number, "on call") < HELP else "safe"


def _delay_s(point: float) -> float:
    """Return a delay: log-normal with a median of four minutes, cut at both ends."""
    z = math.log((point + 1e-9) / (1 - point + 1e-9)) / 1.7
    return min(max(MEDIAN_S * math.exp(SPREAD * z), SHORTEST_S), LONGEST_S)


def _words(what: str, body: str, point: float) -> str:
    if what == "stop":
        return "STOP"
    code = CODE.search(body)
    if code and what in ("safe", "help") and point * 97 % 1 < WITH_CODE:
        return f"{what.upper()} {code.group(1)}"
    language = language_of(body)
    # Some answer in English, or in another language than they were written to.
    if point > 0.85:
        language = "en" if point > 0.93 else "es"
    choices = WORDS[language][what]
    return choices[int(point * 1000) % len(choices)]
