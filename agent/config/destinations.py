"""Destinations: where they are, and the files that they need."""

import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from agent.config.configuration import Destination, Proxy, Tls
from agent.config.host import Refused, absolute, client_id, password, readable, secret, secret_file
from agent.config.located import Findings, shorten
from agent.config.located import Path as Place
from agent.config.models import DestinationKeys, TlsKeys
from agent.config.topics import DEFAULTS, written
from agent.config.tree import Map, place

_PORTS = {"mqtt": 1883, "mqtts": 8883, "ws": 80, "wss": 443}
_PATH = "/mqtt"
"""Of a websocket, where the url names none: what brokers listen to and the MQTT standard's examples have."""
_PROXY_PORT = 3128


class Endpoint(NamedTuple):
    """What a URL says."""

    host: str
    port: int
    encrypted: bool
    path: str | None
    """Of a websocket; None for MQTT on the bare connection."""


def endpoint(url: str) -> Endpoint:
    """`mqtts://broker.example` -> host, port, TLS. Raises `Refused` E1067, E1068 (without showing a password)."""
    parts = _split(url, "E1067")
    if parts.username is not None or "@" in url:
        raise Refused("E1068")
    if parts.scheme not in _PORTS:
        raise Refused("E1067", value=shorten(url))
    path = (parts.path.removesuffix("/") or _PATH) if parts.scheme in ("ws", "wss") else None
    if path is None and parts.path not in ("", "/"):
        raise Refused("E1067", value=shorten(url))
    return Endpoint(parts.hostname or "", parts.port or _PORTS[parts.scheme], parts.scheme in ("mqtts", "wss"), path)


def _split(url: str, code: str) -> SplitResult:
    """A URL with a host and perhaps a port, without query and fragment. Raises `Refused` with this code."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Refused(code, value=_shown(url)) from None
    extra = parts.query or parts.fragment or not url.isprintable() or " " in url
    if not parts.hostname or port == 0 or extra:
        raise Refused(code, value=_shown(url))
    return parts


def _shown(url: str) -> str:
    """Without what may be a secret: who comes before the host, and what comes after the path."""
    return shorten(re.sub("([?#]).*", r"\1...", url.rsplit("@", 1)[-1], flags=re.DOTALL))


def proxy(url: str) -> tuple[str, int, str | None]:
    """`http://user@host:3128` -> host, port, user. Raises `Refused` E1130, E1131 (without showing a password)."""
    parts = _split(url, "E1130")
    if parts.password is not None:
        raise Refused("E1131")
    if parts.scheme != "http" or parts.path not in ("", "/") or parts.username == "":
        raise Refused("E1130", value=shorten(url))
    user = None if parts.username is None else unquote(parts.username)
    return parts.hostname or "", parts.port or _PROXY_PORT, user


def destination(
    keys: DestinationKeys, node: Map, path: Place, gateway: str, base: Path, findings: Findings
) -> Destination | None:
    """The destination with its secrets read, or None with everything that is wrong with it in `findings`."""
    before = len(findings.problems)
    found = _endpoint(keys, node, path, findings)
    secret = _password(keys, node, path, base, findings)
    way = _proxy(keys, node, path, base, findings)
    tls = _tls(keys.tls or TlsKeys(), node, path, base, findings)
    if found is None or len(findings.problems) > before:
        return None
    return Destination(
        name=keys.name,
        host=found.host,
        port=found.port,
        tls=tls if found.encrypted else None,
        protocol=keys.protocol,
        client_id=keys.client_id or client_id(gateway),
        username=keys.username,
        password=secret,
        ack_timeout_s=keys.ack_timeout,
        backfill_rate=keys.backfill.rate,
        live_first=keys.backfill.live_first,
        topics={**DEFAULTS, **written(keys)},
        format=keys.format,
        path=found.path,
        proxy=way,
        canary=keys.canary,
    )


def _endpoint(keys: DestinationKeys, node: Map, path: Place, findings: Findings) -> Endpoint | None:
    try:
        found = endpoint(keys.url)
    except Refused as refused:
        findings.wrong(place(node, ("url",)), (*path, "url"), refused.code, **refused.facts)
        return None
    if keys.tls is not None and not found.encrypted:
        findings.wrong(
            place(node, ("tls",), of_key=True), (*path, "tls"), "E1069", scheme=keys.url.split(":")[0], host=found.host
        )
    return found


def _password(keys: DestinationKeys, node: Map, path: Place, base: Path, findings: Findings) -> str | None:
    if keys.password_file is not None and keys.username is None:
        findings.wrong(node.at, (*path, "username"), "E1084")
    return _secret("password_file", keys.password_file, node, path, base, findings)


def _secret(key: str, name: str | None, node: Map, path: Place, base: Path, findings: Findings) -> str | None:
    if name is not None:
        findings.files[secret(name, base)] = None
    try:
        return None if name is None else password(name, base)
    except Refused as refused:
        findings.wrong(place(node, (key,)), (*path, key), refused.code, **refused.facts)
        return None


def _proxy(keys: DestinationKeys, node: Map, path: Place, base: Path, findings: Findings) -> Proxy | None:
    key = "proxy_password_file"
    user = None
    found = None
    if keys.proxy is not None:
        try:
            found = proxy(keys.proxy)
            user = found[2]
        except Refused as refused:
            findings.wrong(place(node, ("proxy",)), (*path, "proxy"), refused.code, **refused.facts)
            return None
    if keys.proxy_password_file is not None and user is None:
        findings.wrong(place(node, (key,), of_key=True), (*path, key), "E1132")
    secret = _secret(key, keys.proxy_password_file, node, path, base, findings)
    return Proxy(*found, secret) if found else None


def _tls(keys: TlsKeys, node: Map, path: Place, base: Path, findings: Findings) -> Tls:
    files: dict[str, Path | None] = {}
    for key in ("ca_file", "cert_file", "key_file"):
        name = getattr(keys, key)
        find = secret_file if key == "key_file" else readable
        if name:
            findings.files[secret(name, base) if key == "key_file" else absolute(name, base)] = None
        try:
            files[key] = find(name, base) if name else None
        except Refused as refused:
            files[key] = None
            findings.wrong(place(node, ("tls", key)), (*path, "tls", key), refused.code, **refused.facts)
    if (keys.cert_file is None) != (keys.key_file is None):
        given, lacking = ("cert_file", "key_file") if keys.cert_file else ("key_file", "cert_file")
        findings.wrong(place(node, ("tls", given)), (*path, "tls", lacking), "E1082", given=given, lacking=lacking)
    return Tls(files["ca_file"], files["cert_file"], files["key_file"])
