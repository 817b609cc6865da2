"""Rules of the house that no linter knows: sizes, names, tasks, exceptions, and what a read-only agent cannot say."""

import ast
import re
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILE_LINES = 400
FUNCTION_LINES = 45
CATCH_ALLS = 3
"""One connection, one destination, the process."""

Function = ast.FunctionDef | ast.AsyncFunctionDef
ROLES = re.compile(r"(Manager|Handler|Service|Helper|Utils?|Base|Abstract)([A-Z_]|$)")
NOTHING = {"util", "utils", "common", "base", "helper", "helpers", "manager", "service", "misc"}
IMPOSED = {"get_buffer", "get_user"}
"""Names of others: asyncio's `BufferedProtocol`, asyncua's `UserManager`."""
WRITES = re.compile(r"^(write_|mask_write|readwrite_|execute$|set_values$)")
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")
PLACES = re.compile("/(" + "|".join(("work", "farm", "root", r"home/\w+", r"Users/\w+")) + ")/")


class Place(NamedTuple):
    file: str
    line: int
    what: str = ""


@cache
def trees(*folders: str) -> dict[str, ast.Module]:
    files = sorted(
        path for folder in folders for path in (ROOT / folder).rglob("*.py") if "node_modules" not in path.parts
    )
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8")) for path in files}


def found(check: Callable[[ast.AST], str | None], *folders: str) -> list[Place]:
    """Where the check has something to say."""
    return [
        Place(file, getattr(node, "lineno", 0), said)
        for file, tree in trees(*folders).items()
        for node in ast.walk(tree)
        if (said := check(node))
    ]


def dotted(node: ast.AST) -> str:
    """`asyncio.create_task` of the expression; empty where it is not a plain chain of names."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            return f"{dotted(value)}.{attr}"
        case ast.Call(func=func):
            return f"{dotted(func)}()"
        case _:
            return ""


def caught(node: ast.AST) -> Iterator[str]:
    """Names that an `except` or a `suppress` catches; `*` for a bare one. What is raised again was only seen."""
    match node:
        case ast.ExceptHandler(body=[*_, ast.Raise(exc=None)]):
            return
        case ast.ExceptHandler(type=None):
            yield "*"
        case ast.ExceptHandler(type=ast.Tuple(elts=several)):
            yield from (dotted(one).split(".")[-1] for one in several)
        case ast.ExceptHandler(type=one) if one is not None:
            yield dotted(one).split(".")[-1]
        case ast.Call(func=func, args=several) if dotted(func).endswith("suppress"):
            yield from (dotted(one).split(".")[-1] for one in several)


def test_three_catch_alls_at_most() -> None:
    places = found(lambda node: ", ".join(n for n in caught(node) if n == "Exception"), "agent", "drivers")
    assert len(places) <= CATCH_ALLS, places


def test_nothing_catches_more_than_exceptions() -> None:
    greedy = {"*", "BaseException", "CancelledError", "BaseExceptionGroup"}
    assert not found(lambda node: ", ".join(greedy.intersection(caught(node))), "agent", "drivers")


def bare_task(node: ast.AST) -> str | None:
    """A task is born in a Scope or TaskGroup, which waits for it, and with a name, by which a log can speak of it."""
    if not isinstance(node, ast.Call):
        return None
    owner, _, call = dotted(node.func).rpartition(".")
    if call == "ensure_future" or (call == "create_task" and (owner == "asyncio" or "loop" in owner or not owner)):
        return f"{owner}.{call} outside a group"
    if call == "create_task" and not any(keyword.arg == "name" for keyword in node.keywords):
        return f"{owner}.{call} without a name"
    return None


def test_tasks_are_born_in_a_group_with_a_name() -> None:
    outside = [place for place in found(bare_task, "agent", "drivers") if place.file != "agent/scope.py"]
    assert not outside


def test_the_loop_is_never_put_to_sleep() -> None:
    def sleeps(node: ast.AST) -> str | None:
        return dotted(node.func) if isinstance(node, ast.Call) and dotted(node.func) == "time.sleep" else None

    assert not found(sleeps, "agent", "drivers")


def writes(node: ast.AST) -> str | None:
    """pymodbus's methods that change something, called or imported."""
    match node:
        case ast.Call(func=ast.Attribute(attr=name)) | ast.Call(func=ast.Name(id=name)) if WRITES.match(name):
            return name
        case ast.alias(name=name) if WRITES.match(name):
            return name
    return None


