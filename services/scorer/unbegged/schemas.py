"""The figures as the API answers them."""

from typing import Self

from pydantic import BaseModel, Field

from services.scorer.domain import MIN_ANSWERS_SHOWN, score_interval
from services.scorer.responses.schemas import AskedShareOut
from services.scorer.schemas import WindowBody
from services.scorer.share_differences import PlaceShareDifference
from services.scorer.unbegged.domain import (
    ComparedPlace,
    Explained,
    SelectionEffect,
    Sign,
)
from services.scorer.unbegged.reading import UnbeggedRead

_OF_FEW = "Null below ten."
_COMPARED = "Null with fewer than 30 on one side."


class PlaceShareDifferenceOut(BaseModel):
    """A share less another one, in points of a per cent, with Newcombe's 95 % interval and the p-value of the
    "N - 1" chi-squared test.
    """

    points: float
    low: float
    high: float
    p: float

    @classmethod
    def of(cls, each: PlaceShareDifference | None) -> Self | None:
        """As it is answered."""
        return None if each is None else cls(points=each.points, low=each.low, high=each.high, p=each.p)


class PlaceScoreDifferenceOut(BaseModel):
    """The score of the place less that of the rest: the two-sample z test with adjusted means."""

    points: float
    low: float
    high: float
    p: float


class SelectionEffectOut(BaseModel):
    """What the answers that the place lacks could change of its score."""

    missing: int = Field(
        description="How many answers more it would have, were it asked and answered like the rest."
    )
    like_rest: float = Field(description="Its score, had they answered like the rest.")
    worst_case: float = Field(description="Its score, were all of them detractors.")
    explained: Explained | None = Field(
        description="`no`: its score is higher than the rest's in both cases, beyond chance; `worst_case`: "
        "only if not all were detractors; `like_rest`: not even had they answered like the rest. Null: its "
        "score is not higher beyond chance."
    )

    @classmethod
    def of(cls, each: SelectionEffect | None) -> Self | None:
        """As it is answered."""
        if each is None:
            return None
        return cls(
            missing=each.missing,
            like_rest=each.like_rest,
            worst_case=each.worst_case,
            explained=each.explained,
        )


