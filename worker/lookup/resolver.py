"""The resolver: takes questions that are due, asks Stripe, and appends what it said, or that it could not be asked."""

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog

from worker import metrics
from worker.clock import Clock
from worker.lookup.capital_api import CapitalApi, NotAnswered
from worker.lookup.observations import Observation, failed, observation, survey
from worker.lookup.persistence import Persistence
from worker.ports import Handoff, HandoffFailed, Question, Questions, Unavailable

# A question is another resolver's for the taking after this: longer than asking and appending can last.
LEASE_SECONDS: Final = 120
LOOK_SECONDS: Final = 0.5
# Each request has a deadline, but a survey has as many as there are pages, and nobody said how many there are.
ASK_SECONDS: Final = 90


class Resolver:
    """Asks until told to stop. A question answered twice does no harm: the rules read its `due`."""

    def __init__(
        self, questions: Questions, api: CapitalApi, handoff: Handoff, persistence: Persistence, clock: Clock
    ) -> None:
        self._questions = questions
        self._api = api
        self._handoff = handoff
        self._persistence = persistence
        self._clock = clock
        self._log = structlog.get_logger()
        self._stopping = asyncio.Event()
        self._trouble: str | None = "has not looked for questions yet"
        self.looked_at = clock.monotonic()

    def stop(self) -> None:
        """Take no more questions; those at hand are finished."""
        self._stopping.set()

    async def run(self) -> None:
        """Look for due questions until `stop`; while there are many, without a pause."""
        while not self._stopping.is_set():
            taken = await self._take()
            self.looked_at = self._clock.monotonic()
            async with asyncio.TaskGroup() as tasks:
                for question in taken:
                    tasks.create_task(self._resolve(question))
            if len(taken) < self._persistence.concurrency:
                await self._pause()

    async def _take(self) -> Sequence[Question]:
        try:
            taken = await self._questions.take(self._persistence.concurrency, LEASE_SECONDS)
        except Unavailable as error:
            self._log.warning("lookup.interrupted", reason=str(error))
            self._trouble = "the database does not answer"
            return ()
        self._trouble = None
        return taken

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await self._stopping.wait()
        except TimeoutError:
            return

    async def _resolve(self, question: Question) -> None:
        """Ask one question and append the answer; whatever fails is tried again when its time has come."""
        log = self._log.bind(account=question.account, kind=question.kind, subject=question.subject)
        try:
            await self._append(await self._asked(question))
            metrics.LOOKUPS.labels("answered").inc()
            log.debug("lookup.answered", attempts=question.attempts)
        except NotAnswered as trouble:
            await self._not_answered(question, trouble)
        except HandoffFailed as error:
            log.warning("lookup.interrupted", reason=str(error))

    async def _asked(self, question: Question) -> Sequence[Observation]:
        try:
            async with asyncio.timeout(ASK_SECONDS):
                return await self._ask(question)
        except TimeoutError as error:
            raise NotAnswered("no whole answer in time") from error

    async def _ask(self, question: Question) -> Sequence[Observation]:
        livemode = question.livemode
        if not self._api.has_key(livemode=livemode):
            return [failed(question, self._clock.now(), "there is no API key for this mode")]
        match question.kind:
            case "survey":
                country = await self._api.country(question.account, livemode=livemode)
                pages = [page async for page in self._api.offers(question.account, livemode=livemode)]
                return survey(question, self._clock.now(), country, pages)
            case "offer":
                offer = await self._api.offer(question.subject, livemode=livemode)
                answer = {"offer": question.subject, "shown": offer}
                return [observation(question, "offer", self._clock.now(), answer)]
            case "summary":
                shown = await self._api.summary(question.account, livemode=livemode)
                return [observation(question, "summary", self._clock.now(), {"shown": shown})]

    async def _append(self, observations: Sequence[Observation]) -> None:
        """In order, each acknowledged before the next: a survey's chunks count only as they were numbered."""
        for record in observations:
            await self._handoff.append(record.key, record.value, record.headers)

    async def _not_answered(self, question: Question, trouble: NotAnswered) -> None:
        """Try again later, or say on the topic that nobody could."""
        log = self._log.bind(account=question.account, kind=question.kind, reason=str(trouble))
        try:
            if question.attempts >= self._persistence.attempts:
                await self._append([failed(question, self._clock.now(), str(trouble))])
                metrics.LOOKUPS.labels("given_up").inc()
                log.warning("lookup.given_up", attempts=question.attempts)
                return
            metrics.LOOKUPS.labels("retried").inc()
            await self._questions.retry(question, self._persistence.wait(question.attempts, trouble.seconds))
        except (HandoffFailed, Unavailable) as error:
            # The lease ends by itself, and the question is taken again.
            log.warning("lookup.interrupted", reason=str(error))

    def alive(self) -> str | None:
        """None while questions are looked for, else since when not."""
        silent = self._clock.monotonic() - self.looked_at
        return f"no look for questions in {silent:.0f} s" if silent > LEASE_SECONDS else None

    def ready(self) -> str | None:
        """None while questions can be taken, else why not."""
        return self.alive() or self._trouble

    def remark(self) -> str | None:
        """Which modes there is no key for; None where there is one for each."""
        modes = {"live": True, "test": False}
        missing = [mode for mode, livemode in modes.items() if not self._api.has_key(livemode=livemode)]
        return f"no API key for {' and '.join(missing)}: what is asked there stays unknown" if missing else None
