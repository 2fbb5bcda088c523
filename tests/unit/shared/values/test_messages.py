from shared.values.messages import Message, message


def test_a_message_reads_in_english_with_its_facts():
    assert str(message("At most %(most)s characters.", most=40)) == "At most 40 characters."


def test_a_text_without_facts_is_not_formatted():
    assert str(message("100 % of it")) == "100 % of it"


def test_the_fact_n_chooses_the_plural():
    one, many = message("%(n)s day", "%(n)s days", n=1), message("%(n)s day", "%(n)s days", n=0)
    assert (str(one), str(many)) == ("1 day", "0 days")


def test_a_fact_may_be_a_message():
    assert str(message("Must be %(kind)s.", kind=message("a list"))) == "Must be a list."


def test_messages_compare_by_text_and_facts():
    assert message("a %(b)s", b=1) == Message("a %(b)s", {"b": 1})
