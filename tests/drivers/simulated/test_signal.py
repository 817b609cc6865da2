import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.contract import Value
from drivers.simulated.messages import MESSAGES
from drivers.simulated.signal import KINDS, SignalError, parse


@pytest.mark.parametrize(
    ("text", "moments"),
    [
        ("sine(60s, 0, 100)", {0: 50.0, 15: 100.0, 45: 0.0, 60: 50.0}),
        ("ramp(10s, -5, 5)", {0: -5.0, 5: 0.0, 9: 4.0, 10: -5.0}),
        ("counter(0.5s, 65536)", {0: 0, 0.49: 0, 0.5: 1, 32767.5: 65535, 32768: 0}),
        ("square(10s)", {0: False, 4.9: False, 5: True, 10: False}),
        ("constant(5)", {0: 5, 99: 5}),
        ("constant(5.5)", {0: 5.5}),
        ("constant(true)", {0: True}),
        ("constant(GD001, 缺料)", {0: "GD001, 缺料"}),
        ("text(GD001|GD002, 30s)", {0: "GD001", 30: "GD002", 60: "GD001"}),
        ("hole", {0: None, 7: None}),
        ("hole(20s)", {3: 3, 9.9: 9, 10: None, 19: None, 20: 20}),
        ("  square ( 10s )  ", {5: True}),
    ],
)
def test_a_signal_shows_its_value_at_a_time(text: str, moments: dict[float, Value | None]) -> None:
    signal = parse(text)
    for t, value in moments.items():
        shown = signal.at(t)
        assert shown == pytest.approx(value) if isinstance(value, float) else shown == value
        assert shown is None or type(shown).__name__ == signal.type


def test_noise_is_chance_that_a_seed_repeats() -> None:
    one, again, other = (parse("noise(1s, 0, 100)", seed).at for seed in ("1/press/speed", "1/press/speed", "2"))
    assert [one(t) for t in range(20)] == [again(t) for t in range(20)] != [other(t) for t in range(20)]
    assert one(3.0) == one(3.9) != one(4.0)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "S1003"),
        ("5", "S1003"),
        ("sine(60s, 0, 100", "S1003"),
        ("sinus(60s, 0, 100)", "S1001"),
        ("sine", "S1002"),
        ("sine(60s, 0)", "S1002"),
        ("sine(60, 0, 100)", "S1002"),
        ("sine(0s, 0, 100)", "S1002"),
        ("sine(60s, 0, nan)", "S1002"),
        ("counter(0.5s)", "S1002"),
        ("counter(0.5s, 0)", "S1002"),
        ("constant()", "S1002"),
        ("constant(inf)", "S1002"),
        ("text(GD001)", "S1002"),
        ("hole(1s, 2s)", "S1002"),
    ],
)
def test_what_is_no_signal_is_refused_with_a_way_to_write_it(text: str, code: str) -> None:
    with pytest.raises(SignalError) as caught:
        parse(text)
    assert caught.value.code == code
    message = MESSAGES[code]
    (message.en + message.hint_en).format(**caught.value.facts)


def test_every_usage_is_one() -> None:
    for name, kind in KINDS.items():
        assert kind.usage.startswith(name)
        parse(kind.usage)


ARGUMENT = st.sampled_from(["1s", "10ms", "0s", "1e400", "-1", "nan", "5", "a|b", "", "9" * 400]) | st.text(max_size=5)


@settings(deadline=None, max_examples=300)
@given(st.sampled_from([*KINDS, "other"]), st.lists(ARGUMENT, max_size=4), st.floats(0, 4e9))
def test_any_text_is_a_signal_or_refused(name: str, arguments: list[str], t: float) -> None:
    try:
        signal = parse(f"{name}({', '.join(arguments)})")
    except SignalError:
        return
    value = signal.at(t)
    assert not isinstance(value, float) or math.isfinite(value)
