"""Understand a reply: safe, help, stop or unclear, with the words that decided.

Deterministic and the same everywhere: phrases of all languages from one data file,
matched on folded tokens in a fixed order. Help wins over everything; what is not
certain is unclear and goes to an officer. A call for help is never read as safe:

1. our own question quoted back, reactions, wishes and offers are set aside;
2. negated need and harm ("no necesito ayuda", "не ранен") speak for safe;
3. negated safety ("not safe", "güvende değilim") and help speak for help;
4. then stop, then safe;
5. a text that says safe but also holds a negation, a "but", a question that nothing
   explained, a word that may be a mistyped call for help, or several words that
   nobody knows, is unclear.
"""

from collections import defaultdict
from dataclasses import dataclass

from alerts.checkins.models import Label
from alerts.checkins.reading import hiding, own_phrases, wording
from alerts.checkins.reading.phrases import ORDER, Phrase, Phrases

STOP_TOKENS = 3  # "stop" among more words may ask for anything: "stop them please"
TYPO_TOKENS = 3  # texts of so few words are read with a typing error forgiven
LONGEST = 2000
HIDDEN = "says safe, but a word may be a call"
UNREAD = "says safe, but much of it was not understood"
# Words beside a digit that it does not count: "safe. 2 please" gives both answers.
_COURTESY = """
please pls plz thanks thx ty por porfa favor gracias svp stp merci bitte danke
obrigado obrigada obg per favore prego grazie aub alstublieft bedankt prosze dzieki
пожалуйста спасибо будь ласка дякую lutfen tesekkurler من فضلك شكرا لطفا ممنون
בבקשה תודה कृपया धन्यवाद kripya terima kasih po salamat asante tafadhali tack takk
tak 请 谢 快 点 jaldi जल्दी جلدي hurry quick asap schnell vite rapido presto snel x
부탁해요 παρακαλω ευχαριστω 番 号 號 选 選 option number answer opcion
respuesta numero nummer antwort reponse opzione risposta ответ номер вариант जवाब x
"""
COURTESY = frozenset(_COURTESY.split())

_ONE = """
one uno une eins один bir satu isa moja واحد یک ایک אחת एक ένα ett unu jedan jedna egy
yksi kow ஒன்று 一 하나 일번 1번 এক ერთი մեկ አንድ
"""
_TWO = """
two dos deux zwei dois twee dwa два две iki dua dalawa mbili
اثنين اثنان دوم שתיים दो δύο två doi dva dvije dve kettő két
kaksi laba biyu දෙක இரண்டு 二 둘 이번 2번 দুই ორი երկու ሁለት
"""
# Number words, which some type for the digits that our texts offer.
NUMBERS = {
    wording.folded(word): digit
    for words, digit in ((_ONE, "1"), (_TWO, "2"))
    for word in words.split()
}


@dataclass(frozen=True)
class Reading:
    """What a text was understood to say, and why."""

    label: str
    words: tuple[str, ...]
    reason: str
    wants_stop: bool = False


def read(text: str, phrases: Phrases | None = None) -> Reading:
    """Understand one reply.

    Examples
    --------
    >>> read("Estoy bien pero mi hija está herida").label
    'help'
    >>> read("not safe").words
    ('not safe',)
    >>> read("ok thanks").label
    'unclear'
    """
    phrases = phrases or own_phrases.current()
    words = wording.tokens(text[:LONGEST])
    if not words:
        return Reading(Label.UNCLEAR.value, (), "no words")
    found, free = _found(words, phrases)
    if len(words) <= TYPO_TOKENS and not found.keys() & {"help", "unsafe", "fine"}:
        fixed = [_fixed(word, phrases) for word in words]
        if fixed != words:
            found, free = _found(fixed, phrases)
    reading = _decide(found, words)
    if reading.label == Label.SAFE and _has_lone_two(words, free):
        return Reading(Label.UNCLEAR.value, ("2",), "says safe, and the digit for help")
    if reading.label != Label.SAFE:
        return reading
    looking = hiding.of(phrases)
    if hidden := looking.call_in(words, free):
        return Reading(Label.UNCLEAR.value, (hidden,), HIDDEN)
    if unread := looking.unread(text, words, free):
        return Reading(Label.UNCLEAR.value, (unread,), UNREAD)
    return reading


def _has_lone_two(words: list[str], left: list[str]) -> bool:
    """Tell whether the digit for help stands there, and counts nobody ("2 adults")."""
    for at, word in enumerate(words):
        following = words[at + 1] if at + 1 < len(words) else "2"
        is_counted = following.isalpha() and following not in COURTESY
        counts = is_counted and words[max(at - 1, 0)] != "1"
        if word == "2" and left[at] and not counts:
            return True
    return False


