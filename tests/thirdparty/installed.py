"""Installing the example without a network: what a wheel would put into site-packages, in a folder of its own."""

import shutil
import tomllib
from pathlib import Path

HERE = Path(__file__).parent


def install(target: Path) -> Path:
    """Copy the package, and write the metadata that its pyproject.toml declares; the folder for sys.path."""
    project = tomllib.loads((HERE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    name = project["name"].replace("-", "_")
    info = target / f"{name}-{project['version']}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.3\nName: {project['name']}\nVersion: {project['version']}\n")
    lines = [line for group, points in project["entry-points"].items() for line in (f"[{group}]", *_pairs(points))]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    shutil.copytree(HERE / "lineside_gauge", target / "lineside_gauge", ignore=shutil.ignore_patterns("__pycache__"))
    return target


def _pairs(points: dict[str, str]) -> list[str]:
    return [f"{name} = {value}" for name, value in points.items()]
