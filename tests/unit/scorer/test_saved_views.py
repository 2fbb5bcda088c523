"""Which pages may be saved, and as what address: by the pages' own readers, without what was searched for."""

import importlib
import pkgutil
from datetime import date
from urllib.parse import urlencode

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from hypothesis import given
from hypothesis import strategies as st

from services import scorer
from services.scorer.access import SegmentAccess
from services.scorer.saved_views.addresses import (
    NOT_KEPT,
    SAVABLE_PAGES,
    NotSavable,
    normalized_address,
    pinned_address,
    score_query_of,
    shows_address,
)
from services.scorer.saved_views.labels import PAGE_LABELS
from shared.events import People

TODAY = date(2026, 11, 30)
NORTH = SegmentAccess(People(), "leader", ("organisation:north",))
EVERYTHING = SegmentAccess(People(), "leader")


def _parameters(dependant: Dependant) -> set[str]:
    found = {field.alias for field in dependant.query_params}
    return found.union(*(_parameters(each) for each in dependant.dependencies))


WITHOUT_FIGURES = {
    "/actions": "a list of things to do",
    "/actions/new": "a form",
    "/actions/{action}": "one action",
    "/benchmarks": "what others have published, and a form",
    "/benchmarks/{benchmark}": "one benchmark",
    "/marks": "a list of what happened, and a form",
    "/marks/{mark}": "one mark",
    "/pairs": "how far the work on declared pairs is, and a form",
    "/views": "the saved views themselves",
    "/views/{view}": "one of them",
    "/views/stop/{token}": "ends a mail of Mondays",
    "/wall/{token}": "a saved view on a screen",
}
"""Pages of the scorer whose addresses are not saved, and what they are instead."""
FILES_AND_STREAMS = ("/download", "/live", "/export")


def _pages() -> dict[str, set[str]]:
    """The parameters of each page of the scorer, by its path."""
    found = {}
    for module in pkgutil.walk_packages(scorer.__path__, "services.scorer."):
        if not module.name.rpartition(".")[2].endswith("pages"):
            continue
        router = getattr(importlib.import_module(module.name), "router", None)
        for route in router.routes if router is not None else ():
            if not isinstance(route, APIRoute) or "GET" not in (route.methods or ()):
                continue
            if not route.path.startswith("/v1/") and not route.path.endswith(FILES_AND_STREAMS):
                found[route.path] = _parameters(route.dependant)
    return found


def test_every_page_with_figures_may_be_saved_and_has_a_name() -> None:
    """Who adds a page puts it into ``SAVABLE_PAGES`` with its reader, or here into ``WITHOUT_FIGURES``."""
    assert set(_pages()) == set(SAVABLE_PAGES) | set(WITHOUT_FIGURES)
    assert set(SAVABLE_PAGES) == set(PAGE_LABELS)
    assert not set(SAVABLE_PAGES) & set(WITHOUT_FIGURES)


def test_of_each_page_all_parameters_are_kept_but_for_searches_and_places() -> None:
    """A parameter that a page gets later is kept, or stands in ``NOT_KEPT``."""
    pages = _pages()
    for path, page in SAVABLE_PAGES.items():
        assert set(page.names) == pages[path] - NOT_KEPT, path


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("/", "/"),
        ("/?path=&touchpoint=&window=30d&against=before", "/?window=30d&against=before"),
        ("/?window=7d&evil=1", "/?window=7d"),
        ("https://afterword.example/?window=7d#answers", "/?window=7d"),
        ("/segments", "/segments"),
        ("/segments?segment=", "/segments?segment="),
        (
            "/segments?segment=touchpoint:a&segment=store:b&words=karen&kind=detractors&after=x",
            "/segments?segment=touchpoint%3Aa&segment=store%3Ab&kind=detractors",
        ),
        ("/segments?dimension=store&q=karen", "/segments?dimension=store"),
        (
            "/compare?segment=touchpoint:a&with=&dimension=&from=&to=&before_from=&before_to=",
            "/compare?segment=touchpoint%3Aa",
        ),
        ("/compare?dimension=store&window=90d", "/compare?dimension=store&window=90d"),
        ("/responses?segment=touchpoint:a&by=store", "/responses?segment=touchpoint%3Aa&by=store"),
        ("/themes?window=7d&did=saved", "/themes?window=7d"),
        ("/segments?sort=name&dimension=store&after=x", "/segments?dimension=store&sort=name"),
        ("/segments?segment=store:a&channel=sms&kind=3", "/segments?segment=store%3Aa&kind=3&channel=sms"),
        (
            "/drivers?segment=store:a&dimension=touchpoint&window=7d&evil=1",
            "/drivers?segment=store%3Aa&dimension=touchpoint&window=7d",
        ),
        ("/gap?segment=&from=2026-11-01&to=2026-11-20", "/gap?from=2026-11-01&to=2026-11-20"),
        ("/unbegged?by=store&window=90d", "/unbegged?window=90d&by=store"),
    ],
)
def test_an_address_is_kept_as_path_and_query_that_the_page_knows(written: str, kept: str) -> None:
    assert normalized_address(written, TODAY) == kept


