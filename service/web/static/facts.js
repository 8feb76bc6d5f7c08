// What an answer says, in words: quality first, for a score of a bad photograph says little.

import { drawChart } from "./chart.js";
import { findingOf } from "./finding.js";
import { has, number, words } from "./words.js";

// Among fewer normals, no score can be shown to be rarer than one in twenty.
const FEW_NORMALS = 20;

const part = (id) => document.getElementById(id);

export function showFacts(answer, calibration, moved) {
  const finding = findingOf(answer, moved);
  part("quality").replaceChildren(...qualityLines(answer.quality));
  part("verdict").textContent = words("verdict", {
    finding: words(`finding.${finding}`),
    score: number(answer.score, 3),
  });
  part("verdict").className = finding;
  part("meaning").textContent = meaning(answer, finding);
  const { name: camera, chosen_by: chosenBy } = answer.camera;
  part("camera").textContent = words(`chosen-${chosenBy}`, { camera });
  part("camera").className = chosenBy === null ? "warning" : "";
  drawChart(part("chart"), calibration?.scores ?? [], moved ?? answer.threshold, answer.score);
  part("threshold-rule").textContent = rule(answer, calibration, moved);
  part("threshold").value = moved ?? answer.threshold;
  part("calibrated-threshold").disabled = moved === null;
  part("origin").textContent = origin(answer);
}

function qualityLines(notes) {
  if (notes.length === 0) return [item(words("quality-good"))];
  return notes.map(({ code, message }) => item(has(`quality.${code}`) ? words(`quality.${code}`) : message, "warning"));
}

function meaning({ percentile, camera, regions, finding: calibrated }, finding) {
  const sentences = [rank(percentile, camera)];
  if (camera.normals !== null && camera.normals < FEW_NORMALS) sentences.push(words("few-normals"));
  if (calibrated === "anomalous" && finding !== calibrated) sentences.push(words("below-moved"));
  if (finding === "anomalous") return sentences.join(" ");
  if (regions.length > 0) sentences.push(words("below-threshold"));
  sentences.push(words("no-all-clear"));
  return sentences.join(" ");
}

// Where the score lies among those of normal photographs, in photographs: all of 17 is not 100 %.
function rank(percentile, { name: camera, normals }) {
  if (normals !== null) return words("higher-than", { count: Math.round((percentile / 100) * normals), normals, camera });
  if (percentile === 100) return words("higher-than-all-unknown");
  return words("higher-than-unknown", { percent: number(percentile) });
}

function rule(answer, calibration, moved) {
  const threshold = number(moved ?? answer.threshold, 3);
  if (moved !== null) return words("threshold-moved", { threshold, calibrated: number(answer.threshold, 3) });
  if (calibration?.camera) {
    const percent = number(calibration.specificity * 100);
    return words("threshold-camera", { threshold, percent, camera: calibration.camera });
  }
  if (calibration?.rule) return words("threshold-model", { threshold, rule: calibration.rule });
  return words("threshold-plain", { threshold });
}

function origin({ acquisition, photograph, model, timings_ms: timings, request_id: request }) {
  const { width, height } = photograph;
  const seconds = number(timings.total / 1000, 2);
  const last = words("origin", { width, height, model: model.name, version: model.version, seconds, request });
  return [...taken(acquisition), last].join(" ");
}

// What a DICOM object says of its photograph.
function taken(acquisition) {
  const eye = { R: "right-eye", L: "left-eye" }[acquisition?.laterality];
  const when = acquisition?.acquired_at?.replace("T", " ");
  return [...(eye ? [words(eye)] : []), ...(when ? [words("taken", { when })] : [])];
}

function item(text, name = "") {
  const line = document.createElement("li");
  line.textContent = text;
  line.className = name;
  return line;
}
