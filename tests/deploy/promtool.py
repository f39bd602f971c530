"""Has promtool check the alert rules, and play its series through them: `make alerts-check`."""

import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from tests.deploy.queries import FOLDER


def main() -> int:
    """The status of the first check that fails, else 0."""
    groups = yaml.safe_load((FOLDER / "alerts.yaml").read_text(encoding="utf-8"))["spec"]
    with tempfile.TemporaryDirectory() as folder:
        rules = Path(folder, "rules.yaml")
        rules.write_text(yaml.safe_dump(groups), encoding="utf-8")
        checked = subprocess.run(["promtool", "check", "rules", "--lint=all", "--lint-fatal", str(rules)], check=False)
        if checked.returncode:
            return checked.returncode
        # What an alert says is not compared with: only that it fires, and with which labels.
        for group in groups["groups"]:
            for rule in group["rules"]:
                del rule["annotations"]
        rules.write_text(yaml.safe_dump(groups), encoding="utf-8")
        series = Path(folder, "alerts-test.yaml")
        series.write_bytes((FOLDER / "alerts-test.yaml").read_bytes())
        return subprocess.run(["promtool", "test", "rules", str(series)], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
