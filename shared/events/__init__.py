"""The contracts: every kind of event on its topic, with examples beside it.

An event contains the whole state of a thing with its ``version``; consumers keep the highest version. Fields
are only ever added, and consumers ignore those they do not know; a breaking change is a new topic.
"""

from shared.events.answer_totals import ANSWER_TOTALS, AnswerTotal
from shared.events.answers import ANSWERS, Answer, AnswerState, Objection, Origin
from shared.events.audit import AUDIT, AuditLine
from shared.events.case_mails import CASE_MAILS, CaseMail, CaseMailState
from shared.events.cases import CASES, Case, CaseStage, CaseState
from shared.events.contact_policies import (
    CONTACT_POLICIES,
    ContactRules,
    CounterEvent,
    CountryRule,
    DeclaredBasis,
    QuietHours,
    TenantContactPolicy,
)
from shared.events.customers import CUSTOMERS, CustomerErased
from shared.events.decisions import DECISIONS, Decision, DecisionOutcome
from shared.events.envelope import Data, Event, Topic, Unreadable
from shared.events.erasures import ERASURES, ErasureConfirmed
from shared.events.falls import FALLS, FallState, SegmentFall
from shared.events.improvements import (
    IMPROVEMENTS,
    Improvement,
    ImprovementBaseline,
    ImprovementPeriod,
    ImprovementStatus,
    ImprovementStep,
)
from shared.events.invitations import INVITATIONS, Invitation, InvitationState
from shared.events.people import People, is_person, may_see_score
from shared.events.questions import ChosenValue, Question, QuestionTexts, Reply
from shared.events.replies import REPLIES, CaseReply
from shared.events.retention import RETENTION, RetentionRules, TenantRetention
from shared.events.scores import SCORES, Score
from shared.events.segments import WHOLE_COMPANY, levels, may_see, segments_of, too_long
from shared.events.sending import SENDING, SendingMode, TenantSending
from shared.events.surveys import SURVEYS, FollowUp, Survey, SurveyTexts
from shared.events.tenants import CLOSED_STATES, COMPANY_STATES, TENANTS, CompanyState, KeyDigest, Tenant
from shared.events.transactions import TRANSACTIONS, Account, Basis, Customer, Transaction
from shared.events.webhooks import WEBHOOKS, TenantWebhooks

TOPICS: tuple[Topic, ...] = (  # type: ignore[type-arg]
    TRANSACTIONS,
    TENANTS,
    CUSTOMERS,
    ERASURES,
    AUDIT,
    SURVEYS,
    SENDING,
    RETENTION,
    CONTACT_POLICIES,
    INVITATIONS,
    ANSWERS,
    ANSWER_TOTALS,
    SCORES,
    FALLS,
    IMPROVEMENTS,
    CASES,
    WEBHOOKS,
    DECISIONS,
    REPLIES,
    CASE_MAILS,
)

__all__ = [
    "ANSWERS",
    "ANSWER_TOTALS",
    "AUDIT",
    "CASES",
    "CASE_MAILS",
    "CLOSED_STATES",
    "COMPANY_STATES",
    "CONTACT_POLICIES",
    "CUSTOMERS",
    "DECISIONS",
    "ERASURES",
    "FALLS",
    "IMPROVEMENTS",
    "INVITATIONS",
    "REPLIES",
    "RETENTION",
    "SCORES",
    "SENDING",
    "SURVEYS",
    "TENANTS",
    "TOPICS",
    "TRANSACTIONS",
    "WEBHOOKS",
    "WHOLE_COMPANY",
    "Account",
    "Answer",
    "AnswerState",
    "AnswerTotal",
    "AuditLine",
    "Basis",
    "Case",
    "CaseMail",
    "CaseMailState",
    "CaseReply",
    "CaseStage",
    "CaseState",
    "ChosenValue",
    "CompanyState",
    "ContactRules",
    "CounterEvent",
    "CountryRule",
    "Customer",
    "CustomerErased",
    "Data",
    "Decision",
    "DecisionOutcome",
    "DeclaredBasis",
    "ErasureConfirmed",
    "Event",
    "FallState",
    "FollowUp",
    "Improvement",
    "ImprovementBaseline",
    "ImprovementPeriod",
    "ImprovementStatus",
    "ImprovementStep",
    "Invitation",
    "InvitationState",
    "KeyDigest",
    "Objection",
    "Origin",
    "People",
    "Question",
    "QuestionTexts",
    "QuietHours",
    "Reply",
    "RetentionRules",
    "Score",
    "SegmentFall",
    "SendingMode",
    "Survey",
    "SurveyTexts",
    "Tenant",
    "TenantContactPolicy",
    "TenantRetention",
    "TenantSending",
    "TenantWebhooks",
    "Topic",
    "Transaction",
    "Unreadable",
    "is_person",
    "levels",
    "may_see",
    "may_see_score",
    "segments_of",
    "too_long",
]
