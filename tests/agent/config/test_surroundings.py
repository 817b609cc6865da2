"""What a driver's models are told: where the configuration is, and a folder of the driver's own."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import pytest
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationInfo, model_validator

from agent.config import load
from drivers import registry
from tests.agent.config.site import GOOD, right


class Told(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    _said: Any = PrivateAttr(None)

    @model_validator(mode="after")
    def _keep(self, info: ValidationInfo) -> Self:
        self._said = info.context
        return self


class Address(Told):
    address: str = Field("", description="Where it is")


class OnlyFolder(BaseModel):
    """Of a third party, written before there was anything but the folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    _folder: Path = PrivateAttr(Path())

    @model_validator(mode="after")
    def _keep(self, info: ValidationInfo) -> Self:
        self._folder = info.context["folder"] if info.context else Path()
        return self


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> None:
    found = registry.plugin
    simulated = found("simulated")
    fakes = {
        "told": replace(simulated, connection=Told, device=Told, address=Address, open=lambda *_: None, describe=None),
        "older": replace(simulated, connection=OnlyFolder, open=lambda *_: None, describe=None),
    }
    monkeypatch.setattr(registry, "plugin", lambda name: fakes.get(name) or found(name))


def write(folder: Path, driver: str = "told", more: str = "") -> Path:
    file = folder / "line2.yaml"
    file.write_text(GOOD.replace("driver: simulated", f"driver: {driver}") + more, encoding="utf-8")
    return file


@pytest.mark.usefixtures("told")
def test_every_model_of_a_driver_is_told_the_same(tmp_path: Path) -> None:
    site = right(load(write(tmp_path, more="state_dir: kept\n")))
    told = {"folder": tmp_path, "file": tmp_path / "line2.yaml", "state": tmp_path / "kept" / "drivers" / "told"}
    (connection,), (device,) = site.connections, site.devices
    assert [each._said for each in (connection.settings, device.settings, device.tags[0].address)] == [told] * 3
    assert not (tmp_path / "kept").exists(), "nothing is made before it is needed"


@pytest.mark.usefixtures("told")
def test_the_state_directory_is_that_of_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def state(**asked: Any) -> tuple[Path, Path]:
        site = right(load(file, **asked))
        return site.state_dir, site.connections[0].settings._said["state"]

    file = write(tmp_path)
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "systemd"))
    assert state() == (tmp_path / "systemd", tmp_path / "systemd" / "drivers" / "told")
    monkeypatch.chdir(tmp_path)
    assert state(state_dir=Path("by-hand")) == (tmp_path / "by-hand", tmp_path / "by-hand" / "drivers" / "told")


@pytest.mark.usefixtures("told")
def test_a_model_that_asks_for_the_folder_only_goes_on(tmp_path: Path) -> None:
    assert right(load(write(tmp_path, "older"))).connections[0].settings._folder == tmp_path


@pytest.mark.usefixtures("told")
def test_a_wrong_state_dir_is_a_problem_and_no_crash(tmp_path: Path) -> None:
    loaded = load(write(tmp_path, more="state_dir: [1]\n"))
    assert [problem.path for problem in loaded.problems] == ["state_dir"]
