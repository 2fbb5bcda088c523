"""The causes with which staff close cases, in two levels: a theme, and what of it went wrong."""

CAUSES: dict[str, tuple[str, ...]] = {
    "delivery": ("late", "lost", "damaged", "wrong"),
    "product": ("quality", "fit", "missing_feature"),
    "price": ("level", "increase", "transparency"),
    "billing": ("wrong", "refund", "method"),
    "contact": ("wait", "unreachable", "no_callback"),
    "people": ("attitude", "competence"),
    "communication": ("missing", "wrong", "unclear"),
    "digital": ("bug", "login", "usability"),
    "process": ("effort", "return", "terms"),
}
CAUSE_CODES = (*(f"{theme}.{part}" for theme, parts in CAUSES.items() for part in parts), "other")
