"""What a page's program reads back is written without a separator of thousands."""

import re
from pathlib import Path

import pytest
from django.template import engines

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
# A number of a row in a name, value, address or id: "1,288" is no row.
NUMBER = re.compile(
    r"""(?:=["'][^"'<>{}]*|[?;&][a-z]+=)\{\{\s*([a-z_.]*(?:pk|_id|page_number|page)(?:\|add:-?\d+)?)\s*\}\}"""
)
ELSEWHERE = {"auto_id", "provider_id"}  # no numbers


def bare(source: str) -> list[str]:
    """Return the numbers of rows in attributes that a language may group."""
    if "{% localize off %}" in source:
        start, end = source.find("{% localize off %}"), source.find("{% endlocalize %}")
        source = source[:start] + source[end:]
    found = NUMBER.findall(source)
    return [each for each in found if each.rpartition(".")[2] not in ELSEWHERE]


@pytest.mark.parametrize(
    "path",
    [
        path.relative_to(TEMPLATES).as_posix()
        for path in sorted(TEMPLATES.rglob("*"))
        if path.is_file()
    ],
)
def test_a_row_is_named_by_its_bare_number(path: str) -> None:
    assert bare((TEMPLATES / path).read_text(encoding="utf-8")) == []


def test_a_number_that_would_be_grouped_is_found() -> None:
    said = '<input name="person-{{ person.pk }}"><a href="?page={{ page.pk }}">'
    assert bare(said) == ["person.pk", "page.pk"]
    assert bare('<a href="?{{ kept }}&amp;page={{ page|add:1 }}">') == ["page|add:1"]
    shown = engines["django"].from_string("{{ a }} {{ a|stringformat:'d' }}")
    assert shown.render({"a": 1288}) == "1,288 1288"
