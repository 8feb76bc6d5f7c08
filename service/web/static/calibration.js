// The normal photographs that a score is compared with, and what its threshold was chosen for.

import { describe } from "./ask.js";

const descriptions = new Map();

// Of the camera, or of the model where it is unknown; null where the service has another version, or another
// calibration of the camera, by now.
export async function calibrationOf({ model: { name, version }, camera }) {
  const key = `${name} ${version}`;
  let description = descriptions.get(key);
  // A camera that is calibrated makes no new version.
  if (!description || !knows(description, camera)) {
    description = await describe(name).catch(() => null);
    if (description) descriptions.set(key, description);
  }
  if (description?.parameters.version !== version || !knows(description, camera)) return null;
  const known = profileOf(description, camera);
  if (known) return { scores: known.normal_scores, camera: known.name, specificity: known.specificity };
  return { scores: description.parameters.normal_scores, rule: description.parameters.decision.chosen_by };
}

function knows(description, camera) {
  return camera.normals === null || profileOf(description, camera) !== undefined;
}

function profileOf({ cameras }, { name, normals }) {
  return cameras.find((each) => each.name === name && each.normals === normals);
}
