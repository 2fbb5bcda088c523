"""Mails and pages are read as a browser reads them."""

import pytest

from deploy.demo.form import read_forms, score_link, survey_link

PAGE = """
<form method="get" action="/search"><input name="q"></form>
<form method="post" action="/s/a-token">
  <input type="hidden" name="nonce" value="n&amp;1"><input name="trap" value="">
  <label><input type="radio" name="score" value="0"> 0</label>
  <label><input type="radio" name="score" value="1" checked> 1</label>
  <textarea name="comment">Already &lt;written&gt;</textarea>
  <input type="radio" name="contact" value="yes"><input type="radio" name="contact" value="no">
  <input type="checkbox" name="again"><input name="gone" value="1" disabled>
  <button name="sent" value="1">Send</button>
</form>
<textarea name="outside">not a field of any form</textarea>
"""


def test_a_form_says_what_a_browser_would_send_and_what_may_be_chosen() -> None:
    search, survey = read_forms(PAGE, "http://127.0.0.1:8000/s/a-token?score=1")
    assert (search.method, search.action) == ("get", "http://127.0.0.1:8000/search")
    assert (survey.method, survey.action) == ("post", "http://127.0.0.1:8000/s/a-token")
    assert survey.values == {"nonce": "n&1", "trap": "", "score": "1", "comment": "Already <written>"}
    assert survey.choices == {"score": ["0", "1"], "contact": ["yes", "no"], "again": ["on"]}
    assert survey.texts == ["comment"]


def test_a_form_without_an_action_leads_to_its_own_page() -> None:
    (form,) = read_forms("<form method=POST></form>", "http://127.0.0.1:8000/s/a-token")
    assert (form.method, form.action) == ("post", "http://127.0.0.1:8000/s/a-token")


MAIL = """
<a href="http://h/s/t?trap=1"></a>
<a href="http://h/s/t?v=1"><b>1</b></a><a href="http://h/s/t?v=10">10</a>
<a href="http://h/u/t">1</a>
"""


@pytest.mark.parametrize(("score", "link"), [(1, "http://h/s/t?v=1"), (10, "http://h/s/t?v=10"), (3, None)])
def test_a_customer_follows_the_link_that_shows_the_score_never_one_that_nobody_sees(
    score: int, link: str | None
) -> None:
    assert score_link(MAIL, score) == link


def test_in_a_text_a_customer_follows_the_link_to_the_survey_and_no_other() -> None:
    assert survey_link("Havnbo: how was it? http://h/s/t. No more: http://h/u/t") == "http://h/s/t"
    assert survey_link("You get no more texts from us. http://h/u/t") is None
