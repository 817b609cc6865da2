"""`lineside trust FILE`: whom OPC UA connections trust; let a server in, or send it away."""

import argparse
import contextlib
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from agent.cli.check import explain, table, width
from agent.cli.language import catalogue
from agent.config import Configuration, Connection, load
from agent.config.host import Refused
from agent.messages import Catalogue
from drivers.contract import Certified, Trusting
from drivers.errors import NothingChanged
from drivers.phrase import of_system

EX_USAGE = 2
FILE_MAX = 1 << 20
COLUMNS = 80
NAME_COLUMNS = 36
_FINGERPRINT = re.compile(r"[0-9A-Fa-f]{2}(:?[0-9A-Fa-f]{1,2})*")
_STANDINGS = {"own": "I2028", "trusted": "I2029", "rejected": "I2030"}


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("trust", help="OPC UA 服务器证书的信任 / which OPC UA servers are trusted")
    parser.add_argument("file", type=Path, help="配置文件 / configuration (YAML)")
    parser.add_argument(
        "words",
        nargs="*",
        metavar="list | add WHAT | remove WHAT",
        help="WHAT：指纹的前几位，或证书文件 / how a fingerprint begins, or a file with a certificate",
    )
    parser.add_argument("--connection", metavar="NAME", help="只针对这个连接 / this connection only")
    parser.add_argument(
        "--state-dir", type=Path, metavar="DIR", help="状态目录，默认与 run 相同 / by default as for `run`"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0 when it was done, 1 when nothing was changed, 2 for wrong usage or a wrong configuration."""
    loaded = load(args.file, secrets=False, state_dir=args.state_dir)
    said = catalogue(loaded.language)
    if loaded.configuration is None:
        if any(problem.code == "E1089" for problem in loaded.problems):
            _say(said, "E2036", file=args.file)
        else:
            explain(loaded, said)
        return EX_USAGE
    for plugin in loaded.plugins.values():
        said.add(plugin.messages)
    try:
        return _run(args, loaded.configuration, said)
    except Refused as refused:
        _say(said, refused.code, **refused.facts)
        return EX_USAGE
    except NothingChanged as nothing:
        _say(said, nothing.code, **nothing.facts)
    except OSError as error:
        reason = of_system(error)
        _say(said, "E2024", path=error.filename or loaded.configuration.state_dir, reason=reason)
    return 1


def _run(args: argparse.Namespace, configuration: Configuration, said: Catalogue) -> int:
    action, what = _asked(args.words)
    lists = {one.name: one for one in configuration.connections if one.plugin.trust is not None}
    if not lists:
        _say(said, "E2020", file=args.file)
        return 1
    if args.connection is not None and args.connection not in lists:
        raise Refused("E2021", name=args.connection, known=", ".join(lists))
    chosen = lists if args.connection is None else {args.connection: lists[args.connection]}
    if not configuration.state_dir.is_dir():
        _say(said, "E2023", path=configuration.state_dir)
        return 1
    content = _given(what)
    with _owner_of(configuration.state_dir):
        if action == "list":
            _list(chosen, said)
        else:
            _change(action, _one(chosen, content), content, said)
    return 0


def _asked(words: list[str]) -> tuple[str, str]:
    match words:
        case [] | ["list"]:
            return "list", ""
        case ["add" | "remove" as action, what]:
            return action, what
    raise Refused("E2026", given=" ".join(words))


def _given(what: str) -> str | bytes:
    """The content of the file that is named, else the beginning of a fingerprint. Read before rights are given up."""
    path = Path(what)
    if not what or (_FINGERPRINT.fullmatch(what) and not path.is_file()):
        return what
    try:
        with path.open("rb") as file:
            return file.read(FILE_MAX)
    except (OSError, ValueError) as error:
        reason = of_system(error) if isinstance(error, OSError) else str(error)
        raise NothingChanged("E2025", path=path, reason=reason) from None


@contextlib.contextmanager
def _owner_of(folder: Path) -> Iterator[None]:
    """As the user of the agent where root asks: what is written is that user's, and root follows no link of his."""
    owner = folder.stat()
    if os.geteuid() != 0 or owner.st_uid == 0:
        yield
        return
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(owner.st_gid)
    os.seteuid(owner.st_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


def _one(chosen: Mapping[str, Connection], content: str | bytes) -> Connection:
    """The connection that is meant: the only one, or the only one that knows such a fingerprint."""
    known = list(chosen.values())
    if len(known) > 1 and isinstance(content, str):
        digits = _digits(content)
        known = [one for one in known if any(_digits(e.fingerprint).startswith(digits) for e in _entries(one))] or known
    lists = {_trust(one).where(one.settings): one for one in known}
    if len(lists) > 1:
        raise Refused("E2022", known=", ".join(one.name for one in known))
    return known[0]


def _digits(fingerprint: str) -> str:
    return fingerprint.replace(":", "").upper()


def _trust(connection: Connection) -> Trusting:
    assert connection.plugin.trust is not None
    return connection.plugin.trust


def _entries(connection: Connection) -> list[Certified]:
    return [one for one in _trust(connection).entries(connection.settings) if one.standing != "own"]


def _change(action: str, connection: Connection, what: str | bytes, said: Catalogue) -> None:
    trust = _trust(connection)
    if action == "add":
        code, done = "I2033", trust.add(connection.settings, what)
    else:
        done = trust.remove(connection.settings, what)
        code = "I2034" if done.standing == "trusted" else "I2035"
    print(said.text(code, {"connection": connection.name, "subject": done.subject}), done.fingerprint, sep="\n")


def _list(chosen: Mapping[str, Connection], said: Catalogue) -> None:
    """For each connection a table of at most 80 columns; fingerprints are longer and stand on lines of their own."""
    for number, (name, connection) in enumerate(chosen.items()):
        trust = _trust(connection)
        found = trust.entries(connection.settings)
        print(*([""] if number else []), f"{name}  {trust.where(connection.settings)}", sep="\n")
        rows = table([said.text("I2027", {}).split("|"), *(_row(one, said) for one in found)])
        print(rows[0])
        for row, one in zip(rows[1:], found, strict=True):
            print(row, one.fingerprint, sep="\n")
            print(*(f"{line}\n" for line in _more(one, said)), sep="", end="")
        if not any(one.standing != "own" for one in found):
            print(said.text("I2032", {}))


def _more(one: Certified, said: Catalogue) -> list[str]:
    lines = [_cut(f"  {one.uri}", COLUMNS)] if one.uri else []
    if one.issuer != one.subject:
        lines.append(_cut(said.text("I2037", {"issuer": one.issuer}), COLUMNS))
    if one.standing == "own":  # to be taken to the server
        lines.append(said.text("I2038", {"path": one.path}))
    return lines


def _row(one: Certified, said: Catalogue) -> tuple[str, str, str, str]:
    authority = said.text("I2031", {}) if one.is_authority else ""
    name = _cut(one.subject, NAME_COLUMNS - width(authority)) + authority
    return (
        said.text(_STANDINGS[one.standing], {}),
        name,
        f"{one.ends:%Y-%m-%d}",
        f"{one.seen.astimezone():%Y-%m-%d %H:%M}",
    )


def _cut(text: str, columns: int) -> str:
    """On one line, however long a name a stranger chose."""
    text = "".join(character if character.isprintable() else "?" for character in text)
    if width(text) <= columns:
        return text
    while width(text) > columns - 1:
        text = text[:-1]
    return text + "…"


def _say(said: Catalogue, code: str, **facts: object) -> None:
    print(code, said.text(code, facts), file=sys.stderr)
