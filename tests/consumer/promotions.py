"""A live system in memory for promotions: tables that one lane writes to, and what an operator would propose."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.contract.batches import HOME, PARTITION, record
from tests.contract.fakes import Ledger, Tables
from worker.consumer.commands import REBUILD, command_record
from worker.consumer.deliberation import Circumstances, Deliberation, Known
from worker.consumer.history import History, histories_of
from worker.consumer.hot import HotAccounts
from worker.consumer.reading import Reading, Rebuilding, commanded, owner_of, read, wanted
from worker.consumer.rebuilding import Past
from worker.ports import AccountKey, Entry, Record
from worker.replay.told import LastWords
from worker.replaying.proposing import Proposal, proposed

EVERYTHING = 2**40


@dataclass
class Live:
    """Tables that one lane writes to, and all records it took."""

    circumstances: Circumstances = HOME
    tables: Tables = field(default_factory=Tables)
    taken: list[Record] = field(default_factory=list)

    @property
    def entries(self) -> Sequence[Entry]:
        return self.tables.entries[PARTITION]

    def told(self, key: AccountKey) -> Sequence[Entry]:
        """The notifications of an account."""
        entries = [entry for entry in self.entries if (entry.livemode, entry.account) == key]
        return [entry for entry in entries if entry.destination == "notifications"]

    async def take(self, records: Sequence[Record], at_once: int = 50) -> None:
        """Take records as a lane with nothing in memory does."""
        ledger = Ledger(self.tables)
        position = await ledger.claim(PARTITION, "one", 0)
        for first in range(0, len(records), at_once):
            batch = records[first : first + at_once]
            readings = [read(one) for one in batch]
            commands = commanded(readings)
            parked = await ledger.parked(commands) if commands else {}
            wants = wanted(readings)
            states = HotAccounts().with_loaded(wants, await ledger.load(wants))
            deliberation = Deliberation(
                position, Known(states, parked, pasts=await self._pasts(readings)), self.circumstances
            )
            for one in readings:
                deliberation.take(one)
            made = deliberation.batch(batch[-1])
            await ledger.commit(made)
            position = made.after
            self.taken += batch

    async def _pasts(self, readings: Sequence[Reading]) -> dict[int, Past | None]:
        pasts: dict[int, Past | None] = {}
        for command in readings:
            if isinstance(command, Rebuilding):
                history = await self.history(command.attributed.key, readings[0].record.offset)
                for before in readings[: readings.index(command)]:
                    if owner_of(before) == command.attributed.key:
                        history.take(before.record)
                pasts[command.record.offset] = history.past()
        return pasts

    async def history(self, key: AccountKey, before: int = EVERYTHING) -> History:
        """What the account's records make of it."""
        found = await histories_of(Ledger(self.tables).history([key], PARTITION, before), PARTITION, self.circumstances)
        return found.get(key) or History(key, PARTITION, self.circumstances)

    async def propose(self, key: AccountKey, *, emit: bool = True) -> Proposal:
        """What promoting an account would ask of its lane now."""
        words = LastWords()
        for entry in self.told(key):
            assert entry.sequence is not None
            words.hear(entry.sequence, entry.id.partition(":")[2], entry.type, entry.value)
        return proposed(await self.history(key), words, "digest", emit=emit)

    async def promote(self, *, emit: bool) -> None:
        """Promote every account, right or wrong."""
        commands: list[Record] = []
        for key in sorted(self.tables.accounts):
            commands.append(command(await self.propose(key, emit=emit), len(self.taken) + len(commands)))
        await self.take(commands)
        assert [entry for entry in self.entries if entry.destination == "dead_letters"] == []


def command(proposal: Proposal, offset: int) -> Record:
    """A proposal as the command on the events topic."""
    asked = command_record(REBUILD, proposal.key, proposal.command, 1_735_600_000)
    return record(asked.value, offset, asked.headers)
