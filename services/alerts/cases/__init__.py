"""Cases: one for each unhappy customer, what was done about it, and the pages and the API that show it.

domain        what a case is, when an answer opens one, and what may be done to it
handlers      answers that arrive: open, extend and amend cases
case_commands what people and programs do to a case: locked, done once, recorded, published
acting        each of these acts
changes       changed cases: written with their entries, and published
schedule      what happens when a customer has been quiet for a while
team_notices  notices to colleagues of complete answers
case_handlers  who handled the events of cases, and is never told of these alone
colleague_notices  notices to whoever is given a case or asked about it
visible       a case as one reader may see it
live          the feed of changed cases for open pages
api, inbox_page, case_page (what it shows: case_detail)
"""
