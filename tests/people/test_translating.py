"""Every public text is there in every language, with the same placeholders."""

import re

import pytest

from consular.people import translating

PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w+\}|</?\w+>")


@pytest.mark.parametrize("locale", translating.LOCALES)
def test_no_public_text_lacks_a_language(locale: str) -> None:
    assert translating.missing(locale) == []


@pytest.mark.parametrize("locale", translating.LOCALES)
def test_translations_keep_the_placeholders(locale: str) -> None:
    for message in translating.catalogue(locale):
        if not message.id or not isinstance(message.id, str):
            continue
        wanted = sorted(PLACEHOLDER.findall(message.id))
        assert sorted(PLACEHOLDER.findall(str(message.string))) == wanted, message.id
