"""A page used by keyboard alone: everything that can be used is reached by Tab, and seen when it is."""

from playwright.async_api import Page

_BEGIN = """() => {
    const parts = "a[href], button, input, select, textarea, summary, [tabindex='0']";
    const usable = one => !one.disabled && !one.closest("fieldset:disabled") && one.type !== "hidden" &&
        one.tabIndex >= 0 && one.checkVisibility({ visibilityProperty: true });
    const first = one => one.type !== "radio" || one.checked ||
        !document.querySelector(`input[type=radio][name="${CSS.escape(one.name)}"]:checked`);
    window.unreached = new Set([...document.querySelectorAll(parts)].filter(one => usable(one) && first(one)));
    window.unseen = [];
    document.addEventListener("focusin", event => {
        window.unreached.delete(event.target);
        if (event.target.type === "radio") {
            window.unreached.forEach(one => { if (one.name === event.target.name) window.unreached.delete(one); });
        }
        const style = getComputedStyle(event.target);
        if (style.outlineStyle === "none" && style.boxShadow === "none") window.unseen.push(event.target);
    });
    document.activeElement.blur();
    return window.unreached.size;
}"""
_FAULTS = """() => [
    ...[...window.unreached].map(one => "not reached: " + one.outerHTML.slice(0, 200)),
    ...window.unseen.map(one => "not seen when it has the focus: " + one.outerHTML.slice(0, 200)),
]"""
MAX_ROUNDS = 3
"""A field for a day has several stops, and so has what scrolls: Tab is pressed so many times as often as counted."""


async def keyboard_faults(page: Page) -> list[str]:
    """What is not reached by Tab, and what does not show that it has the focus; the page is not used further."""
    counted = await page.evaluate(_BEGIN)
    for _ in range(MAX_ROUNDS):
        for _ in range(counted + 5):
            await page.keyboard.press("Tab")
        if not await page.evaluate("window.unreached.size"):
            break
    return list(await page.evaluate(_FAULTS))
