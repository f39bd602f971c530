"""Merging: how snapshots of one offer become one set of fields, whatever the order they arrive in."""

from collections.abc import Mapping

from worker.rules.facts import WRITE_ONCE, Rank, Snapshot
from worker.rules.milestones import STRENGTH, Milestone
from worker.rules.state import Evidence, Seen, seen_as


def rank_of(snapshot: Snapshot, milestone: Milestone) -> Rank:
    """Where a snapshot stands among all snapshots of its offer; greater wins.

    The milestone comes first because `created` has whole seconds and ties are common, and Stripe says not to order
    by it; the event id only settles what is left. Arrival has no part in it.
    """
    return (STRENGTH[milestone], snapshot.created, snapshot.id)


def beats(rank: Rank, value: str | int, seen: Seen) -> bool:
    """The tie rule: the higher rank wins; of one rank (one event id with two contents) the greater text."""
    return rank > seen.rank or (rank == seen.rank and str(value) > str(seen.value))


def merge_fields(
    fields: Mapping[str, Seen], snapshot: Snapshot, rank: Rank
) -> tuple[Mapping[str, Seen], tuple[str, ...]]:
    """The fields after one more snapshot, and the names of write-once fields it contradicts.

    Commutative, associative and idempotent: each field keeps the value of the highest snapshot that knows it.
    """
    merged: dict[str, Seen] | None = None
    conflicts: tuple[str, ...] = ()
    for name, value in snapshot.fields.items():
        seen = fields.get(name)
        if seen is not None:
            if value != seen.value and name in WRITE_ONCE:
                conflicts += (name,)
            # As `beats`; most snapshots are of a higher rank, and a call for each of their fields is not cheap.
            if rank <= seen.rank and not beats(rank, value, seen):
                continue
        if merged is None:
            merged = dict(fields)
        merged[name] = seen_as((value, rank))
    return (fields if merged is None else merged), conflicts


def merge_evidence(known: Evidence | None, new: Evidence) -> Evidence:
    """The evidence of a milestone after one more: events before answers, then the earliest; proofs add up."""
    if known is None:
        return new
    first, second = sorted((known, new), key=_evidence_rank)
    proves = first.proves | second.proves
    return first if proves == first.proves else Evidence(first.basis, first.created, first.id, proves)


def _evidence_rank(evidence: Evidence) -> tuple[int, int, str]:
    return (
        {"event": 0, "api": 1, "implied": 2}[evidence.basis],
        0 if evidence.created is None else evidence.created,
        evidence.id,
    )
