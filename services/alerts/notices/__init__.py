"""Notices: what colleagues are told, about cases and about their way in.

topics       what people may choose to be told of, and the kinds of each topic
choices      what each person has chosen, with their quiet hours and digests
queueing     queues notices by these choices
kinds        what each kind gives: the check of its reason, and its words
case_kinds, admin_kinds  the kinds of this service's own
forms, labels, schemas, views  the page and the API of these choices
pushes       a push message of the words of a notice
digests      a digest of what waited
queue        what the sender of ``shared.outbound`` claims and settles
rendering    a mail of the words of a notice
repository   one row for each notice to one person by one channel
"""
