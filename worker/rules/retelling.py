"""Retelling: an account decided anew from nothing, joined to what downstream was told of it by rules that were wrong.

What was told stays told: numbers go on, revisions go on, and nothing is told under an identity that was used before.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from worker.rules.decide import Decision
from worker.rules.evolve import evolve
from worker.rules.facts import Summary
from worker.rules.identities import identity_of
from worker.rules.milestones import Milestone, is_late
from worker.rules.releases import (
    DiscountSettled,
    MilestoneReleased,
    RefillLinked,
    Release,
    SummaryChanged,
    WithholdingChanged,
)
from worker.rules.state import AccountState, Link, Withholding


@dataclass(frozen=True, slots=True)
class Told:
    """What downstream was told of an account: how much in all, and the last of everything that may be revised.

    `links` are by refill, each with its revision. `foretold` are identities of what has not come to pass.
    """

    sequence: int
    links: Mapping[str, tuple[Link | None, int]]
    withholding: Withholding | None
    withholding_revision: int
    summary: Summary | None
    summary_revision: int
    foretold: frozenset[str] = frozenset()


def told_once(released: Mapping[str, Release]) -> Mapping[str, Release]:
    """Of everything released by identity, what is told once and never revised."""
    return {
        identity: release
        for identity, release in released.items()
        if not isinstance(release, RefillLinked | WithholdingChanged | SummaryChanged)
    }


def revisions(released: Mapping[str, Release], told: Told) -> Sequence[Release]:
    """What would correct downstream's last word on everything that may be revised, each under its next revision.

    The right word is the last one `released`, in its order: what was meant to be silent stays so. A summary that should
    never have been told cannot be taken back: there is no word for it.
    """
    found: list[Release] = list(_links(released, told))
    withholding, summary = None, None
    for release in released.values():
        if isinstance(release, WithholdingChanged):
            withholding = release.withholding
        elif isinstance(release, SummaryChanged):
            summary = release.summary
    if withholding != told.withholding:
        found.append(WithholdingChanged(withholding, told.withholding, told.withholding_revision + 1))
    if summary is not None and summary != told.summary:
        found.append(SummaryChanged(summary, told.summary_revision + 1))
    return found


def _links(released: Mapping[str, Release], told: Told) -> Iterator[RefillLinked]:
    right = {release.refill: release.link for release in released.values() if isinstance(release, RefillLinked)}
    for refill in sorted(right.keys() | told.links.keys()):
        last, revision = told.links.get(refill, (None, 0))
        if right.get(refill) != last:
            yield RefillLinked(refill, right.get(refill), revision + 1)


def retell(state: AccountState, released: Mapping[str, Release], told: Told, owed: Sequence[str]) -> Decision:
    """The account as `state`, with everything ever `released` of it by identity, has it; what is owed is told now.

    What is owed and neither was released nor would correct anything is left out.
    """
    corrections = {identity_of(state.account, release): release for release in revisions(released, told)}
    known = {**told_once(released), **corrections}
    telling = {identity: known[identity] for identity in owed if identity in known}
    releases = tuple(_as_it_is_now(state, telling))
    return Decision(_after(state, told, frozenset(telling), len(releases)), releases)


def _after(state: AccountState, told: Told, telling: Collection[str], count: int) -> AccountState:
    """The state with no revision that downstream has seen; what is not told now counts as known to it all the same."""

    def reached(name: str, last: int, own: int) -> int:
        return max(last + (f"{name}:{last + 1}" in telling), own)

    account = state.account
    offers = {
        offer.id: evolve(
            offer,
            link_revision=reached(f"{offer.id}:linked", told.links.get(offer.id, (None, 0))[1], offer.link_revision),
        )
        for offer in state.offers.values()
    }
    withholding = reached(f"{account}:withholding", told.withholding_revision, state.withholding_revision)
    summary = reached(f"{account}:summary", told.summary_revision, state.summary_revision)
    return evolve(
        state,
        offers=offers,
        sequence=told.sequence + count,
        withholding_revision=withholding,
        summary_revision=summary,
        foretold=told.foretold,
    )


def _as_it_is_now(state: AccountState, telling: Mapping[str, Release]) -> Iterator[Release]:
    """A milestone comes late where a stronger one was told before, and every offer is shown as it is now."""
    untold: dict[str, set[Milestone]] = {}
    for release in telling.values():
        if isinstance(release, MilestoneReleased):
            untold.setdefault(release.offer.id, set()).add(release.milestone)
    for release in telling.values():
        match release:
            case MilestoneReleased(offer=offer, milestone=milestone):
                untold[offer.id].remove(milestone)
                yield _milestone(state, release, frozenset(untold[offer.id]))
            case DiscountSettled(refill):
                yield DiscountSettled(state.offers[refill.id])
            case _:
                yield release


def _milestone(state: AccountState, release: MilestoneReleased, untold: frozenset[Milestone]) -> MilestoneReleased:
    offer, milestone = state.offers[release.offer.id], release.milestone
    told = offer.released - untold
    basis = offer.known[milestone].basis
    return evolve(
        release,
        offer=evolve(offer, released=told),
        basis=basis,
        late=is_late(milestone, told - {milestone}),
        gap=tuple(name for name in release.gap if not _is_released(state, name)),
        occurred_at=None if basis == "implied" else offer.effective(milestone),
        policy=state.policy,
        active=state.active,
        withholding=state.withholding,
    )


def _is_released(state: AccountState, name: str) -> bool:
    offer, _, milestone = name.rpartition(":")
    return offer in state.offers and milestone in state.offers[offer].released
