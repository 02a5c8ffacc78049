"""Make whole addresses of the links in a list, against the address of the list."""

from dataclasses import replace
from urllib.parse import urljoin, urlsplit

from alerts.hazards.feeds.base import FROM_LIST, FeedItem, Reading

LETTERS_MOST = 500  # as a document's row has room for


def made_whole(found: Reading, base: str) -> Reading:
    """Return a reading whose links can be asked for; what cannot be is said."""
    links = [whole(link, base) for link in found.links]
    lost = links.count("")
    flags = [f"links that cannot be followed: {lost}"] if lost else []
    return replace(
        found,
        links=[link for link in links if link],
        items=[_item(item, base) for item in found.items],
        flags=[*found.flags, *flags],
    )


def _item(item: FeedItem, base: str) -> FeedItem:
    """Give an entry of a list the address that its alert is known by."""
    if FROM_LIST not in item.flags or item.link in ("", whole(item.link, base)):
        return item
    return replace(item, link=whole(item.link, base))


def whole(link: str, base: str) -> str:
    """Return a web address, or nothing where there is none or it is too long.

    Examples
    --------
    >>> whole("../cap/1.xml", "https://example.org/feeds/list.xml")
    'https://example.org/cap/1.xml'
    >>> whole("cap/1.xml", ""), whole("http://[bad", "")
    ('', '')
    """
    try:
        address = urljoin(base, link)
        host = urlsplit(address).hostname
    except ValueError:
        return ""
    is_web = address.startswith(("http://", "https://")) and host
    return address if is_web and len(address) <= LETTERS_MOST else ""
