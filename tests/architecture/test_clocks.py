"""A clock that is set, or jumps, must change nothing but what is written down as a time."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "worker"
WALL_CLOCK = re.compile(r"\btime\.time(_ns)?\(|\.(now|utcnow|today)\(|\b(gm|local)time\(\)")
DECIDING = ("rules", "ingress", "http", "topic", "consumer", "store", "outbox", "relay", "lookup")
# Nothing is decided by what these read.
READERS = {
    "consumer/lane.py": "a metric",
    "relay/relay.py": "a metric",
    "store/census.py": "a metric",
    "lookup/resolver.py": "dates what Stripe answered",
    "catching_up.py": "dates what Stripe answered",
    "backfilling.py": "ends what is listed where it began",
    "reconciling.py": "leaves alone what may be on its way; a person runs it again",
}
MODULES = sorted(path for package in DECIDING for path in (ROOT / package).rglob("*.py")) + sorted(
    path for path in ROOT.glob("*.py") if path.name not in {"clock.py", "operating.py"}
)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_decided_by_the_wall_clock(module: Path) -> None:
    if str(module.relative_to(ROOT)) not in READERS:
        assert WALL_CLOCK.findall(module.read_text(encoding="utf-8")) == []
