"""The README names every setting and every channel."""

import re
from pathlib import Path

from django.conf import settings

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()


def test_every_setting_has_its_row():
    files = ("consular/settings.py", "consular/accounts.py")
    code = "".join((ROOT / name).read_text() for name in files)
    names = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', code))
    assert len(names) > 20
    assert {name for name in names if f"`{name}`" not in README} == set()


def test_every_channel_has_its_row():
    for account in settings.ACCOUNTS.values():
        assert f"`{account['transport']}`" in README


def test_every_file_that_the_readme_links_to_is_there():
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README)
    assert {link for link in links if not (ROOT / link).exists()} == set()
