"""Which answers count in a score: the same ones, whether they are anonymous or not."""

from shared.events import Answer


def score_that_counts(answer: Answer) -> int | None:
    """The score of an answer that counts; None of one that never does.

    Tests do not, nor who was asked beyond a draw. Who answers by an open link chose to, and who is asked
    after a case had one: neither is a sample of the customers.
    """
    is_sample = not answer.beyond_draw and answer.origin != "link" and answer.measurement != "recovery"
    counts = answer.state != "clicked" and not answer.test and is_sample and answer.day is not None
    return answer.score if counts else None
