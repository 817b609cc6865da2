"""Bounds of one boot's numbers: what does not fit is judged at once, and said truly."""

import pytest

from agent.verify import numbering
from agent.verify.numbering import Known, Numbering, Part


def test_too_many_holes_are_judged_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbering, "SPANS_MOST", 3)
    numbers = Numbering(is_from_start=True)
    numbers.lose(3, 3, 1)
    for seq in range(0, 14, 2):
        numbers.take(seq)
        numbers.take(seq + 1 if seq == 4 else seq)
    assert len(numbers.seen) == 3
    verdict = numbers.verdict()
    assert (verdict.announced, verdict.unannounced) == (1, 4)
    assert verdict.named == ((1, 1), (7, 7), (9, 9), (11, 11))


def test_too_many_gaps_join(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbering, "SPANS_MOST", 2)
    numbers = Numbering(is_from_start=True)
    for first in (2, 4, 6):
        numbers.lose(first, first, 1)
    numbers.take(9)
    assert numbers.verdict()[:2] == (3, 6), "never more than the gaps speak of"


def test_parts_of_too_many_records_are_forgotten_lowest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbering, "SPLIT_MOST", 2)
    numbers = Numbering(is_from_start=True)
    for seq in range(3):
        assert numbers.take_part(seq, 1, 2, Part(1, 1)) is None
    assert numbers.take_part(2, 2, 2, Part(2, 3)) == Part(3, 4)
    assert numbers.take_part(0, 2, 2, Part(2, 3)) is None


def test_a_part_that_is_known() -> None:
    numbers = Numbering()
    numbers.take_part(0, 1, 2, Part(5, 1))
    with pytest.raises(Known) as known:
        numbers.take_part(0, 1, 2, Part(6, 1))
    assert known.value.digest == 5
    assert numbers.take_part(0, 1, 3, Part(5, 1)) is None, "another split"


def test_a_number_is_new_once() -> None:
    numbers = Numbering()
    assert numbers.take(3)
    assert not numbers.take(3)
    assert numbers.verdict() == Numbering().verdict()
