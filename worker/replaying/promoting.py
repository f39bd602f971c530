"""Promoting: has the lanes put what a replay found right in the place of what they have, account by account.

A promotion is a command on the events topic. The account's lane decides the account anew from its records, in its own
batch, and only if it comes to what the replay came to; so nothing stops, and nothing that comes meanwhile is missed.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from worker.consumer.commands import REBUILD, command_record
from worker.consumer.deliberation import Circumstances
from worker.ports import AccountKey
from worker.replay.plan import Refused
from worker.replaying.lanes import circumstances
from worker.replaying.opening import Replay
from worker.replaying.proposing import Proposal, propose
from worker.store import tellings
from worker.topic.cluster import Cluster
from worker.topic.handoff import EventsHandoff

APPLY_SECONDS = 30
LOOK_SECONDS = 0.1
# An account that goes on between the proposal and the command is proposed anew, so often at most.
ATTEMPTS = 5
AT_ONCE = 8
# The events topic takes records of 1 MiB, headers included.
LARGEST_COMMAND = 1_000_000


@dataclass(frozen=True, slots=True)
class Wish:
    """What an operator wants besides: that what is owed is told, why, and whether only to say what would happen."""

    emit: bool
    reason: str
    rehearse: bool


@dataclass(frozen=True, slots=True)
class Promoted:
    """What became of one account: its proposal and the command that planted it, or why it was not promoted."""

    key: AccountKey
    proposal: Proposal | None = None
    command: str | None = None
    refused: str | None = None


class Promoter:
    """Promotes accounts, any number at once, by one replay's findings."""

    def __init__(self, replay: Replay, handoff: EventsHandoff, circumstances: Circumstances, wish: Wish) -> None:
        self._replay = replay
        self._handoff = handoff
        self._circumstances = circumstances
        self._wish = wish

    async def promote(self, key: AccountKey) -> Promoted:
        """Promote one account. Raises Unavailable and HandoffFailed."""
        try:
            return await self._attempt(key)
        except Refused as refused:
            return Promoted(key, refused=str(refused))

    async def _attempt(self, key: AccountKey) -> Promoted:
        proposal = await self._propose(key)
        if self._wish.rehearse:
            return Promoted(key, proposal)
        for _ in range(ATTEMPTS):
            command = await self._append(proposal)
            dropped = await self._dropped(key, command)
            if dropped is None:
                return Promoted(key, proposal, command)
            former, proposal = proposal, await self._propose(key)
            if not proposal.went_on_since(former):
                # The lane itself does not come to the same, and will not the next time.
                return Promoted(key, proposal, refused=f"its lane dropped the command: {dropped}")
        return Promoted(key, proposal, refused=f"it went on each of {ATTEMPTS} times")

    async def _propose(self, key: AccountKey) -> Proposal:
        return await propose(self._replay, key, self._circumstances, emit=self._wish.emit)

    async def _append(self, proposal: Proposal) -> str:
        asked = {"reason": self._wish.reason, **proposal.command}
        record = command_record(REBUILD, proposal.key, asked, int(time.time()))
        if len(record.value) > LARGEST_COMMAND:
            raise Refused(f"a command of {len(record.value):,} bytes is more than the events topic takes")
        await self._handoff.append(record.key, record.value, record.headers)
        return record.id

    async def _dropped(self, key: AccountKey, command: str) -> str | None:
        """Why the lane dropped a command, None where it did what was asked."""
        try:
            async with asyncio.timeout(APPLY_SECONDS):
                while (outcome := await tellings.outcome(self._replay.live, key, command)) is None:  # noqa: ASYNC110 - no event to wait for
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            raise Refused(f"the command {command} is on the topic, and no lane took it in {APPLY_SECONDS} s") from None
        return outcome.dropped


@asynccontextmanager
async def promoting(replay: Replay, wish: Wish) -> AsyncIterator[Promoter]:
    """Who promotes by a replay's findings. Raises Unavailable."""
    handoff = EventsHandoff(Cluster.of(replay.settings), replay.settings.events_topic)
    await handoff.open()
    try:
        yield Promoter(replay, handoff, await circumstances(replay.settings), wish)
    finally:
        await handoff.close()


async def promote_all(promoter: Promoter, keys: Iterable[AccountKey], done: Callable[[Promoted], None]) -> None:
    """Promote these accounts; `done` hears what became of each. Raises groups of Unavailable and HandoffFailed."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(key: AccountKey) -> None:
        async with turns:
            done(await promoter.promote(key))

    async def every() -> None:
        async with asyncio.TaskGroup() as tasks:
            for key in keys:
                tasks.create_task(one(key))

    # In a task of its own: a group in which one fails leaves a request to cancel on the task that waits for it.
    await asyncio.create_task(every())
