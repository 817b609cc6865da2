"""pydantic's errors -> messages of ours, at their places in the document."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from agent.config.located import Findings, Path, listed, nearest, shorten
from agent.config.tree import List, Map, Node, place, within
from drivers.contract import Surroundings

M = TypeVar("M", bound=BaseModel)

SECRETS = frozenset(("password", "passwd", "pwd", "pass", "secret"))
"""Keys whose value is never shown."""


def validated(
    model: type[M],
    keys: Mapping[Any, Any],
    node: Map,
    path: Path,
    findings: Findings,
    around: Surroundings | None = None,
) -> M | None:
    """The model of these keys of a mapping, or None with every error in `findings`; `around` for a driver's model."""
    try:
        return model.model_validate(dict(keys), context=around)
    except ValidationError as error:
        report(error, model, node, path, findings)
        return None


def report(error: ValidationError, model: type[BaseModel], node: Map, path: Path, findings: Findings) -> None:
    """Every error at its place; of several errors about one value the first."""
    seen: set[Path] = set()
    for details in error.errors(include_url=False):
        loc = tuple(step for step in details["loc"] if isinstance(step, str | int))
        where = within(node, loc)
        if details["type"] == "missing":
            where = (*where, loc[-1])
        if where not in seen:
            seen.add(where)
            _report_one(details, where, model, node, path, findings)


def _report_one(
    details: ErrorDetails, where: Path, model: type[BaseModel], node: Map, path: Path, findings: Findings
) -> None:
    kind, whole = details["type"], (*path, *where)
    if kind == "extra_forbidden":
        unknown_key(node, where, known_keys(model, where[:-1]), path, findings)
        return
    at = place(node, where, of_key="[key]" in details["loc"])
    if kind == "missing":
        if whole in findings.meant:
            return
        findings.wrong(at, whole, "E1020", key=where[-1])
    elif details["input"] is None:
        findings.wrong(at, whole, "E1049")
    else:
        code, facts = _message(details)
        findings.wrong(at, whole, code, **facts)


def unknown_key(node: Map, where: Path, known: Collection[str], path: Path, findings: Findings) -> None:
    """An unknown key, with the key that was probably meant, or all that there are."""
    key, at, whole = str(where[-1]), place(node, where, of_key=True), (*path, *where)
    meant = nearest(key, list(known))
    if key.lower() in SECRETS and "password_file" in known:
        findings.wrong(at, whole, "E1066", key=key, meant="password_file")
    elif meant:
        findings.meant.add((*whole[:-1], meant))
        findings.wrong(at, whole, "E1022", key=shorten(key), meant=meant)
    else:
        findings.wrong(at, whole, "E1021", key=shorten(key), known=listed(sorted(known)))


def keys_of(model: type[BaseModel]) -> list[str]:
    """The keys of a model as they are written."""
    return [field.alias or name for name, field in model.model_fields.items()]


def known_keys(model: type[BaseModel], where: Path) -> list[str]:
    """The keys of the model that stands at that place inside another."""
    models: Sequence[type[BaseModel]] = [model]
    for step in where:
        fields = [field for m in models for name, field in m.model_fields.items() if (field.alias or name) == step]
        inner = [m for field in fields for m in _models_in(field.annotation)]
        models = inner or models
    return [key for m in models for key in keys_of(m)]


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (Union, UnionType, Annotated, list, tuple, dict, Mapping, Sequence):
        return [model for part in get_args(annotation) for model in _models_in(part)]
    return []


_PLAIN: Mapping[str, str] = {
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), "E1023"),
    **dict.fromkeys(("float_type", "float_parsing", "decimal_type", "decimal_parsing"), "E1024"),
    "finite_number": "E1032",
    "string_type": "E1025",
    "string_unicode": "E1025",
    **dict.fromkeys(("bool_type", "bool_parsing"), "E1026"),
    **dict.fromkeys(("list_type", "tuple_type", "set_type", "frozen_set_type"), "E1028"),
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type", "mapping_type"), "E1029"),
}
_BOUNDS: Mapping[str, tuple[str, str, str]] = {
    "greater_than": ("E1030", ">", "gt"),
    "greater_than_equal": ("E1030", ">=", "ge"),
    "less_than": ("E1030", "<", "lt"),
    "less_than_equal": ("E1030", "<=", "le"),
    "too_short": ("E1031", ">=", "min_length"),
    "too_long": ("E1031", "<=", "max_length"),
    "string_too_short": ("E1031", ">=", "min_length"),
    "string_too_long": ("E1031", "<=", "max_length"),
}


def _message(details: ErrorDetails) -> tuple[str, dict[str, Any]]:
    kind, context, value = details["type"], details.get("ctx", {}), shorten(details["input"])
    if kind in _PLAIN:
        return _PLAIN[kind], {"value": value}
    if kind in _BOUNDS:
        code, sign, bound = _BOUNDS[kind]
        return code, {"value": value, "sign": sign, "bound": context.get(bound, "?")}
    if kind in ("literal_error", "enum"):
        return "E1027", {"value": value, "expected": str(context.get("expected", "?")).replace("'", "")}
    if kind == "string_pattern_mismatch":
        return "E1074", {"value": value, "pattern": context.get("pattern", "?")}
    if kind[:1].isupper():
        return kind, {"value": value, **context}
    return "E1099", {"value": value, "said": details["msg"]}


def split(
    node: Map, mine: type[BaseModel], theirs: type[BaseModel] | None, path: Path, findings: Findings
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A mapping's keys: the agent's and the driver's. What is neither's is reported; without a driver nobody knows."""
    own = set(keys_of(mine))
    ours = {key: value for key, value in node.items() if key in own}
    rest = {key: value for key, value in node.items() if key not in own}
    if theirs is None:
        return ours, {}
    other = _texts(theirs)
    for key in rest:
        if key not in other:
            unknown_key(node, (key,), [*own, *keys_of(theirs)], path, findings)
    return ours, {str(key): other[key](value) for key, value in rest.items() if key in other}


@cache
def _texts(model: type[BaseModel]) -> dict[str | int, Callable[[Any], Any]]:
    """Key -> what is done with its value: `address: 40101` is a number in YAML and a text to whoever asked for one."""
    return {
        field.alias or name: _as_text if field.annotation in (str, str | None) else _as_is
        for name, field in model.model_fields.items()
    }


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _as_is(value: Any) -> Any:
    return value


def mappings(node: Node, path: Path, findings: Findings) -> list[tuple[Path, Map]]:
    """The mappings in a list, each with its path; what is no list or no mapping is reported."""
    if node is None:
        return []
    if not isinstance(node, List):
        return []
    for position, item in enumerate(node):
        if not isinstance(item, Map):
            findings.wrong(node.marks[position], (*path, position), "E1029", value=shorten(item))
    return [((*path, position), item) for position, item in enumerate(node) if isinstance(item, Map)]
