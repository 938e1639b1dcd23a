"""A `Report` through JSON and back, and the schema file that describes it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import importlib.resources
import json
import types
import typing
from collections.abc import Callable

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bouncelib
from bouncelib import BouncelibError, Kind, Reason, Recipient, Report, model, schema

SCHEMA: dict[str, typing.Any] = json.loads(
    (importlib.resources.files("bouncelib") / "schema.json").read_text(encoding="utf-8")
)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

RAW = b"""\
From: MAILER-DAEMON@mx.example.net
To: sender@example.com
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b

It did not work.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
Arrival-Date: Wed, 1 May 2024 12:00:00 +0200
X-Odd: kept

Final-Recipient: rfc822; anne@example.org
Original-Recipient: rfc822; bart@example.org
Action: failed
Status: 5.1.1
Remote-MTA: dns; mail.example.org
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--b
Content-Type: text/rfc822-headers

From: Sender <sender@example.com>
To: bart@example.org
Subject: hello
Message-ID: <1@example.com>
Date: Wed, 1 May 2024 11:59:00 +0200

--b--
"""

# -- every possible report

# Any code point, lone surrogates among them, and the two that the encoding itself treats as special.
TEXT = st.text(st.characters(exclude_categories=()) | st.sampled_from("\ud83d\ude00\u2060\udc80aé\x00\x1b"), max_size=8)
OFFSETS = st.integers(-86_399, 86_399).map(lambda seconds: dt.timezone(dt.timedelta(seconds=seconds)))
SCALARS: dict[object, st.SearchStrategy[typing.Any]] = {
    str: TEXT,
    int: st.integers(-(2**70), 2**70),
    bool: st.booleans(),
    dt.datetime: st.datetimes(timezones=st.none() | OFFSETS),
    model.EnhancedStatus: st.builds(model.EnhancedStatus, *[st.integers(0, 999)] * 3),
}


def values_of(hint: typing.Any) -> st.SearchStrategy[typing.Any]:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is types.UnionType:
        return st.one_of([st.none() if one is types.NoneType else values_of(one) for one in inner])
    if origin is tuple and inner[-1] is Ellipsis:
        return st.lists(values_of(inner[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*[values_of(one) for one in inner])
    if hint in SCALARS:
        return SCALARS[hint]
    if issubclass(hint, enum.Enum):
        return st.sampled_from(hint)
    hints = typing.get_type_hints(hint, vars(model))
    return st.builds(hint, **{field.name: values_of(hints[field.name]) for field in dataclasses.fields(hint)})


REPORTS: st.SearchStrategy[Report] = values_of(Report)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(REPORTS)
def test_every_report_survives_json(report: Report) -> None:
    data = report.to_dict()
    assert Report.from_dict(data) == report
    text = json.dumps(data)
    assert text.isascii()
    back = Report.from_dict(json.loads(text))
    assert back == report
    assert back.to_dict() == data
    VALIDATOR.validate(json.loads(text))


@given(st.text(st.sampled_from("\ud83d\ude00\u2060x"), max_size=10))
def test_surrogates_stay_apart(text: str) -> None:
    report = Report(Kind.OTHER, detectors=(text,), reporting_mta=text)
    assert Report.from_dict(json.loads(json.dumps(report.to_dict()))) == report


@pytest.mark.parametrize("text", ["", "a", "größe", "😀", "\u2060", "\udce9", "a\ud83d \ude00"])
def test_strings_that_need_no_help_are_written_as_they_are(text: str) -> None:
    assert Report(Kind.OTHER, reporting_mta=text).to_dict()["reporting_mta"] == text


# -- what is written


def test_the_form_of_each_value() -> None:
    data = typing.cast("dict[str, typing.Any]", bouncelib.parse(RAW).to_dict())
    assert list(data)[:3] == ["schema", "kind", "recipients"]
    assert data["schema"] == 1
    assert type(data["kind"]) is str
    assert data["kind"] == "bounce"
    assert data["arrival_date"] == "2024-05-01T12:00:00+02:00"
    assert data["feedback"] is None
    (recipient,) = data["recipients"]
    assert recipient["status"] == "5.1.1"
    assert recipient["reply"]["code"] == 550
    assert type(recipient["reason"]) is str
    assert recipient["suppress"] is True
    assert recipient["subscriber"] == recipient["original_address"] == "bart@example.org"
    assert data["original"]["message_id"] == "<1@example.com>"
    assert ["Subject", "hello"] in data["original"]["headers"]
    assert data["unparsed"][0]["name"].lower() == "x-odd"


def plain(value: object) -> bool:
    """Whether a value is of the very types that JSON has."""
    if type(value) is dict:
        return all(type(key) is str and plain(item) for key, item in value.items())
    if type(value) is list:
        return all(plain(item) for item in value)
    return value is None or type(value) in (str, int, bool)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(REPORTS)
def test_only_plain_values_are_written(report: Report) -> None:
    assert plain(report.to_dict())


# -- what is refused on reading

GOOD = bouncelib.parse(RAW).to_dict()


def change(path: str, value: object) -> Callable[[dict[str, typing.Any]], None]:
    def apply(data: dict[str, typing.Any]) -> None:
        *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        place: typing.Any = data
        for step in way:
            place = place[step]
        if value is KeyError:
            del place[last]
        else:
            place[last] = value

    return apply


WRONG = [
    ("schema", KeyError, '$: the key "schema" is missing'),
    ("schema", 2, "$.schema: version 2 is unknown, this bouncelib reads version 1"),
    ("schema", "1", "$.schema: version '1' is unknown"),
    ("schema", True, "$.schema: version True is unknown"),
    ("kind", KeyError, '$: the key "kind" of Report is missing'),
    ("kind", "bouncy", "$.kind: expected one of bounce, delay,"),
    ("kind", None, "$.kind: expected one of bounce"),
    ("recipients", {}, "$.recipients: expected a list, found {}"),
    ("recipients", "anne", "$.recipients: expected a list"),
    ("recipients.0", "anne", "$.recipients[0]: expected an object (Recipient)"),
    ("recipients.0.address", KeyError, '$.recipients[0]: the key "address" of Recipient is missing'),
    ("recipients.0.address", None, "$.recipients[0].address: expected a string, found None"),
    ("recipients.0.status", "5.1", "$.recipients[0].status: expected an enhanced status code"),
    ("recipients.0.status", "٥.١.١", "$.recipients[0].status: expected an enhanced status code"),
    ("recipients.0.status", 5, "$.recipients[0].status: expected an enhanced status code"),
    ("recipients.0.reply.code", "550", "$.recipients[0].reply.code: expected an integer"),
    ("recipients.0.reply.code", True, "$.recipients[0].reply.code: expected an integer, found True"),
    ("recipients.0.suppress", 1, "$.recipients[0].suppress: expected true or false"),
    ("recipients.0.evidence.0.line", None, "$.recipients[0].evidence[0].line: expected an integer"),
    ("arrival_date", "yesterday", "$.arrival_date: expected an ISO 8601 date"),
    ("arrival_date", 17, "$.arrival_date: expected an ISO 8601 date"),
    ("original.headers.0", ["only"], "$.original.headers[0]: expected a list of 2"),
    ("original.headers.0", ["a", 1], "$.original.headers[0][1]: expected a string, found 1"),
    ("detectors", [1], "$.detectors[0]: expected a string"),
    ("provenance", None, "$.provenance: expected an object (Provenance)"),
]


@pytest.mark.parametrize(("path", "value", "message"), WRONG)
def test_wrong_data_is_refused_and_the_place_named(path: str, value: object, message: str) -> None:
    data = json.loads(json.dumps(GOOD))
    change(path, value)(data)
    with pytest.raises(BouncelibError) as caught:
        Report.from_dict(data)
    assert str(caught.value).startswith(message)
    assert not VALIDATOR.is_valid(data), "the schema file accepts what from_dict refuses"


@pytest.mark.parametrize("data", [None, [], "x", 1])
def test_what_is_no_object_is_refused(data: typing.Any) -> None:
    with pytest.raises(BouncelibError, match=r"^\$: expected an object"):
        Report.from_dict(data)


def test_a_long_value_is_shortened_in_the_message() -> None:
    with pytest.raises(BouncelibError) as caught:
        Report.from_dict({**GOOD, "kind": "x" * 10_000})
    assert len(str(caught.value)) < 400


def test_unknown_keys_are_ignored() -> None:
    assert Report.from_dict({"source": "inbox", **GOOD, "later": 1}) == bouncelib.parse(RAW)


# -- the schema file


def test_the_schema_file_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"].endswith("2020-12/schema")
    assert SCHEMA["properties"]["schema"] == {"const": schema.VERSION, "description": "The version of this schema."}


@pytest.mark.parametrize("extra", [{"source": "inbox"}, {}])
def test_real_reports_are_valid(extra: dict[str, str]) -> None:
    VALIDATOR.validate({**extra, **GOOD})
    VALIDATOR.validate(bouncelib.parse(b"").to_dict())
    VALIDATOR.validate(bouncelib.parse_reply("550 5.1.1 no such user", recipient="anne@example.org").to_dict())


def test_an_unknown_key_is_not_valid() -> None:
    assert not VALIDATOR.is_valid({**GOOD, "kindd": "bounce"})


def without_description(node: dict[str, typing.Any]) -> dict[str, typing.Any]:
    return {key: value for key, value in node.items() if key != "description"}


def described(hint: typing.Any) -> dict[str, typing.Any]:
    """What the schema file has to say about a value of this type."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is types.UnionType:
        (one,) = (argument for argument in inner if argument is not types.NoneType)
        node = described(one)
        return {"type": [node["type"], "null"]} if "type" in node else {"anyOf": [node, {"type": "null"}]}
    if hint == tuple[str, str]:
        return {"$ref": "#/$defs/Pair"}
    if origin is tuple:
        return {"type": "array", "items": described(inner[0])}
    simple = {str: "string", int: "integer", bool: "boolean"}
    if hint in simple:
        return {"type": simple[hint]}
    return {"$ref": f"#/$defs/{'DateTime' if hint is dt.datetime else hint.__name__}"}


