from pathlib import Path

from agent.config import reference
from agent.config.models import TagKeys
from agent.config.topics import DEFAULTS
from agent.machine.metrics import MACHINE_TYPES, METRICS
from drivers import registry

PAGE = (Path(__file__).parents[3] / "docs" / "configuration.md").read_text(encoding="utf-8")


def test_the_tables_are_those_of_the_models() -> None:
    models = reference.models({"modbus": registry.plugin("modbus")})
    assert reference.fill(PAGE, models) == PAGE, "reference.fill() gives the page as it should be"
    assert PAGE.count("<!-- keys: ") == 8


def test_topics_and_metrics_are_complete() -> None:
    assert all(template in PAGE for template in DEFAULTS.values())
    assert all(f"`{name}`" in PAGE for name in METRICS)
    assert all(unit in PAGE for metric in METRICS.values() for unit in metric.units)
    assert all(kind in PAGE for kind in MACHINE_TYPES)


def test_a_key_as_people_see_it() -> None:
    keys = {key.name: key for key in reference.keys(TagKeys)}
    assert keys["name"].default is None
    assert keys["max_interval"].type == "duration"
    assert keys["max_interval"].default == "5m"
    assert keys["bits"].type == "whole number or text"
    assert keys["scale"].default == "1"
    assert keys["metric"].default == ""
