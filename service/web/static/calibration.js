// The normal photographs that a score is compared with, and what its threshold was chosen for.

import { describe } from "./ask.js";

const descriptions = new Map();

// Of the camera, or of the model where it is unknown; null where the service has another version by now.
export async function calibrationOf({ model: { name, version }, camera }) {
  const key = `${name} ${version}`;
  const description = descriptions.get(key) ?? (await describe(name).catch(() => null));
  if (description) descriptions.set(key, description);
  if (description?.parameters.version !== version) return null;
  const known = description.cameras.find((each) => each.name === camera.name);
  if (known) return { scores: known.normal_scores, camera: known.name, specificity: known.specificity };
  return { scores: description.parameters.normal_scores, rule: description.parameters.decision.chosen_by };
}
