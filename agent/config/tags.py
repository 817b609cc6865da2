"""Tags: what one key alone does not show to be wrong."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pydantic import BaseModel

from agent.config.configuration import ON_START, Rhythm, TagSettings
from agent.config.located import Findings, Path, listed, nearest, shorten
from agent.config.models import DeviceKeys, TagKeys
from agent.config.problems import split, validated
from agent.config.tree import Map, place
from agent.machine.metrics import METRICS, OWN_PREFIX, meant_unit
from drivers.contract import DriverPlugin, ValueType


class TagDraft(NamedTuple):
    """A tag in the document, as far as it is right; without a driver there is no `address`."""

    path: Path
    node: Map
    name: str
    rhythm: Rhythm
    address: BaseModel | None
    settings: TagSettings | None


class Usual(NamedTuple):
    """What the tags of a device have where they say nothing."""

    every_s: float = 1.0
    sampling_s: float | None = None
    """None where they are polled then."""

    @classmethod
    def of(cls, keys: DeviceKeys, plugin: DriverPlugin | None) -> "Usual":
        if plugin is None or plugin.subscribes is None:
            return cls(keys.every)
        return cls(keys.every, keys.sampling or (None if plugin.subscribes == "if asked" else keys.every))


def read_tag(node: Map, path: Path, plugin: DriverPlugin | None, usual: Usual, findings: Findings) -> TagDraft:
    ours, theirs = split(node, TagKeys, plugin.address if plugin else None, path, findings)
    keys = validated(TagKeys, ours, node, path, findings)
    address = validated(plugin.address, theirs, node, path, findings, findings.around(plugin)) if plugin else None
    if keys is None:
        return TagDraft(path, node, shorten(node.get("name", "?")), Rhythm(usual.every_s), address, None)
    before = len(findings.problems)
    _check_metric(keys, node, path, findings)
    _check_intervals(keys, node, path, findings)
    _check_sampling(keys, node, path, plugin, findings)
    _check_effect(keys, node, path, findings)
    rhythm = _rhythm(keys, plugin, usual)
    right = address is not None and len(findings.problems) == before
    settings = _settings(keys, address, rhythm) if right and address is not None else None
    return TagDraft(path, node, keys.name, rhythm, address, settings)


def _rhythm(keys: TagKeys, plugin: DriverPlugin | None, usual: Usual) -> Rhythm:
    """What follows is read, what has a period of its own is read, and the rest is subscribed where it can be."""
    if keys.read_on is not None:
        return Rhythm(math.inf if keys.read_on == ON_START else keys.max_interval, keys.read_on)
    sampling_s = keys.sampling or usual.sampling_s
    if keys.every is not None or sampling_s is None or plugin is None or plugin.subscribes is None:
        return Rhythm(keys.every or usual.every_s)
    return Rhythm(sampling_s, is_subscribed=True)


def mapped_tags(
    device: Map,
    path: Path,
    plugin: DriverPlugin,
    settings: BaseModel,
    written: Sequence[TagDraft],
    usual: Usual,
    findings: Findings,
) -> list[TagDraft]:
    """Tags that a device has by itself. What a person wrote under one of their names, or with one's meaning, wins."""
    taken = {tag.name for tag in written}
    taken |= {tag.settings.metric for tag in written if tag.settings is not None and not tag.settings.labels}
    drafts: list[TagDraft] = []
    for keys in plugin.tags(settings) if plugin.tags is not None else ():
        node = Map(device.at)  # they stand nowhere in the document, so what is wrong with one is shown at the device
        node.update(keys)
        if keys.get("name") not in taken:
            drafts.append(read_tag(node, path, plugin, usual, findings))
    return drafts


def _settings(keys: TagKeys, address: BaseModel, rhythm: Rhythm) -> TagSettings:
    return TagSettings(
        name=keys.name,
        metric=keys.metric or keys.name,
        labels=keys.labels,
        unit=keys.unit,
        description=keys.description or {},
        address=address,
        every_s=rhythm.every_s,
        scale=keys.scale,
        offset=keys.offset,
        enum=keys.enum,
        bits=keys.bits,
        null_values=keys.null_values,
        range=keys.range,
        deadband=keys.deadband.absolute,
        deadband_percent=keys.deadband.percent,
        min_interval_s=keys.min_interval,
        max_interval_s=keys.max_interval,
        read_on=keys.read_on,
        is_subscribed=rhythm.is_subscribed,
    )


