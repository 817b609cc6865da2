"""Durations and sizes as people write them."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from drivers import quantities
from drivers.quantities import MESSAGES, Duration, Size, duration_text, seconds, size, size_text


class Model(BaseModel):
    wait: Duration = 1.0
    room: Size = 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("200ms", 0.2),
        ("1s", 1.0),
        ("1.5s", 1.5),
        ("5m", 300.0),
        ("12h", 43200.0),
        ("30d", 2592000.0),
        (" 0ms ", 0.0),
        ("5 m", 300.0),
    ],
)
def test_durations(text: str, expected: float) -> None:
    assert Model(wait=text).wait == expected  # type: ignore[arg-type]  # text is what is converted


@pytest.mark.parametrize(
    ("text", "expected"), [("4096B", 4096), ("512KiB", 524288), ("1GiB", 1 << 30), ("1.5KiB", 1536), ("2TiB", 2 << 40)]
)
def test_sizes(text: str, expected: int) -> None:
    assert Model(room=text).room == expected  # type: ignore[arg-type]  # text is what is converted


@pytest.mark.parametrize(
    "given", [5, 1.5, True, None, "", "5", "s", "-1s", "1e3s", "5M", "1s2", "nans", "٣s", "1 s s", "9" * 400 + "s"]
)
def test_what_is_no_duration_is_refused_with_a_code(given: object) -> None:
    with pytest.raises(ValidationError) as caught:
        Model(wait=given)  # type: ignore[arg-type]  # text is what is converted
    (problem,) = caught.value.errors()
    assert problem["type"] == "Q1001"
    assert MESSAGES["Q1001"].zh.format(**problem["ctx"])


@pytest.mark.parametrize("given", [5, "", "5", "1KB", "1kib", "1 Gib", "-1B"])
def test_what_is_no_size_is_refused_with_a_code(given: object) -> None:
    with pytest.raises(ValidationError) as caught:
        Model(room=given)  # type: ignore[arg-type]  # text is what is converted
    (problem,) = caught.value.errors()
    assert problem["type"] == "Q1002"
    assert MESSAGES["Q1002"].en.format(**problem["ctx"])


@settings(deadline=None)
@given(st.integers(0, 10**10))
def test_written_back_they_are_the_same(number: int) -> None:
    assert size(size_text(number)) == number
    assert seconds(duration_text(number / 1000)) == pytest.approx(number / 1000, rel=1e-9)


@settings(deadline=None)
@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for annotated in (Duration, Size):
        with contextlib.suppress(ValidationError):
            assert TypeAdapter(annotated).validate_python(text) >= 0


def test_in_a_schema_they_are_texts() -> None:
    properties = Model.model_json_schema()["properties"]
    assert properties["wait"]["type"] == properties["room"]["type"] == "string"
    assert Model(wait="90s", room="1KiB").model_dump(mode="json") == {"wait": "90s", "room": "1KiB"}  # type: ignore[arg-type]  # text is what is converted


@pytest.mark.parametrize(("text", "expected"), [("50/s", 50.0), ("600/m", 10.0), (" 36 / h ", 0.01), ("0.5/s", 0.5)])
def test_rates(text: str, expected: float) -> None:
    assert quantities.rate(text) == pytest.approx(expected)
    assert quantities.rate(quantities.rate_text(quantities.rate(text))) == pytest.approx(expected)


@pytest.mark.parametrize("given", ["50", "0/s", "-1/s", "50/d", 50, None])
def test_what_is_no_rate(given: object) -> None:
    with pytest.raises(PydanticCustomError, match="is not a rate"):
        quantities.rate(given)


def test_a_rate_that_fits_no_unit() -> None:
    assert quantities.rate(quantities.rate_text(1 / 7)) == pytest.approx(1 / 7, rel=1e-6)
