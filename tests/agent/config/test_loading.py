import tempfile
import time
from pathlib import Path
from string import Formatter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.config import Loaded, load, render
from agent.messages import MESSAGES, Catalogue, Language
from tests.agent.config.site import GOOD, read, right

ROOT = Path(__file__).parents[3]
CASES = ROOT / "tests" / "cases" / "config"
EXAMPLES = sorted((ROOT / "config" / "examples").glob("*.yaml"))

# fmt: off
PIECES = st.sampled_from([
    '&a ', '*a', '!!str ', '%YAML 1.1\n', '---\n', '? ', ': ', '- ', '[', ']', '{', '}', '"', "'", '|\n',
    '\t', '\n', '#', '"\\UFFFFFFFF"', '"\\ud800"', '~', '.nan', '.inf', '1e999',
    '99999999999999999999999999999999999999999999999999', '0x10', '\ufeff', '\u2028', '<<: ', 'true',
    '[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[', '@', '`', ',', '中文', '1%', '1s', '$x', 'a/b', '1: 2\n',
    'null', '\x00', '\xe9', 'password: x\n',
])
# fmt: on


def consistent(loaded: Loaded) -> None:
    """Problems or a configuration, never both, and every message with all its facts on one harmless line."""
    assert (loaded.configuration is None) == bool(loaded.problems)
    messages = {**MESSAGES}
    catalogue = Catalogue("zh")
    for plugin in loaded.plugins.values():
        catalogue.add(plugin.messages)
        messages |= plugin.messages
    for located in (*loaded.problems, *loaded.warnings):
        said = messages[located.code]
        wanted = {name for text in said[1:5] for _, name, _, _ in Formatter().parse(text) if name}
        assert wanted <= {"lineside", *located.facts}, located
        assert render(located, catalogue).isprintable()


def loaded_bytes(data: bytes) -> Loaded:
    with tempfile.TemporaryDirectory() as directory:
        return read(Path(directory), data)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_loaded_or_refused(data: bytes) -> None:
    consistent(loaded_bytes(data))


@settings(max_examples=250, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(GOOD)), st.integers(0, 12), PIECES), min_size=1, max_size=6))
def test_any_damage_is_loaded_or_refused(damage: list[tuple[int, int, str]]) -> None:
    text = GOOD
    for at, cut, piece in damage:
        text = text[:at] + piece + text[at + cut :]
    consistent(loaded_bytes(text.encode()))


@pytest.mark.parametrize(
    "bomb",
    [
        "[" * 9_000,
        "{a: " * 2_000,
        "- " * 4_000,
        "a: &a [x]\n" + "".join(f"b{i}: &b{i} [*a, *a]\n" for i in range(1000)),
        "? a\n" * 20_000,
        "---\n" * 20_000,
        "".join(" " * i + "a:\n" for i in range(900)),
    ],
)
def test_bombs_are_refused_in_bounded_time(tmp_path: Path, bomb: str) -> None:
    begin = time.process_time()
    assert read(tmp_path, bomb).configuration is None
    assert time.process_time() - begin < 10


@pytest.mark.parametrize("language", ["en", "zh"])
def test_twelve_mistakes(language: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CASES)
    loaded = load(Path("twelve_mistakes.yaml"))
    catalogue = Catalogue(language)
    for plugin in loaded.plugins.values():
        catalogue.add(plugin.messages)
    told = "".join(render(located, catalogue) + "\n" for located in loaded.problems)
    assert told == (CASES / f"twelve_mistakes.{language}.txt").read_text(encoding="utf-8")
    assert len(loaded.problems) == 12


@pytest.mark.parametrize("language", ["en", "zh"])
def test_mistakes_of_a_table(language: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CASES)
    loaded = load(Path("table_mistakes.yaml"))
    catalogue = Catalogue(language)
    for plugin in loaded.plugins.values():
        catalogue.add(plugin.messages)
    told = "".join(render(located, catalogue) + "\n" for located in loaded.problems)
    assert told == (CASES / f"table_mistakes.{language}.txt").read_text(encoding="utf-8")
    assert len(loaded.problems) == 13


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_examples_are_right(example: Path, tmp_path: Path) -> None:
    file = tmp_path / example.name
    file.write_bytes(example.read_bytes())
    for table in example.parent.glob("*.csv"):
        (tmp_path / table.name).write_bytes(table.read_bytes())
    (tmp_path / "secrets").mkdir()
    for name in ("county.password", "ca.pem", "gw.pem", "gw.key"):
        (tmp_path / "secrets" / name).write_text("x\n")
        (tmp_path / "secrets" / name).chmod(0o600)
    loaded = load(file)
    right(loaded)
    assert loaded.warnings == ()


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 3


def test_the_language_is_known_in_a_broken_file(tmp_path: Path) -> None:
    loaded = read(tmp_path, GOOD.replace("version: 1", "version: 2\nlanguage: zh"))
    assert loaded.problems
    assert loaded.language == "zh"
    assert set(loaded.plugins) == {"simulated"}


def test_a_key_that_stands_twice_does_not_hide_the_rest(tmp_path: Path) -> None:
    loaded = read(tmp_path, GOOD.replace("gateway: gw-1", "gateway: gw-1\ngateway: gw-2\nzzz: 1"))
    assert [p.code for p in loaded.problems] == ["E1011", "E1021"]