def _fixed(word: str, phrases: Phrases) -> str:
    for variant in wording.variants(word):
        if any(p.parts == (variant,) for p in phrases.starting(variant)):
            return variant
    for variant in wording.variants(word):
        if found := phrases.corrected(variant):
            return found
    return word


Found = dict[str, list[str]]
Candidates = dict[str, list[tuple[int, Phrase]]]


def _found(words: list[str], phrases: Phrases) -> tuple[Found, list[str]]:
    """Let each sense take its tokens in order; return them and what no phrase names."""
    found: Found = defaultdict(list)
    free, left = list(words), list(words)
    candidates = _candidates(words, phrases)
    for sense in ORDER:
        if sense in candidates:
            taken = _take(candidates[sense], words, free, left)
            found[sense.rstrip("!")] += taken
    # A bare "no" in front of "safe" is no yes.
    bare = [word for word in free if word in phrases.bare]
    if bare:
        found["doubt"] += bare
    return found, left


def _candidates(words: list[str], phrases: Phrases) -> Candidates:
    """Collect by sense what could match while no token was taken, in one pass."""
    found: Candidates = {}
    real = sum(word != "?" and not wording.is_code(word) for word in words)
    threes = zip(words, [*words[1:], ""], [*words[2:], "", ""], strict=False)
    for at, three in enumerate(threes):
        for phrase in phrases.starting(*three):
            parts = phrase.parts
            sure = phrase.sure or len(parts) == 1
            end = at + (phrase.sure or 1) if sure else phrase.ends_at(words, at)
            if end > at and (not phrase.whole or end - at >= real):
                found.setdefault(phrase.sense, []).append((at, phrase))
    return found


def _take(
    candidates: list[tuple[int, Phrase]],
    words: list[str],
    free: list[str],
    left: list[str],
) -> list[str]:
    """Take the longest match at each place, from the left; keep what gaps skipped."""
    best: dict[int, tuple[int, Phrase]] = {}
    for at, phrase in candidates:
        end = phrase.ends_at(free, at) if free[at] else -1
        if end > at and (at not in best or end > best[at][0]):
            best[at] = end, phrase
    taken, done = [], 0
    for at, (end, phrase) in best.items():
        if at >= done:
            taken.append(" ".join(words[at:end]))
            free[at:end] = [""] * (end - at)
            for place in range(at, end):
                if phrase.holds(words[place]):
                    left[place] = ""
            done = end
    return taken


def _decide(found: Found, words: list[str]) -> Reading:
    def said(*senses: str) -> tuple[str, ...]:
        return tuple(word for sense in senses for word in found.get(sense, ()))

    if helps := said("unsafe", "help") or _unended(found, words):
        return Reading(Label.HELP.value, helps, "asks for help or says not safe")
    stop, safe = said("stop"), said("safe", "fine")
    if stop and not said("safe"):
        if len(words) > STOP_TOKENS and all(" " not in each for each in stop):
            return Reading(Label.UNCLEAR.value, stop, "stop, but perhaps not texts")
        return Reading(Label.STOP.value, stop, "wants no more texts", wants_stop=True)
    if not safe:
        return _digit(words)
    if doubts := said("doubt"):
        return Reading(Label.UNCLEAR.value, doubts, "says safe, but with a doubt")
    if "?" in words or (said("asks") and not said("fine")):
        return Reading(Label.UNCLEAR.value, said("asks") or ("?",), "a question")
    return Reading(Label.SAFE.value, safe, "says safe", wants_stop=bool(stop))


def _unended(found: Found, words: list[str]) -> tuple[str, ...]:
    """Return the trouble that a text tells of and does not say to be over."""
    past = tuple(found.get("past", ()))
    return () if past and _ended_well(found, words) else past


def _ended_well(found: Found, words: list[str]) -> bool:
    """Tell whether a text says, after its last trouble, how that ended, and "safe"."""
    if "?" in words or found.get("doubt") or found.get("asks"):
        return False
    told = " ".join(words)

    def last(*senses: str) -> int:
        said = (phrase for sense in senses for phrase in found.get(sense, ()))
        return max((told.rfind(phrase) for phrase in said), default=-1)

    return last("past") < min(last("ended"), last("safe", "fine"))


def _digit(words: list[str]) -> Reading:
    """Read the digits that our texts offer, beside a code: 1 for safe, 2 for help."""
    spoken = [word for word in words if word.isdigit() or word.isalpha()] or words
    digits = {NUMBERS.get(word, word) for word in spoken if word not in COURTESY}
    if digits == {"1"} and "?" not in words:
        return Reading(Label.SAFE.value, ("1",), "the digit for safe")
    if "2" in digits and digits <= {"1", "2"}:
        return Reading(Label.HELP.value, ("2",), "the digit for help")
    return Reading(Label.UNCLEAR.value, (), "no words that decide")
