import json
from pathlib import Path

import jsonschema
import pytest
from _pytest.capture import CaptureFixture
from ruamel.yaml import YAML

from agent.cli import main

ROOT = Path(__file__).parents[3]
SCHEMA = json.loads((ROOT / "config" / "schema.json").read_text(encoding="utf-8"))
EXAMPLES = sorted((ROOT / "config" / "examples").glob("*.yaml"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_the_schema_in_the_tree_is_that_of_the_models(capsys: CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == SCHEMA, "lineside schema > config/schema.json"


def test_it_is_a_schema_of_draft_2020_12() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_examples_fit(example: Path) -> None:
    VALIDATOR.validate(json.loads(json.dumps(YAML(typ="safe", pure=True).load(example))))


@pytest.mark.parametrize(
    "change",
    [
        {"verson": 1},
        {"gateway": [1]},
        {"health_interval": 5},
        {"destinations": [{"name": "a"}]},
        {"destinations": [{"name": "a", "url": "mqtt://a", "password": "x"}]},
        {"connections": [{"name": "a", "driver": "modbus"}]},
        {"connections": [{"name": "a", "driver": "profinet", "url": "x"}]},
        {"devices": [{"name": "a", "connection": "a", "tags": [{"name": "Bad Name", "address": "D1"}]}]},
        {"devices": [{"name": "a", "connection": "a", "tags": [{"name": "a", "adress": "D1"}]}]},
    ],
)
def test_what_is_wrong_does_not_fit(change: dict[str, object]) -> None:
    good = {
        "version": 1,
        "gateway": "g",
        "destinations": [{"name": "a", "url": "mqtt://a"}],
        "connections": [{"name": "a", "driver": "modbus", "url": "tcp://a"}],
        "devices": [{"name": "a", "connection": "a", "unit": 1, "tags": [{"name": "a", "address": "D1"}]}],
    }
    assert VALIDATOR.is_valid(good)
    assert not VALIDATOR.is_valid(good | change)


def described(schema: dict[str, object], path: str) -> list[str]:
    properties = schema.get("properties", {})
    assert isinstance(properties, dict)
    return [f"{path}.{key}" for key, part in properties.items() if not part.get("description") and "$ref" not in part]


def test_every_key_is_described() -> None:
    lacking = described(SCHEMA, "")
    for name, definition in SCHEMA["$defs"].items():
        lacking += described(definition, name)
    assert lacking == []
