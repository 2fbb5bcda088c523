"""What each scope of an API key permits, in words."""

from shared.permissions import Scope
from shared.values.messages import Message, message

SCOPE_LABELS: dict[Scope, Message] = {
    "events:write": message("send events"),
    "answers:write": message("import answers"),
    "answers:read": message("read answers"),
    "surveys:write": message("change surveys, and whom they ask"),
    "decisions:read": message("read why somebody was asked or not"),
    "scores:read": message("read scores"),
    "cases:read": message("read cases"),
    "cases:write": message("work on cases"),
    "customers:erase": message("erase customers, which cannot be undone"),
    "admin": message("do all of it, and make further keys"),
}
