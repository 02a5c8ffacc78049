"""What we send to Twilio, and what our stand-in answers, is what Twilio describes.

Checked against Twilio's own OpenAPI description, on the wire between the two.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from jsonschema import Draft202012Validator

from alerts.dispatch import routing
from tests.dispatch.test_transports import PHONES, outgoing

PATH = Path(__file__).parent.parent / "data/twilio/twilio_api_reduced.json"
SAID: dict[str, Any] = json.loads(PATH.read_text())
TWILIO = [name for name in PHONES if name != "simulated-telnyx"]
FORM = "application/x-www-form-urlencoded"


def plain(schema: Any) -> Any:
    """Write OpenAPI 3.0's `nullable` as JSON Schema says it."""
    if isinstance(schema, list):
        return [plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: plain(value) for name, value in schema.items()}
    if found.pop("nullable", False):
        return {"anyOf": [found, {"type": "null"}]}
    return found


def check(value: object, schema: Any) -> None:
    """Raise where a value is not what a schema of the description says."""
    whole = plain(schema) | {"components": plain(SAID["components"])}
    Draft202012Validator(whole).validate(value)


def operation(method: str, url: str) -> Any:
    """Find what the description says of a request."""
    for path, methods in SAID["paths"].items():
        pattern = re.sub(r"\\?\{[^}]*\\?\}", "[^/]+", re.escape(path))
        if re.fullmatch(pattern, urlsplit(url).path):
            return methods[method.lower()]
    raise AssertionError(f"Twilio describes no {method} {urlsplit(url).path}")


def typed(text: str, schema: Any) -> object:
    """Read a form's text as the type that a schema wants."""
    if schema.get("type") == "integer":
        return int(text)
    if schema.get("type") == "boolean":
        return {"true": True, "false": False}[text.lower()]
    return [text] if schema.get("type") == "array" else text


@dataclass
class Wire:
    """A pool of connections that keeps what went over them."""

    pool: Any
    seen: list[tuple[str, str, dict[str, Any], Any]]

    def request(self, method: str, url: str, **words: Any) -> Any:
        answer = self.pool.request(method, url, **words)
        self.seen.append((method, url, words["fields"], answer))
        return answer


@pytest.fixture
def wire(provider, request):
    """The transport of an account, and all that it says and hears."""
    transport = routing.transport_for(request.param)
    found = Wire(transport.http.pool, [])
    transport.http.pool = found
    return transport, request.param, found.seen


@pytest.mark.parametrize("wire", TWILIO, indirect=True)
def test_requests_and_answers_are_what_twilio_describes(wire):
    transport, account, seen = wire
    message = outgoing(account)
    transport.send(message)
    assert transport.look_up(message)
    assert [method for method, *_ in seen] == ["POST", "GET"]
    for method, url, fields, answer in seen:
        described = operation(method, url)
        if method == "POST":
            form = described["requestBody"]["content"][FORM]["schema"]
            assert set(fields) <= set(form["properties"])
            kinds = form["properties"]
            check({n: typed(str(v), kinds[n]) for n, v in fields.items()}, form)
        else:
            assert set(fields) <= {each["name"] for each in described["parameters"]}
        told = described["responses"][str(answer.status)]
        schema = told["content"]["application/json"]["schema"]
        check(json.loads(answer.data), schema)


def test_the_description_refuses_what_it_should():
    form = operation("POST", "/2010-04-01/Accounts/AC0/Messages.json")
    schema = form["requestBody"]["content"][FORM]["schema"]
    with pytest.raises(Exception, match="'To' is a required property"):
        check({"Body": "Are you safe?"}, schema)
