// The two eyes of a patient, told by the names of their files: 17_left.jpg and 17_right.jpg, OD and OS, L and R.

const OTHER = { left: "right", right: "left", od: "os", os: "od", l: "r", r: "l" };
const RIGHT = new Set(["right", "od", "r"]);
const EYE = /(?<![a-z])(left|right|od|os|l|r)(?![a-z])/gi;

// The answered photograph of the other eye, and whether that is the right one; null where there is none.
export function otherEye({ name }, entries) {
  const eye = [...name.matchAll(EYE)].at(-1);
  if (!eye) return null;
  const other = OTHER[eye[0].toLowerCase()];
  const otherName = name.slice(0, eye.index) + other + name.slice(eye.index + eye[0].length);
  const entry = entries.find((each) => each.answer && each.name.toLowerCase() === otherName.toLowerCase());
  return entry ? { entry, isRight: RIGHT.has(other) } : null;
}
