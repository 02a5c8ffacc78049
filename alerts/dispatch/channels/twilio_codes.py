"""What Twilio's error codes mean: for the sender, and in plain words for an officer.

References
----------
Twilio, Error and Warning Dictionary (https://www.twilio.com/docs/api/errors).
"""

from enum import StrEnum


class Sort(StrEnum):
    """What follows from a code."""

    GONE = "gone"  # never, and the address is marked
    OPTED_OUT = "opted_out"  # never again on this channel
    WAIT = "wait"  # not processed; later
    OTHER_WAY = "other_way"  # not on this channel now; another one may reach them
    SET_UP = "set_up"  # nobody's address is wrong: the account's settings are


CODES: dict[str, tuple[Sort, str]] = {
    # gone for ever
    "21211": (Sort.GONE, "not a valid number"),
    "21217": (Sort.GONE, "not a valid number"),
    "21265": (Sort.GONE, "a short code cannot be written to"),
    "21401": (Sort.GONE, "not a valid number"),
    "21614": (Sort.GONE, "not a mobile number"),
    "21635": (Sort.GONE, "a landline, which takes no texts"),
    "13223": (Sort.GONE, "not a valid number to call"),
    "13224": (Sort.GONE, "not a valid number to call"),
    "63003": (Sort.GONE, "no WhatsApp account has this number"),
    "63024": (Sort.GONE, "no WhatsApp account has this number"),
    # opted out
    "21610": (Sort.OPTED_OUT, "the person sent STOP"),
    # wait
    "20429": (Sort.WAIT, "too many requests at once"),
    "20503": (Sort.WAIT, "the provider is away"),
    "14107": (Sort.WAIT, "too many texts a second"),
    "10004": (Sort.WAIT, "the account has too many calls at once"),
    "21611": (Sort.WAIT, "the provider's queue is full"),
    "30001": (Sort.WAIT, "the provider's queue is full"),
    "30022": (Sort.WAIT, "too many texts a second for this sender"),
    "63018": (Sort.WAIT, "WhatsApp's limit of people a day is reached"),
    # try another way
    "21408": (Sort.OTHER_WAY, "the country is not enabled at the provider"),
    "21215": (Sort.OTHER_WAY, "the country is not enabled for calls"),
    "21612": (Sort.OTHER_WAY, "the provider cannot reach this number from ours"),
    "21617": (Sort.OTHER_WAY, "the text is too long"),
    "30002": (Sort.OTHER_WAY, "the provider suspended our account"),
    "30003": (Sort.OTHER_WAY, "phone off or out of reach"),
    # Where networks are down, these two are said of numbers that work again tomorrow.
    "30005": (Sort.OTHER_WAY, "the network does not know the number now"),
    "30006": (Sort.OTHER_WAY, "landline or unreachable network"),
    "21214": (Sort.OTHER_WAY, "the number cannot be reached"),
    "30004": (Sort.OTHER_WAY, "blocked by the network"),
    "30007": (Sort.OTHER_WAY, "filtered by the network"),
    "30008": (Sort.OTHER_WAY, "the network gave no reason"),
    "30009": (Sort.OTHER_WAY, "a part of the text got lost"),
    "30010": (Sort.OTHER_WAY, "the text costs more than the account allows"),
    "30032": (Sort.OTHER_WAY, "the toll-free sender is not verified"),
    "30034": (Sort.OTHER_WAY, "the sender is not registered for US texts"),
    "30036": (Sort.OTHER_WAY, "it could not be delivered in time"),
    "30410": (Sort.OTHER_WAY, "the network did not answer in time"),
    "30450": (Sort.OTHER_WAY, "held back as fraud"),
    "30453": (Sort.OTHER_WAY, "held back as fraud"),
    "63007": (Sort.SET_UP, "the WhatsApp sender is not set up"),
    "63013": (Sort.OTHER_WAY, "against WhatsApp's rules"),
    "63014": (Sort.OTHER_WAY, "the person blocked us on WhatsApp"),
    "63016": (Sort.OTHER_WAY, "no approved template, and no answer for 24 hours"),
    "63021": (Sort.OTHER_WAY, "WhatsApp refuses the text, or it is too long"),
    # Of a number among those to which WhatsApp delivers less, to see what comes of it.
    "63032": (Sort.OTHER_WAY, "WhatsApp chose not to deliver it"),
    "63049": (Sort.OTHER_WAY, "WhatsApp chose not to deliver it"),
    "63112": (Sort.SET_UP, "WhatsApp disabled our account"),
    # the account's own settings
    "10001": (Sort.SET_UP, "the account is suspended: often, nothing is paid for"),
    "10002": (Sort.SET_UP, "the account is on trial"),
    "20005": (Sort.SET_UP, "the account is not active"),
    "90010": (Sort.SET_UP, "the account is not active"),
    "21608": (Sort.SET_UP, "the account is on trial, or its profile is not approved"),
    "21607": (Sort.SET_UP, "the sender cannot send texts"),
    "21601": (Sort.SET_UP, "the sender is not one of the account"),
    "21661": (Sort.SET_UP, "the sender cannot send texts"),
    "20003": (Sort.SET_UP, "the account or its token is wrong"),
    "20404": (Sort.SET_UP, "the provider does not know what was asked for"),
    "21212": (Sort.SET_UP, "the sender is not a valid number"),
    "21603": (Sort.SET_UP, "the sender is missing"),
    "21606": (Sort.SET_UP, "the sender cannot send texts"),
    "21609": (Sort.SET_UP, "the callback's address is not valid"),
    "21656": (Sort.SET_UP, "the template's variables are not valid"),
    "21659": (Sort.SET_UP, "the sender is not one of the account"),
    "21660": (Sort.SET_UP, "the sender belongs to another account"),
    "21701": (Sort.SET_UP, "the Messaging Service does not exist"),
    "21703": (Sort.SET_UP, "the Messaging Service has no sender"),
}
GONE = frozenset(code for code, (sort, _) in CODES.items() if sort is Sort.GONE)
OPTED_OUT = frozenset(code for code, (s, _) in CODES.items() if s is Sort.OPTED_OUT)
# Said in a receipt too: what was taken for the queue was never handed to a network.
RETURNED = frozenset(code for code, (sort, _) in CODES.items() if sort is Sort.WAIT)