def _check_metric(keys: TagKeys, node: Map, path: Path, findings: Findings) -> None:
    """A word of the dictionary, or x_ and anything; a unit that differs from the metric's is a warning."""
    word, key = (keys.metric, "metric") if keys.metric else (keys.name, "name")
    if word.startswith(OWN_PREFIX):
        return
    metric = METRICS.get(word)
    if metric is None:
        meant = nearest(word, list(METRICS))
        code = ("E1058" if meant else "E1057") if keys.metric else "E1059"
        known = listed(list(METRICS), 60)
        findings.wrong(place(node, (key,)), (*path, key), code, value=word, meant=meant or "temperature", known=known)
    elif keys.unit is not None and metric.units and keys.unit not in metric.units:
        meant = meant_unit(keys.unit, metric.units)
        facts = {"unit": keys.unit, "metric": word, "units": " / ".join(metric.units), "meant": meant}
        cause = "spelling" if meant else ""
        findings.doubtful(place(node, ("unit",)), (*path, "unit"), "W1061", cause=cause, **facts)


def _check_intervals(keys: TagKeys, node: Map, path: Path, findings: Findings) -> None:
    if keys.min_interval > keys.max_interval:
        at = place(node, ("min_interval",))
        findings.wrong(at, (*path, "min_interval"), "E1065", value=node.get("min_interval"))
    if keys.read_on is not None and keys.every is not None:
        findings.wrong(place(node, ("every",), of_key=True), (*path, "every"), "E1093", value=keys.read_on)


def _check_sampling(keys: TagKeys, node: Map, path: Path, plugin: DriverPlugin | None, findings: Findings) -> None:
    """A tag is polled or subscribed, not both; of several reasons the first is told."""
    if keys.sampling is None:
        return
    at, whole = place(node, ("sampling",), of_key=True), (*path, "sampling")
    if plugin is not None and plugin.subscribes is None:
        findings.wrong(at, whole, "E1097")
    elif keys.read_on is not None:
        findings.wrong(at, whole, "E1098", value=keys.read_on)
    elif keys.every is not None:
        findings.wrong(at, whole, "E1096", every=node.get("every"), value=node.get("sampling"))


def _check_effect(keys: TagKeys, node: Map, path: Path, findings: Findings) -> None:
    """Words and single bits are not measured: what is for numbers can do nothing after them."""
    cause = "enum" if keys.enum else "bits" if keys.bits and keys.bits[0] == keys.bits[1] else None
    for key in ("scale", "offset", "range", "deadband") if cause else ():
        if key in node:
            findings.wrong(place(node, (key,), of_key=True), (*path, key), "E1087", key=key, cause=cause)


def check_twins(tags: Sequence[TagDraft], device: str, findings: Findings) -> None:
    """Two tags of one device with one metric and the same labels: nobody could tell their values apart."""
    first: dict[tuple[str, frozenset[tuple[str, str]]], str] = {}
    for tag in tags:
        if tag.settings is None:
            continue
        twin = first.setdefault((tag.settings.metric, frozenset(tag.settings.labels.items())), tag.settings.name)
        if twin != tag.settings.name:
            at = place(tag.node, ("metric" if "metric" in tag.node else "name",))
            facts = {"metric": tag.settings.metric, "first": twin, "device": device}
            findings.wrong(at, tag.path, "E1060", **facts)


def check_triggers(tags: Sequence[TagDraft], device: str, findings: Findings) -> None:
    """What another tag follows is a tag of the same device that is read by itself."""
    known = {tag.name: tag for tag in tags}
    for tag in tags:
        followed = tag.rhythm.read_on
        if followed is None or followed == ON_START:
            continue
        trigger = known.get(followed)
        at, path = place(tag.node, ("read_on",)), (*tag.path, "read_on")
        if trigger is None:
            meant = nearest(followed, [name for name in known if name != tag.name]) or ON_START
            findings.wrong(at, path, "E1094", value=followed, device=device, meant=meant)
        elif trigger.rhythm.read_on is not None:
            findings.wrong(at, path, "E1095", value=followed)


NUMERIC_KEYS = ("scale", "offset", "range", "deadband", "null_values", "enum", "bits")
_FITS: Mapping[ValueType, Sequence[str]] = {
    "int": NUMERIC_KEYS,
    "float": ("scale", "offset", "range", "deadband", "null_values"),
    "bool": ("enum",),
    "str": (),
}


def check_type(tag: TagDraft, type_: ValueType | None, findings: Findings) -> None:
    """Keys that can do nothing with values of this type."""
    if type_ is None or not tag.settings:
        return
    for key in NUMERIC_KEYS:
        if key in tag.node and key not in _FITS[type_]:
            findings.wrong(place(tag.node, (key,), of_key=True), (*tag.path, key), "E1086", key=key, type=type_)
