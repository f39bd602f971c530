"""A role of a release with a bug: its rules fail on every payout of one account; for journeys only.

`python -m tests.journeys.flawed ACCOUNT ROLE`.
"""

import sys

from worker.__main__ import main
from worker.consumer import deliberation
from worker.rules.decide import Decision, decide
from worker.rules.draft import Timing
from worker.rules.facts import Cause, Fact, OfferEvent
from worker.rules.milestones import Milestone
from worker.rules.state import AccountState


def fail_on(account: str) -> None:
    """Plant the bug."""

    def flawed(state: AccountState, fact: Fact, cause: Cause, timing: Timing) -> Decision:
        if state.account == account and isinstance(fact, OfferEvent) and fact.milestone is Milestone.PAID_OUT:
            raise ZeroDivisionError("a bug")
        return decide(state, fact, cause, timing)

    deliberation.decide = flawed  # type: ignore[assignment,attr-defined] # the import is altered


if __name__ == "__main__":
    fail_on(sys.argv.pop(1))
    main()