class PlaceOut(BaseModel):
    """A value of the dimension beside the rest: all other values, of the organisation those of its level."""

    segment: str
    matched: int = Field(
        description="Events that a survey matched and whose customer could have been asked; whom a draw left "
        "out is not among them."
    )
    asked: int = Field(description="Of these, those whose customer was to be asked.")
    asked_share: AskedShareOut | None = Field(description=_OF_FEW)
    no_address: int = Field(description="Not asked, since there was no address that could be written to.")
    unwilling: int = Field(description="Not asked, since the customer or the law did not want it.")
    rested: int = Field(description="Not asked, since the customer was asked not long before.")
    otherwise: int = Field(description="Not asked for another reason.")
    sent: int = Field(description="Invitations that left on these days.")
    answered: int = Field(description="Of these.")
    answered_share: AskedShareOut | None = Field(description=_OF_FEW)
    nps: float | None = Field(description="Of these answers; null below ten.")
    low: float | None
    high: float | None
    quick: int = Field(description="Of the answers, those within two minutes after the mail or text left.")
    quick_share: AskedShareOut | None = Field(description=_OF_FEW)
    burst: int = Field(description="The most of the answers that were given within ten minutes.")
    of_known_network: int = Field(
        description="Of the answers, those of which it is known whether they came from one of the company's "
        "own networks: since it declared some, and of none that is anonymous or came without a page."
    )
    of_staff_network: int = Field(description="Of these, those that came from one of them.")
    staff_network_share: AskedShareOut | None = Field(description=_OF_FEW)
    of_known_device: int = Field(
        description="Of the answers, those of which it is known which one they were of their device that day."
    )
    of_shared_device: int = Field(
        description="Of these, those that were the third or a later one from what looked like one device."
    )
    shared_device_share: AskedShareOut | None = Field(description=_OF_FEW)
    by_links: int = Field(description="Answers by open links, which count in no score.")
    asked_difference: PlaceShareDifferenceOut | None = Field(description=f"To the rest's share. {_COMPARED}")
    quick_difference: PlaceShareDifferenceOut | None = Field(description=f"To the rest's share. {_COMPARED}")
    happier_difference: PlaceShareDifferenceOut | None = Field(
        description=f"The share of promoters of its quick answers less that of its others. {_COMPARED}"
    )
    staff_network_difference: PlaceShareDifferenceOut | None = Field(
        description=f"To the rest's share. {_COMPARED}"
    )
    shared_device_difference: PlaceShareDifferenceOut | None = Field(
        description=f"To the rest's share. {_COMPARED}"
    )
    difference: PlaceScoreDifferenceOut | None = Field(description=_COMPARED)
    selection: SelectionEffectOut | None = Field(
        description="Null where it lacks no answers, or there are fewer than 30 on one side."
    )
    signs: list[Sign] = Field(
        description="What is beyond chance (Benjamini-Hochberg within each kind): `fewer_asked`, "
        "`more_quick`, `quick_happier`, `staff_network`, `shared_device`; and `selection`: the "
        "missing answers could explain its higher score. Each is a question, not an accusation."
    )

    @classmethod
    def of(cls, place: ComparedPlace) -> Self:
        """As it is answered."""
        counts, change = place.counts, place.change
        groups = counts.groups
        interval = score_interval(groups) if groups.n >= MIN_ANSWERS_SHOWN else None
        return cls(
            segment=place.segment,
            matched=counts.matched,
            asked=counts.asked,
            asked_share=AskedShareOut.of(counts.share(counts.asked, counts.matched)),
            no_address=counts.no_address,
            unwilling=counts.unwilling,
            rested=counts.rested,
            otherwise=counts.otherwise,
            sent=counts.sent,
            answered=counts.answered,
            answered_share=AskedShareOut.of(counts.share(counts.answered, counts.sent)),
            nps=groups.points if interval else None,
            low=interval[0] if interval else None,
            high=interval[1] if interval else None,
            quick=counts.quick,
            quick_share=AskedShareOut.of(counts.share(counts.quick, counts.answered)),
            burst=counts.burst,
            of_known_network=counts.of_known_network,
            of_staff_network=counts.of_staff_network,
            of_known_device=counts.of_known_device,
            of_shared_device=counts.of_shared_device,
            shared_device_share=AskedShareOut.of(
                counts.share(counts.of_shared_device, counts.of_known_device)
            ),
            staff_network_share=AskedShareOut.of(
                counts.share(counts.of_staff_network, counts.of_known_network)
            ),
            by_links=counts.by_links,
            asked_difference=PlaceShareDifferenceOut.of(place.asked),
            quick_difference=PlaceShareDifferenceOut.of(place.quick),
            happier_difference=PlaceShareDifferenceOut.of(place.happier),
            shared_device_difference=PlaceShareDifferenceOut.of(place.shared_device),
            staff_network_difference=PlaceShareDifferenceOut.of(place.staff_network),
            difference=None
            if change is None
            else PlaceScoreDifferenceOut(points=change.points, low=change.low, high=change.high, p=change.p),
            selection=SelectionEffectOut.of(place.selection),
            signs=list(place.signs),
        )


class UnbeggedOut(BaseModel):
    """What could have been asked, was asked and was answered after purchases and contacts, by place."""

    by: str = Field(description="The dimension.")
    window: WindowBody = Field(
        description="The days on which it was decided whether to ask, and on which mails and texts left."
    )
    places: list[PlaceOut] = Field(description="Those with signs first.")
    left_off: int = Field(description="Further places, which are not listed.")

    @classmethod
    def of(cls, read: UnbeggedRead) -> Self:
        """As they are answered."""
        window = read.window
        return cls(
            by=read.asked.by,
            window=WindowBody(
                days=window.days, from_=window.first, until=window.last, time_zone=read.tenant.time_zone
            ),
            places=[PlaceOut.of(place) for place in read.places],
            left_off=read.left_off,
        )
