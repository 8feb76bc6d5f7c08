// What an answer comes to. None of them is an all-clear, so none is green.

// By the threshold that was moved on the page; null where none was. What only the calibrated one calls anomalous is
// borderline: somebody should still look.
export function findingOf({ finding, score }, moved) {
  if (moved === null) return finding;
  if (score >= moved) return "anomalous";
  return finding === "anomalous" ? "borderline" : finding;
}
