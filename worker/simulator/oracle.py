"""The oracle: what must be told downstream, and the verdict on what was; it never asks the worker's rules."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations, pairwise

# (`ce_id`, account, `ce_sequence`), in the order read from the topic.
Notification = tuple[str, str, int]

_MILESTONES = frozenset(
    {
        "created",
        "accepted",
        "paid_out",
        "fully_repaid",
        "canceled",
        "rejected",
        "expired",
        "replaced",
        "accepted_other_offer",
    }
)
_FORESEEN = _MILESTONES | {"recorded", "line_of_credit", "discount_settled"}


@dataclass(frozen=True, slots=True)
class Expected:
    """Notification ids that must each be published exactly once, and pairs of which the first must come first."""

    ids: frozenset[str] = frozenset()
    order: frozenset[tuple[str, str]] = frozenset()

    def __or__(self, other: "Expected") -> "Expected":
        return Expected(self.ids | other.ids, self.order | other.order)

    def within_subjects(self) -> "Expected":
        """The same ids, with only the order that holds within an offer.

        For a system without an answer from Stripe: what it cannot link it cannot make wait for each other.
        """
        return Expected(self.ids, frozenset(pair for pair in self.order if _subject(pair[0]) == _subject(pair[1])))


def in_order(*ids: str) -> Expected:
    """Each id once, in this order; every pair is named, so the order of two still counts when one between is lost."""
    return Expected(frozenset(ids), frozenset(combinations(ids, 2)))


def in_any_order(*ids: str) -> Expected:
    """Each id once, wherever it comes."""
    return Expected(frozenset(ids))


def together(expectations: Iterable[Expected]) -> Expected:
    """The union of many expectations, made in one pass."""
    kept = tuple(expectations)
    return Expected(
        frozenset().union(*(expected.ids for expected in kept)),
        frozenset().union(*(expected.order for expected in kept)),
    )


class Fault(StrEnum):
    """What can be wrong with a stream of notifications."""

    LOST = "lost"
    DOUBLED = "doubled"
    UNEXPECTED = "unexpected"
    OUT_OF_ORDER = "out_of_order"
    GAP = "gap"
    RENUMBERED = "renumbered"


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault found: the notification id (or `MODE:ACCOUNT`, for the numbering) and what was seen."""

    fault: Fault
    subject: str
    detail: str


def _anything(_ce_id: str) -> bool:
    return True


def judge(
    notifications: Iterable[Notification], expected: Expected, *, allowed: Callable[[str], bool] = _anything
) -> list[Problem]:
    """Every problem of the notifications read, in a stable order; an empty list is a pass.

    An id of an offer, a discount, a transaction or a line of credit that is not expected is a problem; whether another
    kind of id (linked, withholding, attention, summary) may stand is what `allowed` answers.
    """
    read = tuple(notifications)
    counts = Counter(ce_id for ce_id, _, _ in read)
    return [
        *(Problem(Fault.LOST, ce_id, "never read") for ce_id in sorted(expected.ids - counts.keys())),
        *(Problem(Fault.DOUBLED, ce_id, f"read {count} times") for ce_id, count in counts.items() if count > 1),
        *(
            Problem(Fault.UNEXPECTED, ce_id, "nothing in the histories causes it")
            for ce_id in sorted(counts.keys() - expected.ids)
            if _foreseen(ce_id) or not allowed(ce_id)
        ),
        *_out_of_order(read, expected),
        *_misnumbered(read),
    ]


def _foreseen(ce_id: str) -> bool:
    """Whether the histories state all ids of this kind: `MODE:SUBJECT:KIND`, of a closed list of kinds."""
    _mode, _, rest = ce_id.partition(":")
    _subject, _, kind = rest.partition(":")
    return kind in _FORESEEN


def _subject(ce_id: str) -> str:
    return ce_id.split(":")[1]


def _out_of_order(read: tuple[Notification, ...], expected: Expected) -> Iterator[Problem]:
    """Pairs told the wrong way round, judged by where each id was first read."""
    first: dict[str, int] = {}
    for position, (ce_id, _, _) in enumerate(read):
        first.setdefault(ce_id, position)
    for before, after in sorted(expected.order):
        if before in first and after in first and first[after] < first[before]:
            yield Problem(Fault.OUT_OF_ORDER, after, f"read before {before}")


def _misnumbered(read: tuple[Notification, ...]) -> Iterator[Problem]:
    """Accounts whose sequence in a mode is not 1, 2, 3 … in the order read."""
    sequences: defaultdict[str, list[int]] = defaultdict(list)
    for ce_id, account, sequence in read:
        sequences[f"{ce_id.partition(':')[0]}:{account}"].append(sequence)
    for numbering, numbers in sequences.items():
        missing = sorted(set(range(1, max(numbers) + 1)) - set(numbers))
        if missing:
            yield Problem(Fault.GAP, numbering, f"sequence lacks {missing[:10]}, {len(missing)} in all")
        for earlier, later in pairwise(numbers):
            if later <= earlier:
                yield Problem(Fault.RENUMBERED, numbering, f"sequence {later} read after {earlier}")