CLASSES: list[typing.Any] = [
    value
    for name in model.__all__
    if dataclasses.is_dataclass(value := getattr(model, name))
    and name not in ("AddressCheck", "EnhancedStatus", "Value", "Finding")
]
ENUMS = [
    value
    for name in model.__all__
    if isinstance(value := getattr(model, name), type) and issubclass(value, enum.Enum) and name != "AddressVerdict"
]


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: str(cls.__name__))
def test_the_schema_file_agrees_with_the_class(cls: typing.Any) -> None:
    node = SCHEMA if cls is Report else SCHEMA["$defs"][cls.__name__]
    assert node["type"] == "object"
    assert node["description"]
    assert node["additionalProperties"] is False
    hints = typing.get_type_hints(cls, vars(model))
    wanted = {field.name: described(hints[field.name]) for field in dataclasses.fields(cls)}
    if cls is Recipient:
        wanted["subscriber"] = {"type": "string"}
    found = {name: without_description(value) for name, value in node["properties"].items()}
    if cls is Report:
        del found["schema"], found["source"]
    assert found == wanted
    assert set(node["required"]) == set(wanted) | ({"schema"} if cls is Report else set())
    assert all(value["description"] for value in node["properties"].values())


@pytest.mark.parametrize("cls", ENUMS, ids=lambda cls: str(cls.__name__))
def test_the_schema_file_agrees_with_the_enum(cls: type[enum.Enum]) -> None:
    assert SCHEMA["$defs"][cls.__name__]["enum"] == [member.value for member in cls]


def test_the_schema_file_defines_nothing_else() -> None:
    names = {cls.__name__ for cls in (*CLASSES, *ENUMS)} - {"Report"}
    assert set(SCHEMA["$defs"]) == names | {"EnhancedStatus", "DateTime", "Pair"}


def test_every_reason_can_be_written() -> None:
    for reason in Reason:
        data = Report(Kind.BOUNCE, (Recipient("a@example.com", reason=reason),)).to_dict()
        VALIDATOR.validate(data)
        assert Report.from_dict(data).recipients[0].reason is reason
