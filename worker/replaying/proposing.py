"""Proposing: what promoting one account would plant and tell, by the code and the settings that the lanes have too."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from schemas.records import RebuildObject
from worker.consumer.commands import Rebuild, told_of
from worker.consumer.deliberation import Circumstances
from worker.consumer.digest import digest_of
from worker.consumer.history import History
from worker.consumer.rebuilding import Past, refusal
from worker.ports import AccountKey, Wanted
from worker.replay.plan import Refused
from worker.replay.told import LastWords
from worker.replaying.opening import Replay
from worker.rules.identities import identity_of
from worker.rules.retelling import revisions, told_once
from worker.rules.state import AccountState
from worker.store import tellings
from worker.store.ledger import Ledger

EVERYTHING = 2**62


@dataclass(frozen=True, slots=True)
class Proposal:
    """What promoting an account asks of its lane (`command`), and what downstream is owed of it, by identity.

    `foretold` was told, and today's rules do not tell it: it cannot be taken back.
    """

    key: AccountKey
    command: Mapping[str, object]
    owed: Sequence[str]
    foretold: Sequence[str]
    records: int
    sequence: int

    def went_on_since(self, former: "Proposal") -> bool:
        """Whether anything came or was told since another proposal but the command that it made."""
        return self.records > former.records + 1 or self.sequence != former.sequence


async def propose(replay: Replay, key: AccountKey, circumstances: Circumstances, *, emit: bool) -> Proposal:
    """What promoting an account would do now; with `emit`, what downstream is owed is told.

    Raises Refused where its records do not make here what the shadow shows, or where no lane would do it.
    """
    words, digest = await _told(replay, key)
    history = await _history(replay, key, circumstances)
    proposal = proposed(history, words, digest, emit=emit)
    await _check(replay, key, history.past(), proposal)
    return proposal


def proposed(history: History, words: LastWords, digest: str, *, emit: bool) -> Proposal:
    """What rebuilding an account from its history asks of its lane, after these words with this digest were told."""
    past, once = history.past(), told_once(history.released)
    foretold = sorted({*words.once} - once.keys() - history.foretold)
    promised = words.told(digest, [*foretold, *_orphaned(words, past)])
    owed = [identity for identity in once if identity not in words.once]
    owed += [identity_of(history.key[1], release) for release in revisions(past.released, told_of(promised))]
    command = {
        "digest": digest_of(past.state),
        "told": promised.model_dump(mode="json"),
        "owed": owed if emit else [],
    }
    return Proposal(history.key, command, owed, foretold, history.records, words.sequence)


async def _told(replay: Replay, key: AccountKey) -> tuple[LastWords, str]:
    """What downstream was told of an account by now, and the digest of it."""
    told = await tellings.tellings(replay.live, key)
    words, prefix = LastWords(), f"{'live' if key[0] else 'test'}:"
    for telling in told.all:
        words.hear(telling.sequence, telling.id.removeprefix(prefix), telling.type, telling.value)
    return words, told.digest


async def _history(replay: Replay, key: AccountKey, circumstances: Circumstances) -> History:
    """The account's past by now, after it was seen to be the shadow's at the end of the plan."""
    partition = circumstances.home(key[1])
    end = next((span.end for span in replay.plan.spans if span.partition == partition), 0)
    history = History(key, partition, circumstances)
    seen = False
    async with aclosing(Ledger(replay.live, ()).history([key], partition, EVERYTHING)) as records:
        async for _, record in records:
            if record.offset >= end and not seen:
                await _same_as_the_shadow(replay, history)
                seen = True
            history.take(record)
            if history.too_long:
                return history
    if not seen:
        await _same_as_the_shadow(replay, history)
    return history


async def _same_as_the_shadow(replay: Replay, history: History) -> None:
    shadow = await Ledger(replay.shadow, ()).load(
        Wanted(frozenset({history.key}), frozenset((history.key, name) for name in history.transactions))
    )
    replayed = shadow.accounts.get(history.key)
    if replayed is None:
        raise Refused("the replay did not go through its records: replay them first")
    if (replayed, shadow.transactions.get(history.key, {})) != (history.state, history.transactions):
        raise Refused("the event log gives another state than the replay did: a repeat with another content, perhaps")


def _orphaned(words: LastWords, past: Past) -> Iterator[str]:
    """Links told of refills that never were: should one ever be, its revisions must not begin again."""
    for refill, linked in words.links.items():
        if refill not in past.state.offers:
            yield from (f"{refill}:linked:{revision}" for revision in range(1, linked.revision + 2))


async def _check(replay: Replay, key: AccountKey, past: Past, proposal: Proposal) -> None:
    """Raises Refused where the account's lane would drop the command."""
    loaded = await Ledger(replay.live, ()).load(Wanted(frozenset({key})))
    state = loaded.accounts.get(key) or AccountState(account=key[1], livemode=key[0])
    asked = RebuildObject.model_validate(proposal.command)
    reason = refusal(state, past, Rebuild(asked.digest, told_of(asked.told), (), 0))
    if reason is not None:
        raise Refused(reason)
