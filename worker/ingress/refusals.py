"""Logs refused webhooks at a bounded rate, so that a flood of them is no flood of lines; never logs what was sent."""

import structlog

from worker.clock import Clock
from worker.ingress.answers import Outcome

_log = structlog.get_logger()


class Refusals:
    """At most one line for each outcome in `every` seconds; the next one says how many were left out."""

    def __init__(self, clock: Clock, every: float = 10) -> None:
        self._clock = clock
        self._every = every
        self._logged: dict[Outcome, float] = {}
        self._unlogged: dict[Outcome, int] = {}

    def note(self, outcome: Outcome) -> None:
        """Log a refusal, or count it towards the next line of its kind."""
        now = self._clock.monotonic()
        before = self._logged.get(outcome)
        if before is not None and now - before < self._every:
            self._unlogged[outcome] = self._unlogged.get(outcome, 0) + 1
            return
        self._logged[outcome] = now
        _log.warning("webhook.refused", outcome=outcome, unlogged=self._unlogged.pop(outcome, 0))
