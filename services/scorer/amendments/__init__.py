"""How answers are counted: by their first or latest score, as of a moment, all or one of each customer.

domain      the choices, and which days a moment divides
reading     the choices that an address has, and the days that it names
repository  the counts by these choices: the kept ones and what the choices change of them
labels      the words
"""
