"""Renders what Kustomize makes of the manifests, for the tests to read where there is no kubectl: `make manifests`.

The rendering is checked in, with the digest of what it was made from: a test fails where one of them changed alone.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from os.path import relpath
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "kubernetes"
RENDERED = FOLDER / "rendered"
DIGEST = RENDERED / "digest"
COMPONENTS = sorted(path.name for path in (FOLDER / "components").iterdir())
OVERLAYS = sorted(path.name for path in (FOLDER / "overlays").iterdir())
# What only promtool reads.
ASIDE = {"alerts-test.yaml"}

Object = Mapping[str, Any]


def digest() -> str:
    """Of every source, and of every rendering of them."""
    sources = sorted(path for path in FOLDER.rglob("*") if path.is_file() and path != DIGEST and path.name not in ASIDE)
    hashed = hashlib.sha256()
    for path in sources:
        hashed.update(f"{path.relative_to(FOLDER)}\0".encode() + path.read_bytes() + b"\0")
    return hashed.hexdigest() + "\n"


@cache
def rendered(name: str) -> Sequence[Object]:
    """Every object of the base, of an overlay, or that a component adds to the base or changes in it."""
    return [json.loads(line) for line in (RENDERED / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def _kustomize(folder: Path) -> Sequence[Object]:
    done = subprocess.run(["kubectl", "kustomize", str(folder)], capture_output=True, text=True, check=True, timeout=60)
    return list(yaml.safe_load_all(done.stdout))


def _with_component(name: str) -> Sequence[Object]:
    """What a component adds to the base or changes in it, when it is the only one."""
    with tempfile.TemporaryDirectory() as folder:
        kustomization = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "namespace": "capital",
            "resources": [relpath(FOLDER / "base", Path(folder).resolve())],
            "components": [relpath(FOLDER / "components" / name, Path(folder).resolve())],
        }
        Path(folder, "kustomization.yaml").write_text(yaml.safe_dump(kustomization), encoding="utf-8")
        base = _kustomize(FOLDER / "base")
        return [one for one in _kustomize(Path(folder)) if one not in base]


def _write(name: str, objects: Sequence[Object]) -> None:
    lines = [json.dumps(one, sort_keys=True, ensure_ascii=False) + "\n" for one in objects]
    (RENDERED / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")


def main() -> int:
    """Render everything anew. What kubectl refuses ends this with its words."""
    RENDERED.mkdir(exist_ok=True)
    try:
        _write("base", _kustomize(FOLDER / "base"))
        for name in OVERLAYS:
            _write(name, _kustomize(FOLDER / "overlays" / name))
        for name in COMPONENTS:
            _write(name, _with_component(name))
    except subprocess.CalledProcessError as refused:
        sys.stderr.write(refused.stderr)
        return 1
    DIGEST.write_text(digest(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
