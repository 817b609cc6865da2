from pathlib import Path

import pytest
from _pytest.monkeypatch import MonkeyPatch

from agent.config import Destination
from agent.config.configuration import Proxy
from agent.config.destinations import endpoint, proxy
from agent.config.host import Refused
from tests.agent.config.site import DESTINATION, changed, codes, right, said


def destination(directory: Path, *keys: str, url: str = "mqtt://127.0.0.1:1883") -> Destination:
    text = "\n    ".join((f"url: {url}", *keys))
    return right(changed(directory, (DESTINATION, text))).destinations[0]


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "county.password"
    file.write_text("hunter2\n")
    file.chmod(0o600)
    return file


@pytest.fixture
def pem(tmp_path: Path) -> None:
    for name in ("ca.pem", "gw.pem", "gw.key"):
        (tmp_path / name).write_text("-----BEGIN-----\n")
        (tmp_path / name).chmod(0o600)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("mqtt://10.0.0.1", ("10.0.0.1", 1883, False, None)),
        ("mqtts://broker.example", ("broker.example", 8883, True, None)),
        ("mqtts://broker.example:443/", ("broker.example", 443, True, None)),
        ("mqtt://[::1]:1884", ("::1", 1884, False, None)),
        ("ws://broker.example", ("broker.example", 80, False, "/mqtt")),
        ("ws://broker.example:8080/", ("broker.example", 8080, False, "/mqtt")),
        ("wss://broker.example", ("broker.example", 443, True, "/mqtt")),
        ("wss://[::1]:8443/a/b", ("::1", 8443, True, "/a/b")),
    ],
)
def test_urls(url: str, expected: tuple[str, int, bool, str | None]) -> None:
    assert endpoint(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "http://a:1",
        "tcp://a",
        "ws://a/mqtt?token=1",
        "wss://a/mqtt#x",
        "ws://a/b c",
        "ws://a/\x01",
        "ws:///mqtt",
        "a",
        "mqtt://",
        "mqtt://a:0",
        "mqtt://a:x",
        "mqtt://a/b",
        "mqtt://a?b",
        "mqtt://[::1",
        "mqtt://a b",
    ],
)
def test_what_is_no_broker(url: str) -> None:
    with pytest.raises(Refused) as refused:
        endpoint(url)
    assert refused.value.code == "E1067"


@pytest.mark.parametrize("url", ["mqtt://me:hunter2@a", "mqtt://me@a:1", "mqtt://me:hunter2@a:port"])
def test_a_password_in_the_url_is_refused_and_not_repeated(tmp_path: Path, url: str) -> None:
    loaded = changed(tmp_path, (DESTINATION, f"url: {url}"))
    assert codes(loaded)[0] in ("E1067", "E1068")
    assert "hunter2" not in str(loaded.problems)


def test_defaults(tmp_path: Path) -> None:
    found = destination(tmp_path)
    assert (found.host, found.port, found.tls, found.protocol) == ("127.0.0.1", 1883, None, "auto")
    assert (found.username, found.password, found.ack_timeout_s, found.format) == (None, None, 30.0, "json")
    assert found.client_id.startswith("gw-1-")
    assert len(found.client_id) == len("gw-1-") + 8
    assert found.topics["data"] == "lineside/v1/{site}/{line}/{device}/data"
    assert not found.canary
    assert destination(tmp_path, "canary: true").canary


def test_a_password_is_read_and_not_shown(tmp_path: Path, secret: Path) -> None:
    found = destination(tmp_path, "username: me", "password_file: county.password", "protocol: 5", "client_id: me")
    assert (found.username, found.password, found.protocol, found.client_id) == ("me", "hunter2", "5", "me")
    assert "hunter2" not in repr(found)