@pytest.mark.parametrize(
    "written",
    [
        "",
        "//",
        "/inbox",
        "/segments/live",
        "javascript:alert(1)",
        "http://[::1",
        "/?window=x",
        "/?window=0d",
        "/?against=never",
        "/?path=north",
        "/?by=" + "x" * 201,
        "/?by=%00",
        "/?window=%FF",
        "/?" + "&".join(f"a{n}=1" for n in range(300)),
        "/" + "x" * 9_000,
        "/segments?kind=happy",
        "/segments?measurement=both",
        "/segments?" + "&".join("segment=store:a" for _ in range(9)),
        "/compare?segment=touchpoint:a&with=touchpoint:a",
        "/compare?from=2026-11-01",
        "/compare?measurement=both",
        "/responses?window=900d",
        "/themes?window=x",
        "/themes?measurement=both",
        "/segments?sort=luck",
        "/segments?segment=store:a&channel=pigeon",
        "/drivers?from=2026-11-01&to=2026-11-20&before_from=2026-10-01&before_to=2026-11-02",
        "/drivers?window=x",
        "/gap?from=2026-11-01",
        "/unbegged?window=900d",
    ],
)
def test_what_a_page_would_refuse_is_not_saved(written: str) -> None:
    with pytest.raises(NotSavable):
        normalized_address(written, TODAY)


@given(
    st.sampled_from(sorted(SAVABLE_PAGES)),
    st.lists(
        st.tuples(
            st.sampled_from(["segment", "with", "window", "until", "path", "by", "theme", "words", "x"]),
            st.one_of(
                st.sampled_from(["", "7d", "store:a", "2026-11-01", "%", "a&b=c"]), st.text(max_size=9)
            ),
        ),
        max_size=6,
    ),
)
def test_whatever_is_kept_opens_the_same_page_and_is_kept_as_it_is(
    path: str, given: list[tuple[str, str]]
) -> None:

    try:
        kept = normalized_address(f"{path}?{urlencode(given, errors='surrogatepass')}", TODAY)
    except NotSavable:
        return
    assert normalized_address(kept, TODAY) == kept
    assert "words=" not in kept
    assert kept.partition("?")[0] == path


def test_a_view_of_the_dashboard_is_that_of_the_segment_which_a_limited_person_saw() -> None:
    assert pinned_address("/?window=7d", NORTH) == "/?path=organisation%3Anorth&window=7d"
    assert pinned_address("/?path=organisation%3Anorth%2Fa", NORTH) == "/?path=organisation%3Anorth%2Fa"
    assert pinned_address("/", EVERYTHING) == "/"
    assert pinned_address("/themes", NORTH) == "/themes"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("/", True),  # the first of their segments
        ("/?path=organisation%3Anorth%2Fa", True),
        ("/?path=organisation%3Asouth", False),
        ("/segments", True),
        ("/segments?segment=", False),
        ("/segments?segment=organisation%3Anorth&segment=store%3Aa", True),
        ("/segments?segment=store%3Aa", False),
        ("/compare?segment=organisation%3Anorth&with=organisation%3Asouth", False),
        ("/compare?segment=organisation%3Anorth", True),
        ("/compare?dimension=store", True),
        ("/responses?segment=organisation%3Asouth", False),
        ("/themes", True),
    ],
)
def test_a_limited_reader_finds_only_what_they_may_see(address: str, shown: bool) -> None:
    assert shows_address(address, NORTH) is shown
    assert shows_address(address, EVERYTHING)


def test_only_pages_of_scores_can_hang_on_a_wall() -> None:
    query = score_query_of("/segments?segment=touchpoint%3Aa&window=7d&measurement=relational")
    assert query is not None
    assert (query.selection, query.window, query.measurement) == (("touchpoint:a",), "7d", "relational")
    whole = score_query_of("/segments?segment=")
    assert whole is not None
    assert whole.selection == ()
    assert score_query_of("/") is not None
    for address in ("/segments", "/segments?dimension=store", "/compare", "/responses", "/themes"):
        assert score_query_of(address) is None, address
