"""Destinations: where they are, and the files that they need."""

from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from agent.config.configuration import Destination, Tls
from agent.config.host import Refused, absolute, client_id, open_to_others, password, readable, secret
from agent.config.located import Findings, shorten
from agent.config.located import Path as Place
from agent.config.models import DestinationKeys, TlsKeys
from agent.config.topics import DEFAULTS, written
from agent.config.tree import Map, place

_PORTS = {"mqtt": 1883, "mqtts": 8883}


class Endpoint(NamedTuple):
    """What a URL says."""

    host: str
    port: int
    encrypted: bool


def endpoint(url: str) -> Endpoint:
    """`mqtts://broker.example` -> host, port, TLS. Raises `Refused` E1067, E1068 (without showing a password)."""
    try:
        parts = urlsplit(url)
        port = parts.port
        host = parts.hostname
    except ValueError:
        raise Refused("E1067", value=shorten(url.rsplit("@", 1)[-1])) from None
    if parts.username is not None or "@" in url:
        raise Refused("E1068")
    extra = parts.path not in ("", "/") or parts.query or parts.fragment
    if parts.scheme not in _PORTS or not host or extra or port == 0 or any(c.isspace() for c in url):
        raise Refused("E1067", value=shorten(url))
    return Endpoint(host, port or _PORTS[parts.scheme], parts.scheme == "mqtts")


def destination(
    keys: DestinationKeys, node: Map, path: Place, gateway: str, base: Path, findings: Findings
) -> Destination | None:
    """The destination with its secrets read, or None with everything that is wrong with it in `findings`."""
    before = len(findings.problems)
    found = _endpoint(keys, node, path, findings)
    secret = _password(keys, node, path, base, findings)
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
        topics={**DEFAULTS, **written(keys)},
        format=keys.format,
    )


def _endpoint(keys: DestinationKeys, node: Map, path: Place, findings: Findings) -> Endpoint | None:
    try:
        found = endpoint(keys.url)
    except Refused as refused:
        findings.wrong(place(node, ("url",)), (*path, "url"), refused.code, **refused.facts)
        return None
    if keys.tls is not None and not found.encrypted:
        findings.wrong(place(node, ("tls",), of_key=True), (*path, "tls"), "E1069", host=found.host)
    return found


def _password(keys: DestinationKeys, node: Map, path: Place, base: Path, findings: Findings) -> str | None:
    if keys.password_file is None:
        return None
    if keys.username is None:
        findings.wrong(node.at, (*path, "username"), "E1084")
    findings.files[secret(keys.password_file, base)] = None
    try:
        return password(keys.password_file, base)
    except Refused as refused:
        findings.wrong(place(node, ("password_file",)), (*path, "password_file"), refused.code, **refused.facts)
        return None


def _tls(keys: TlsKeys, node: Map, path: Place, base: Path, findings: Findings) -> Tls:
    files: dict[str, Path | None] = {}
    for key in ("ca_file", "cert_file", "key_file"):
        name = getattr(keys, key)
        at, whole = place(node, ("tls", key)), (*path, "tls", key)
        if name:
            findings.files[absolute(name, base)] = None
        try:
            files[key] = found = readable(name, base) if name else None
        except Refused as refused:
            files[key] = None
            findings.wrong(at, whole, refused.code, **refused.facts)
            continue
        mode = open_to_others(found) if found and key == "key_file" else None
        if mode:
            findings.doubtful(at, whole, "W1083", file=str(found), mode=mode)
    if (keys.cert_file is None) != (keys.key_file is None):
        given, lacking = ("cert_file", "key_file") if keys.cert_file else ("key_file", "cert_file")
        findings.wrong(place(node, ("tls", given)), (*path, "tls", lacking), "E1082", given=given, lacking=lacking)
    return Tls(files["ca_file"], files["cert_file"], files["key_file"])