def test_a_credential_of_systemd_comes_first(tmp_path: Path, secret: Path, monkeypatch: MonkeyPatch) -> None:
    directory = tmp_path / "credentials"
    directory.mkdir()
    (directory / "county.password").write_text("from systemd")
    (directory / "county.password").chmod(0o440)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(directory))
    assert destination(tmp_path, "username: me", "password_file: county.password").password == "from systemd"
    assert destination(tmp_path, "username: me", f"password_file: {secret}").password == "hunter2"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666, 0o610])
def test_a_password_file_that_others_can_read(tmp_path: Path, secret: Path, mode: int) -> None:
    secret.chmod(mode)
    loaded = changed(tmp_path, (DESTINATION, f"{DESTINATION}\n    username: me\n    password_file: county.password"))
    assert said(loaded) == [(8, 20, "destinations[0].password_file", "E1080")]
    assert loaded.problems[0].facts["mode"] == f"{mode:04o}"


@pytest.mark.parametrize("content", [b"", b"\n", b"a\nb\n", b"\xff", b"x" * 5000])
def test_a_password_file_without_one_password(tmp_path: Path, secret: Path, content: bytes) -> None:
    secret.write_bytes(content)
    loaded = changed(tmp_path, (DESTINATION, f"{DESTINATION}\n    username: me\n    password_file: county.password"))
    assert codes(loaded) == ["E1081"]


def test_no_password_file_and_no_user_name(tmp_path: Path) -> None:
    loaded = changed(tmp_path, (DESTINATION, f"{DESTINATION}\n    password_file: none"))
    assert sorted(codes(loaded)) == ["E1084", "E1088"]
    loaded = changed(tmp_path, (DESTINATION, f"{DESTINATION}\n    username: me\n    password_file: {tmp_path}"))
    assert codes(loaded) == ["E1079"]


@pytest.mark.parametrize("key", ["password", "Passwd", "pwd", "secret"])
def test_a_password_in_the_file_is_refused_and_not_repeated(tmp_path: Path, key: str) -> None:
    loaded = changed(tmp_path, (DESTINATION, f"{DESTINATION}\n    {key}: hunter2"))
    assert said(loaded) == [(7, 5, f"destinations[0].{key}", "E1066")]
    assert "hunter2" not in str(loaded)


@pytest.mark.usefixtures("pem")
def test_tls_files(tmp_path: Path) -> None:
    found = destination(tmp_path, "tls: {ca_file: ca.pem, cert_file: gw.pem, key_file: gw.key}", url="mqtts://a")
    assert found.tls is not None
    assert (found.tls.ca_file, found.tls.cert_file, found.tls.key_file) == tuple(
        tmp_path / name for name in ("ca.pem", "gw.pem", "gw.key")
    )
    assert destination(tmp_path, url="mqtts://a").tls is not None


@pytest.mark.usefixtures("pem")
@pytest.mark.parametrize(
    ("tls", "url", "code"),
    [
        ("{ca_file: none.pem}", "mqtts://a", "E1088"),
        ("{ca_file: .}", "mqtts://a", "E1079"),
        ("{cert_file: gw.pem}", "mqtts://a", "E1082"),
        ("{key_file: gw.key}", "mqtts://a", "E1082"),
        ("{ca_file: ca.pem}", "mqtt://a", "E1069"),
        ("{ca_file: ca.pem}", "ws://a/mqtt", "E1069"),
        ("{cafile: ca.pem}", "mqtts://a", "E1022"),
    ],
)
def test_tls_that_cannot_work(tmp_path: Path, tls: str, url: str, code: str) -> None:
    assert codes(changed(tmp_path, (DESTINATION, f"url: {url}\n    tls: {tls}"))) == [code]


MUTUAL = "url: mqtts://a\n    tls: {cert_file: gw.pem, key_file: gw.key}"


@pytest.mark.usefixtures("pem")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_key_that_others_can_read_is_refused_like_a_password(tmp_path: Path, mode: int) -> None:
    (tmp_path / "gw.key").chmod(mode)
    loaded = changed(tmp_path, (DESTINATION, MUTUAL))
    assert [(p, c) for _, _, p, c in said(loaded)] == [("destinations[0].tls.key_file", "E1080")]
    assert loaded.problems[0].facts == {"file": str(tmp_path / "gw.key"), "mode": f"{mode:04o}"}


