"""The acts of the log and their facts, in words."""

from collections.abc import Mapping

from services.dispatcher.retention.labels import KIND_LABELS
from shared.pages.language import spoken, translated
from shared.privacy.audit import AuditAct
from shared.values.messages import Message, message

ACT_LABELS: dict[AuditAct, Message] = {
    "address_shown": message("looked at the address of a customer"),
    "export": message("exported the data of a customer"),
    "export_link": message("made a link to the data of a customer"),
    "export_opened": message("opened the link to their data"),
    "export_link_withdrawn": message("withdrew a link to the data of a customer"),
    "erasure": message("asked to erase a customer"),
    "retention": message("changed how long data is kept"),
    "survey": message("changed a survey"),
    "sending": message("changed the sending"),
    "sender": message("changed an address that mails come from"),
    "contact_policy": message("changed when customers are written to"),
    "case_rules": message("changed the rules about cases"),
    "team": message("changed a team"),
    "calendar": message("changed a calendar"),
    "absence": message("changed when a colleague is away"),
    "text_block": message("changed a text block"),
    "attribute": message("changed how an attribute is shown"),
    "case_link": message("changed a link from cases"),
    "promise": message("wrote down or changed what a team promised"),
    "improvement": message("opened or changed an action of improvement"),
    "mark": message("added or changed a mark on the trend"),
    "segment_pair": message("declared a pair of dimensions"),
    "screen_made": message("made a link for a screen"),
    "screen_revoked": message("took back the link of a screen"),
    "view_removed": message("removed a saved view"),
    "view_mail_stopped": message("stopped the mail of a saved view"),
    "benchmark": message("added or changed a published benchmark"),
    "themes": message("changed the themes of comments"),
    "notices": message("changed what a colleague is told"),
    "customers": message("added or changed customers"),
    "import": message("began to take a file"),
    "wave": message("made or stopped a wave"),
    "placeholder_ids": message("changed the ids that stand for nobody"),
    "answer_judged": message("said whether a person gave an answer"),
    "answers_exported": message("downloaded answers with their comments"),
    "share_link_made": message("made a share link"),
    "share_link_changed": message("changed a share link"),
    "source_declared": message("declared a Kafka source"),
    "source_changed": message("changed a Kafka source"),
    "source_read_again": message("had a Kafka source read again"),
    "source_previewed": message("looked at records of a Kafka source"),
    "source_deleted": message("deleted a Kafka source"),
    "webhook_made": message("made a webhook"),
    "webhook_changed": message("changed a webhook"),
    "webhook_secret_changed": message("gave a webhook a new secret"),
    "webhook_replayed": message("had messages of a webhook sent again"),
    "webhook_deleted": message("deleted a webhook"),
    "chat_made": message("set up a chat channel"),
    "chat_changed": message("changed a chat channel"),
    "chat_deleted": message("deleted a chat channel"),
    "suppression": message("listed addresses that get no mail"),
    "suppression_lifted": message("took an address off the list"),
    "suppressions_exported": message("downloaded the list of those who get no mail"),
    "person_invited": message("invited a colleague"),
    "person_changed": message("changed what a colleague may do and see"),
    "person_deactivated": message("ended the access of a colleague"),
    "person_activated": message("gave a colleague access again"),
    "person_provisioned": message("came in through the identity provider for the first time"),
    "person_linked": message("linked an account with the identity provider"),
    "identity_provider_changed": message("changed the sign-in through the identity provider"),
    "identity_provider_removed": message("removed the identity provider"),
    "sign_in_link": message("made a link to sign in for a colleague"),
    "password_set": message("set the password of a colleague"),
    "sessions_ended": message("signed a colleague out"),
    "second_factor_on": message("switched on their second factor"),
    "second_factor_off": message("switched off their second factor"),
    "second_factor_reset": message("reset the second factor of a colleague"),
    "second_factor_rule": message("changed whether everybody needs a second factor"),
    "introductions": message("changed whether customers are asked for introductions"),
    "recovery_code_used": message("signed in with a recovery code"),
    "company_created": message("created the company"),
    "company_changed": message(
        "changed the name, address, languages, time zone, colour, names or networks of the company"
    ),
    "company_paused": message("paused the company"),
    "company_resumed": message("let the company go on"),
    "company_leaves": message("let the company leave"),
    "company_stays": message("let the company stay after all"),
    "company_exported": message("exported all data of the company"),
    "company_export_opened": message("opened a link to all data of the company"),
    "company_export_withdrawn": message("withdrew the links to all data of the company"),
    "people_rule": message("changed whose scores are shown"),
    "bi_granted": message("let a tool of the company read its figures with SQL"),
    "bi_revoked": message("ended the access of a tool with SQL"),
    "key_created": message("created an API key"),
    "key_revoked": message("revoked an API key"),
}

