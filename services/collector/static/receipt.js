// By this field a person is told from a machine which presses Send by a script, as on the survey's page.
const hand = document.getElementById("not-solved")?.elements.touched;
if (hand) {
  hand.value = "0";
  for (const sign of ["pointerdown", "touchstart", "keydown", "wheel", "click", "input"]) {
    addEventListener(sign, (event) => { if (event.isTrusted) hand.value = "1"; }, { passive: true, capture: true });
  }
}
