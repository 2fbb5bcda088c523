from shared.values.messages import Count, Message, alternatives, message, sentences


def test_a_message_reads_in_english_with_its_facts() -> None:
    assert str(message("At most %(most)s characters.", most=40)) == "At most 40 characters."


def test_a_text_without_facts_is_not_formatted() -> None:
    assert str(message("100 % of it")) == "100 % of it"


def test_the_fact_n_chooses_the_plural() -> None:
    one, many = message("%(n)s day", "%(n)s days", n=1), message("%(n)s day", "%(n)s days", n=0)
    assert (str(one), str(many)) == ("1 day", "0 days")


def test_a_fact_may_be_a_message() -> None:
    assert str(message("Must be %(kind)s.", kind=message("a list"))) == "Must be a list."


def test_messages_compare_by_text_and_facts() -> None:
    assert message("a %(b)s", b=1) == Message("a %(b)s", {"b": 1})


def test_messages_are_put_together_as_sentences_and_as_alternatives() -> None:
    assert str(sentences([message("There is no %(x)s.", x="{y}"), message("Go.")])) == "There is no {y}. Go."
    assert str(message("Must be %(one)s.", one=alternatives(("a", "b", "c")))) == "Must be a, b or c."
    assert str(alternatives(("a",))) == "a"


def test_a_count_has_separators() -> None:
    assert str(message("At most %(most)s.", most=Count(1000))) == "At most 1,000."
