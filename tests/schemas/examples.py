"""Examples for the contract, told by the rules themselves: one notification and one record of each type.

`python -m tests.schemas.examples` writes them to schemas/examples (as does `make schemas`); a test compares.
"""

import json
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any, Final

from schemas.__main__ import EXAMPLES
from tests.rules.lives import Life, discounted, transaction, with_fields
from tests.rules.orders import EMPTY
from tests.schemas.records import RECORDED
from worker.consumer.notifications import Place, notify
from worker.rules.decide import decide
from worker.rules.facts import (
    Cause,
    Fact,
    LineOfCreditEvent,
    LookupFailed,
    OfferAnswered,
    RepaymentInterval,
    Summary,
    SummaryAnswered,
    SurveyAnswered,
)
from worker.rules.lookups import Lookup, lookups
from worker.rules.milestones import Milestone
from worker.topic.cloud_events import headers_of

Example = Mapping[str, Any]

M = Milestone
START: Final = 1_767_225_600
TERMS: Final = {"accepted_terms.advance_amount": 100_000, "accepted_terms.fee_amount": 12_000}
ORIGINAL = Life("financingoffer_1", created=START, currency="gbp", rate="0.12")
REFILL = Life("financingoffer_2", "refill", START + 9_000, "gbp", rate="0.18", discount_rate="0.4")
OTHER = Life("financingoffer_3", created=START + 20_000, currency="gbp")
SUMMARY = Summary(
    "accepted", ORIGINAL.id, 100_000, 12_000, 22_000, 90_000, "gbp", "0.18",
    RepaymentInterval(START + 5_184_000, 0, 9_000),
)  # fmt: skip


def story() -> Iterator[Fact]:
    """A stacked refill from the first offer to the end of its original, and the ends that other offers come to."""
    yield ORIGINAL.event(M.CREATED, START, offered_terms__campaign_type="newly_eligible_user")
    yield with_fields(ORIGINAL.event(M.ACCEPTED, START + 3_600), TERMS)
    yield with_fields(ORIGINAL.event(M.PAID_OUT, START + 7_200), TERMS)
    yield transaction("cptxn_1", offer=ORIGINAL.id, currency="gbp", created_at=START + 8_000)
    yield REFILL.event(M.CREATED, START + 9_000, offered_terms__campaign_type="repeat_user")
    yield with_fields(REFILL.event(M.ACCEPTED, START + 9_100), TERMS)
    yield with_fields(REFILL.event(M.PAID_OUT, START + 9_200), TERMS)
    yield ORIGINAL.event(M.FULLY_REPAID, START + 15_000)
    yield from OTHER.events(M.CREATED, M.ACCEPTED, M.CANCELED)
    for number, milestone in enumerate((M.REJECTED, M.EXPIRED, M.ACCEPTED_OTHER_OFFER), 4):
        life = Life(f"financingoffer_{number}", created=START + 20_000, currency="gbp")
        accepted = [life.event(M.ACCEPTED, START + 20_050)] if milestone is M.REJECTED else []
        yield from (life.event(M.CREATED, START + 20_000), *accepted, life.event(milestone, START + 20_100))
    yield Life("financingoffer_7", created=START + 20_000, currency="gbp").event(M.CREATED, START + 20_000)
    counter = Life("financingoffer_8", created=START + 20_200, currency="gbp", replacement_for="financingoffer_7")
    yield counter.event(M.CREATED, START + 20_200, replaces=True)
    yield transaction("cptxn_1", offer=ORIGINAL.id, currency="gbp", created_at=START + 8_000, total_amount=111)
    yield LineOfCreditEvent(SUMMARY, "evt_line_of_credit")


def answer(lookup: Lookup, due: int) -> Fact:
    """What Stripe says when it is asked."""
    match lookup:
        case ("survey", _):
            shown = (ORIGINAL.observed("paid_out", at=START + 9_050), REFILL.observed("paid_out", at=START + 9_050))
            return SurveyAnswered("survey", due, 1, 1, "GB", shown)
        case ("summary", _):
            return SummaryAnswered(due, SUMMARY)
        case ("offer", REFILL.id):
            return OfferAnswered(REFILL.id, due, discounted(REFILL.observed("paid_out", at=START + 16_000), 9_000))
        case (kind, subject):
            return LookupFailed(kind, subject, due)


def told() -> Mapping[str, Example]:
    """The first notification of each type that the story brings about."""
    state, found = EMPTY, dict[str, Example]()
    waiting = list(story())
    for number in count(1):
        if not waiting:
            break
        fact = waiting.pop(0)
        # Long after all of it happened: when it is told says when it was heard of.
        cause = Cause(f"evt_{number}", (START + 100_000 + number) * 1000)
        decision = decide(state, fact, cause)
        for sequence, release in enumerate(decision.releases, state.sequence + 1):
            entry = notify(decision.state, release, cause, Place(1, 1, sequence))
            headers = {name: value.decode() for name, value in headers_of(entry)}
            found.setdefault(entry.type, {"headers": headers, "payload": json.loads(entry.value)})
        state = decision.state
        if not isinstance(fact, SurveyAnswered | SummaryAnswered | OfferAnswered | LookupFailed):
            waiting[:0] = [answer(*asked) for asked in lookups(state).items()]
    return found


def examples() -> Mapping[str, Example]:
    """All of them, by type."""
    return {**told(), **RECORDED}


def main() -> None:
    """Write them, and remove what is no longer."""
    EXAMPLES.mkdir(exist_ok=True)
    files = {EXAMPLES / f"{name}.json": example for name, example in examples().items()}
    for stale in set(EXAMPLES.glob("*.json")) - files.keys():
        stale.unlink()
    for path, example in files.items():
        path.write_text(json.dumps(example, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
