"""What comments are about: the themes of a company, their stems, and their figures.

stems                 what a stem is written like, and the one form of text that is searched
domain                a company's themes, their bounds, and what is wrong with a draft
shipped               the nine themes that every company begins with
quality               how far the shipped themes agree with a reader; quality_schemas, quality_words tell it
matching              which themes a comment names, as a matcher that is made once for each version
impact                the figures of each theme: its share of the unhappy, and the score without it
words                 which words tell two sets of comments apart
repository            the themes of a company, those of its answers, and the counts
theme_commands        saving the themes of a company
common_words          words and names that open no theme, by language
proposals             which words of comments that name no theme open one
finding               opens them for a company; ``theme_watch.py`` beside this package is the loop
found_repository, found_commands   what was opened so, and what becomes of it: kept, merged, dropped
found_schemas, found_api, found_views, found_pages   the same for programs and on the page
model_protocol, model_client   what a model that labels comments is sent, and answers; one request to it
model_repository, labelling    which comments wait for it, and the loop that sends them
model_commands, model_schemas, model_api, model_views, model_pages   whether a company has it on
keeping               matches comments as they are kept, and again when the themes have changed
reading, trials       whose comments are meant, their figures and words; what a draft would find
schemas, api          /v1/themes; figure_schemas: what it answers of comments
forms, labels, views  what the page sends, says and shows; why: the section of the scores
pages                 /themes
"""
