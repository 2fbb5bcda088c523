"""Notices: what colleagues are told, about cases and about their way in.

topics       what people may choose to be told of, and the kinds of each topic
choices      what each person has chosen, with their quiet hours and digests
recipients   a person with these choices, when a notice is queued and when it leaves
queueing     queues notices by these choices
kinds        what each kind gives: the check of its reason, and its words
case_kinds, case_texts  those about cases, and what they say
admin_kinds, push_kinds  those that no choice concerns
notice_commands  saving choices, switching browsers on, and trying one
pages, api   the doors to these commands; forms, labels, schemas, views  what they take and show
app_files    what makes staff pages an app of a phone
pushes       a push message of the words of a notice
push_lanes   what waits for one browser is sent, at most once
push_rest    until when a browser that takes nothing rests, and when it is removed
digests      a digest of what waited
queue        what the sender of ``shared.outbound`` claims and settles
rendering    a mail of the words of a notice
repository   one row for each notice to one person by one channel
"""