DELETED_LABELS: dict[AuditAct, Message] = {
    "survey": message("deleted a survey"),
    "team": message("deleted a team"),
    "calendar": message("deleted a calendar"),
    "absence": message("ended the absence of a colleague"),
    "text_block": message("deleted a text block"),
    "attribute": message("deleted how an attribute is shown"),
    "case_link": message("deleted a link from cases"),
    "promise": message("deleted what a team promised"),
    "mark": message("removed a mark from the trend"),
    "segment_pair": message("removed a pair of dimensions"),
    "benchmark": message("removed a published benchmark"),
}
"""Of a line whose fact ``deleted`` is true."""

FACT_LABELS: dict[str, Message] = {
    "grace_days": message("days of grace"),
    "email": message("mail address"),
    "phone": message("phone number"),
    "again": message("again"),
    "deleted": message("deleted"),
    "version": message("version"),
    "state": message("state"),
    "mode": message("mode"),
    "stopped": message("stopped"),
    "test_addresses": message("test addresses"),
    "count": message("how many"),
    "entries": message("entries"),
    "kind": message("kind"),
    "role": message("role"),
    "segments": message("segments"),
    "scopes": message("may"),
    "dimensions": message("dimensions"),
    "level": message("level"),
    "shown": message("shown"),
    "how": message("how"),
    "quiet_hours": message("quiet hours"),
    "sundays": message("mail on Sundays"),
    "holidays": message("mail on public holidays"),
    "sms_sundays": message("texts on Sundays"),
    "sms_holidays": message("texts on public holidays"),
    "cap_hours": message("hours between two mails"),
    "counter_events": message("counter-events"),
    "judgement": message("given by"),
    "relational_distance_days": message("days between transactional and relational surveys"),
    "ask_with_open_case": message("asked with an open case"),
    "ids_are_shared": message("ids of several people"),
    "fewer_months": message("months between questions to who wants fewer"),
    "countries": message("rules of countries"),
    "declared": message("declared for countries"),
    "required": message("asked of everybody"),
    "only_way": message("the only way in"),
    **{kind: label.name for kind, label in KIND_LABELS.items()},
}
VALUE_LABELS: dict[str, dict[str, Message]] = {
    "state": {
        "proposed": message("proposed"),
        "accepted": message("accepted"),
        "doing": message("under way"),
        "done": message("done"),
        "dropped": message("dropped"),
        "draft": message("draft"),
        "rehearsal": message("in rehearsal"),
        "live": message("live"),
        "paused": message("paused"),
        "started": message("started"),
        "stopped": message("stopped"),
        "added": message("added"),
        "removed": message("removed"),
        "new_key": message("new key"),
    },
    "mode": {"live": message("live"), "test": message("test mode")},
    "how": {
        "read": message("read"),
        "downloaded": message("downloaded"),
        "link_created": message("link made"),
        "link_opened": message("link opened"),
    },
    "judgement": {"human": message("a person"), "machine": message("a machine")},
    "kind": {"address": message("address"), "customer": message("customer id")},
    "role": {
        "admin": message("administrator"),
        "editor": message("editor"),
        "leader": message("team leader"),
        "agent": message("agent"),
        "analyst": message("analyst"),
    },
}
"""Of facts that are codes."""


def act_label(act: str, facts: Mapping[str, str | int | bool] | None = None) -> str:
    """What was done; a code that only a newer version knows stays as it is."""
    labels = ACT_LABELS
    if facts is not None and facts.get("deleted") is True:
        labels = ACT_LABELS | DELETED_LABELS
    return next((spoken(label) for code, label in labels.items() if code == act), act)


def facts_label(act: str, facts: Mapping[str, str | int | bool]) -> str:
    """The facts of a line; names and codes that only a newer version knows stay as they are."""
    if any(act == code for code in DELETED_LABELS):
        facts = {name: value for name, value in facts.items() if name != "deleted"}
    known = [name for name in FACT_LABELS if name in facts]
    names = [*known, *(name for name in facts if name not in FACT_LABELS)]
    return ", ".join(f"{spoken(FACT_LABELS.get(name, name))}: {_value(name, facts[name])}" for name in names)


def _value(name: str, value: str | int | bool) -> str:
    if isinstance(value, bool):
        return translated("yes") if value else translated("no")
    label = VALUE_LABELS.get(name, {}).get(str(value))
    return spoken(label) if label is not None else str(value)