def test_nothing_can_write_to_a_machine() -> None:
    assert not found(writes, "drivers")


def test_files_are_rooms_not_halls() -> None:
    lines = {
        file: len((ROOT / file).read_text(encoding="utf-8").splitlines()) for file in trees("agent", "drivers", "tests")
    }
    assert not {file: count for file, count in lines.items() if count >= FILE_LINES}


def test_functions_are_short() -> None:
    def long(node: ast.AST) -> str | None:
        if not isinstance(node, Function) or node.end_lineno is None:
            return None
        count = node.end_lineno - node.lineno + 1
        return f"{node.name}: {count} lines" if count > FUNCTION_LINES else None

    assert not found(long, "agent", "drivers", "benchmarks")


def test_modules_are_named_after_something() -> None:
    names = {
        part for file in trees("agent", "drivers", "tests", "benchmarks") for part in Path(file).with_suffix("").parts
    }
    assert not names & NOTHING


def test_names_are_words_of_the_domain() -> None:
    def empty_word(node: ast.AST) -> str | None:
        if isinstance(node, ast.ClassDef) and ROLES.search(node.name):
            return node.name
        if isinstance(node, Function) and re.match(r"_?get_", node.name) and node.name not in IMPOSED:
            return node.name
        return None

    assert not found(empty_word, "agent", "drivers", "tests")


@cache
def tracked() -> list[Path]:
    """What belongs to the project: as git sees it, else every text file here."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("needs a git checkout: git clone the project")
    return [ROOT / name for name in done.stdout.splitlines() if (ROOT / name).is_file()]


def test_no_file_knows_a_machine() -> None:
    texts = ((path, path.read_text(encoding="utf-8", errors="replace")) for path in tracked())
    assert not [str(path) for path, text in texts if PLACES.search(text)]


def test_nothing_is_left_unfinished() -> None:
    sources = (path for path in tracked() if path.suffix == ".py")
    assert not [str(path) for path in sources if UNFINISHED.search(path.read_text(encoding="utf-8"))]


def stub(node: ast.AST) -> str | None:
    return dotted(node) if isinstance(node, ast.Name) and node.id == "NotImplementedError" else None


def test_nothing_is_a_stub() -> None:
    assert not found(stub, "agent", "drivers")


PLANTED = [
    (stub, "raise NotImplementedError"),
    (bare_task, "asyncio.create_task(f())"),
    (bare_task, "create_task(f(), name='x')"),
    (bare_task, "asyncio.get_running_loop().create_task(f(), name='x')"),
    (bare_task, "asyncio.ensure_future(f())"),
    (bare_task, "group.create_task(f())"),
    (writes, "client.write_register(0, 1)"),
    (writes, "client.execute(request)"),
    (writes, "from pymodbus.x import write_coil"),
    (lambda node: ",".join(caught(node)), "with contextlib.suppress(CancelledError): pass"),
    (lambda node: ",".join(caught(node)), "try: f()\nexcept (OSError, asyncio.CancelledError): pass"),
    (lambda node: ",".join(caught(node)), "try: f()\nexcept: pass"),
]


@pytest.mark.parametrize(("check", "source"), PLANTED)
def test_the_checks_can_fail(check: Callable[[ast.AST], str | None], source: str) -> None:
    assert [said for node in ast.walk(ast.parse(source)) if (said := check(node))]


def test_what_is_raised_again_is_not_caught() -> None:
    tree = ast.parse("try: f()\nexcept BaseException:\n    close()\n    raise")
    assert not any(name for node in ast.walk(tree) for name in caught(node))


def test_a_task_in_a_group_is_fine() -> None:
    tree = ast.parse("async with asyncio.TaskGroup() as group: group.create_task(f(), name='poll plc1')")
    assert not any(bare_task(node) for node in ast.walk(tree))
