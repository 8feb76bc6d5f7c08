// What an answer comes to, in words. None of them is an all-clear, so none is green.

const WORDS = {
  anomalous: "Anomalous",
  borderline: "Borderline",
  "nothing-found": "Nothing found",
  "cannot-be-judged": "Cannot be judged",
};

export function finding(answer) {
  return WORDS[answer.finding];
}
