"""What the image is built from is there, locked and listed; building it needs a builder."""

import json
import re
import subprocess
import sys
from pathlib import Path

from tests.deploy.queries import ROOT

DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
IGNORED = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()


def copied() -> set[str]:
    """What the build takes from the tree."""
    lines = re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE)
    return {source for line in lines for source in line.split()[:-1]}


def test_all_that_the_build_copies_is_there_and_let_through() -> None:
    let_through = {line[1:] for line in IGNORED if line.startswith("!")}
    for source in copied():
        assert (ROOT / source).exists(), source
        assert any(Path(source).match(pattern) for pattern in let_through), source
    assert "*" in IGNORED, "all else stays out"


def test_every_install_is_from_a_lock_or_of_this_project_alone() -> None:
    for command in re.findall(r"pip\S*(?: --python \S+)? install .*?(?= && |\n)", DOCKERFILE):
        assert "--require-hashes" in command or "--no-deps --no-index" in command, command


def test_it_runs_as_nobody_in_particular_and_answers_to_a_role() -> None:
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE) == ["65532:65532"]
    assert 'ENTRYPOINT ["capital-worker"]' in DOCKERFILE


def test_the_image_is_of_this_release() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert re.findall(r"^ARG VERSION=(.*)$", DOCKERFILE, re.MULTILINE) == re.findall(
        r'^version = "(.*)"', project, re.MULTILINE
    )


def test_the_bill_of_materials_lists_every_locked_package() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "deploy" / "sbom.py")], capture_output=True, check=True, timeout=60
    )
    document = json.loads(done.stdout)
    listed = {(one["name"], one["version"]) for one in document["components"]}
    lock = (ROOT / "requirements" / "runtime.txt").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([a-z0-9-]+)==([^ ;]+)", lock, re.MULTILINE))
    # What a platform or an older Python needs is locked for all, and installed where it is needed.
    assert {name for name, _ in locked - listed} <= {"async-timeout"}
    assert document["metadata"]["component"]["name"] == "capital-worker"
