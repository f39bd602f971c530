"""Answers: what Stripe said when asked, or that it could not be asked; both end the waiting for an answer."""

from worker.rules.discount import answer_discount
from worker.rules.draft import Draft
from worker.rules.evolve import evolve
from worker.rules.facts import LookupFailed, OfferAnswered, SummaryAnswered, SurveyAnswered
from worker.rules.learning import learn_observed
from worker.rules.releases import SummaryChanged


def answer_survey(draft: Draft, answer: SurveyAnswered) -> None:
    """Merge one chunk; the last of a whole survey answers for every refill known by then."""
    for observed in answer.offers:
        learn_observed(draft, observed)
    if answer.country is not None and answer.country != draft.state.country:
        draft.change(country=answer.country)
        draft.policy_doubtful = True
    survey, chunk = draft.state.survey_chunks
    whole = answer.chunk == 1 or (survey == answer.survey and chunk == answer.chunk - 1)
    if not whole:
        return
    draft.change(survey_chunks=(answer.survey, answer.chunk))
    if answer.chunk == answer.of:
        # A deauthorised account shows neither: that is an answer, but it confirms nothing.
        _surveyed(draft, answer.due, answered=answer.country is not None or bool(answer.offers))


def _surveyed(draft: Draft, due: int, *, answered: bool) -> None:
    """The survey asked for at `due` has ended, with an answer or without; one asked for later is still to come."""
    if draft.state.survey_due is None or draft.state.survey_due > due:
        return
    draft.change(survey_due=None, survey_chunks=("", 0))
    for refill in draft.refills():
        # One that nobody announced was not asked for; it will be when it is.
        surveyed = refill.surveyed or refill.announced
        draft.put(evolve(refill, surveyed=surveyed, confirmed=refill.confirmed or answered))
    draft.links_doubtful = True


def answer_offer(draft: Draft, answer: OfferAnswered) -> None:
    """Merge what was shown of one offer, then count the answer for everything that waited for it."""
    if answer.observed is not None:
        learn_observed(draft, answer.observed, announces=answer.announces)
    _answered(draft, answer.offer, answer.due)


def _answered(draft: Draft, offer: str, due: int) -> None:
    answer_discount(draft, offer, due)
    # What the answer proved is released first, so that only holds it did not open are counted.
    draft.answered.append((offer, due))


def answer_summary(draft: Draft, answer: SummaryAnswered) -> None:
    """Tell the summary where it shows something new; nothing else believes it but for the offer it names."""
    if draft.state.summary_due is not None and draft.state.summary_due <= answer.due:
        draft.change(summary_due=None)
    if answer.summary is None or answer.summary == draft.state.summary:
        return
    revision = draft.state.summary_revision + 1
    draft.change(summary=answer.summary, summary_revision=revision)
    draft.release(SummaryChanged(answer.summary, revision))


def give_up(draft: Draft, failure: LookupFailed) -> None:
    """A failed question is an answer too: it ends the waiting, and proves nothing."""
    match failure.kind:
        case "survey":
            _surveyed(draft, failure.due, answered=False)
        case "offer":
            _answered(draft, failure.subject, failure.due)
        case "summary":
            if draft.state.summary_due is not None and draft.state.summary_due <= failure.due:
                draft.change(summary_due=None)