@pytest.mark.usefixtures("pem")
def test_a_key_that_systemd_keeps_is_guarded_by_it(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    directory = tmp_path / "credentials"
    directory.mkdir()
    (directory / "gw.key").write_text("-----BEGIN-----\n")
    (directory / "gw.key").chmod(0o440)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(directory))
    found = right(changed(tmp_path, (DESTINATION, MUTUAL))).destinations[0]
    assert found.tls is not None
    assert found.tls.key_file == directory / "gw.key"


def test_a_websocket_keeps_its_path(tmp_path: Path) -> None:
    found = destination(tmp_path, url="wss://broker.example/lines/mqtt")
    assert (found.host, found.port, found.path) == ("broker.example", 443, "/lines/mqtt")
    assert found.tls is not None
    assert destination(tmp_path).path is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://10.0.0.1", ("10.0.0.1", 3128, None)),
        ("http://proxy.example:8080/", ("proxy.example", 8080, None)),
        ("http://gw@[::1]:1", ("::1", 1, "gw")),
        ("http://DOMAIN%5Cgw@a", ("a", 3128, "DOMAIN\\gw")),
    ],
)
def test_proxies(url: str, expected: tuple[str, int, str | None]) -> None:
    assert proxy(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "https://a",
        "socks5://a",
        "a:3128",
        "http://",
        "http://@a",
        "http://a/b",
        "http://a:0",
        "http://a:x",
        "http://a?b",
    ],
)
def test_what_is_no_proxy(tmp_path: Path, url: str) -> None:
    loaded = changed(tmp_path, (DESTINATION, f"{DESTINATION}\n    proxy: {url!r}"))
    assert [(p, c) for _, _, p, c in said(loaded)] == [("destinations[0].proxy", "E1130")]


@pytest.mark.parametrize(
    "url", ["http://gw:hunter2@a:3128", "http://:hunter2@a", "http://gw:hun/ter2@a", "http://gw:2#hunter2@a"]
)
def test_a_password_in_the_proxy_is_refused_and_not_repeated(tmp_path: Path, url: str) -> None:
    loaded = changed(tmp_path, (DESTINATION, f"{DESTINATION}\n    proxy: '{url}'"))
    assert codes(loaded)[0] in ("E1130", "E1131")
    assert "hun" not in str(loaded.problems)


def test_the_password_of_the_proxy_is_read_and_not_shown(tmp_path: Path, secret: Path) -> None:
    found = destination(tmp_path, "proxy: http://gw@proxy.example:3128", "proxy_password_file: county.password")
    assert found.proxy == Proxy("proxy.example", 3128, "gw", "hunter2")
    assert "hunter2" not in repr(found)


def test_a_password_of_the_proxy_that_cannot_be_used(tmp_path: Path, secret: Path) -> None:
    for keys, code in (
        ("proxy_password_file: county.password", "E1132"),
        ("proxy: http://a\n    proxy_password_file: county.password", "E1132"),
        ("proxy: http://gw@a\n    proxy_password_file: none", "E1088"),
    ):
        assert codes(changed(tmp_path, (DESTINATION, f"{DESTINATION}\n    {keys}"))) == [code]
    secret.chmod(0o644)
    keys = "proxy: http://gw@a\n    proxy_password_file: county.password"
    assert codes(changed(tmp_path, (DESTINATION, f"{DESTINATION}\n    {keys}"))) == ["E1080"]


def test_two_destinations_must_not_throw_each_other_out(tmp_path: Path) -> None:
    loaded = changed(tmp_path, (DESTINATION, f"{DESTINATION}\n  - {{name: second, {DESTINATION}}}"))
    assert [(p, c) for _, _, p, c in said(loaded)] == [("destinations[1].client_id", "E1085")]
