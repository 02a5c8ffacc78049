"""The last step before a request: an exercise cannot reach a live provider."""

from django.conf import settings

from consular import modes

REFUSED = "exercise and live do not mix"


def allows(account: str, *carried: str) -> bool:
    """Tell whether a request may be made for an account, to send, ask or take back.

    An exercise installation reaches exercise accounts only; a live one both, each with
    rows of its own mode.

    Parameters
    ----------
    account : str
        Its name in the settings.
    *carried : str
        The modes that message, post and cause carry.
    """
    mode = settings.ACCOUNTS.get(account, {}).get("mode", "")
    if not mode or not modes.agree(mode, *carried):
        return False
    return modes.installation() == modes.Mode.LIVE or mode == modes.Mode.EXERCISE
