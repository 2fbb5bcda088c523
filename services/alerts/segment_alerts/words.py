"""What pages and notices say of a fall, in the reader's language."""

from services.alerts.segment_alerts.domain import SegmentAlert, SegmentAlertEnd
from shared.pages.filters import day, segment_words, signed, thousands
from shared.pages.language import translated
from shared.values.messages import Message, message

END_LABELS: dict[SegmentAlertEnd, Message] = {
    "back": message("The score is back."),
    "settled": message("The score has been lower for four months, so this is its usual level now."),
    "person": message("A colleague has closed it."),
}


def name_of_segment(alert: SegmentAlert, company: str) -> str:
    """The segment, or the company where it is the whole of it."""
    return segment_words(alert.segment) if alert.segment else company


def heading(alert: SegmentAlert, company: str) -> str:
    """What has fallen, and by how much."""
    facts = {"before": signed(alert.nps_before), "now": signed(alert.nps)}
    text = translated("%(name)s has fallen from %(before)s to %(now)s")
    return text % {**facts, "name": name_of_segment(alert, company)}


def fall_sentence(alert: SegmentAlert) -> str:
    """The numbers of a fall."""
    return translated(
        "Since %(first)s the NPS is %(now)s in %(n)s answers; in the 90 days before it was %(before)s in "
        "%(n_before)s. Chance seldom makes such a difference."
    ) % {
        "first": day(alert.first),
        "now": signed(alert.nps),
        "n": thousands(alert.n),
        "before": signed(alert.nps_before),
        "n_before": thousands(alert.n_before),
    }
