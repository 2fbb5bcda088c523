"""What comments are about: the themes of a company, their stems, and their figures.

stems                 what a stem is written like, and the one form of text that is searched
domain                a company's themes, their bounds, and what is wrong with a draft
shipped               the nine themes that every company begins with
matching              which themes a comment names, as a matcher that is made once for each version
impact                the figures of each theme: its share of the unhappy, and the score without it
words                 which words tell two sets of comments apart
repository            the themes of a company, those of its answers, and the counts
theme_commands        saving the themes of a company
keeping               matches comments as they are kept, and again when the themes have changed
reading, trials       whose comments are meant, their figures and words; what a draft would find
schemas, api          /v1/themes; figure_schemas: what it answers of comments
forms, labels, views  what the page sends, says and shows; why: the section of the scores
pages                 /themes
"""
