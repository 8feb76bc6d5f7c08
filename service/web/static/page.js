// The page: photographs in, one after the other to the service, answers into the list and the viewer.

import { describe, models, predict } from "./ask.js";
import { toCsv } from "./csv.js";
import { List } from "./list.js";
import { Viewer } from "./viewer.js";

const part = (id) => document.getElementById(id);

const viewer = new Viewer();
const list = new List(show);
const descriptions = new Map();
let waiting = [];
let asking = false;

async function start() {
  try {
    const names = await models();
    part("model").replaceChildren(...names.map((name) => new Option(name, name)));
    await sayCameras();
  } catch {
    say("The service does not answer. Is it running?");
  }
}

// On which cameras the chosen model has been shown to work.
async function sayCameras() {
  const { cameras } = await describe(part("model").value);
  const each = cameras.map(({ name, normals }) => `${name} (${normals} normal photographs)`).join(", ");
  part("calibrated").textContent =
    `Calibrated on ${each || "no camera"}. On any other camera a score may mean nothing.`;
}

function take(files) {
  const entries = [...files].map((file) => ({ name: file.name, file, state: "waiting" }));
  list.add(entries);
  waiting.push(...entries);
  void work();
}

async function work() {
  if (asking) return;
  asking = true;
  let answered = 0;
  for (let entry = waiting.shift(); entry; entry = waiting.shift()) {
    await ask(entry, answered);
    answered++;
    list.draw();
    // Cleared away while it was asked for.
    if (!list.entries.includes(entry)) continue;
    if (!viewer.entry || viewer.entry === entry) await show(entry);
  }
  asking = false;
  part("progress").hidden = true;
  say(answered === 1 ? "One photograph answered." : `${answered} photographs answered.`);
}

async function ask(entry, answered) {
  const total = answered + 1 + waiting.length;
  entry.state = "asking";
  list.draw();
  progress(answered, total);
  say(`Photograph ${answered + 1} of ${total}: ${entry.name}`);
  entry.photograph = await displayable(entry.file);
  try {
    entry.answer = await predict(entry.file, {
      model: part("model").value,
      key: part("key").value,
      heatmap: entry.photograph ? "map" : "overlay",
      // The layer has as many pixels as the model sees; a photograph that it must bring along, what a screen has.
      size: entry.photograph ? 768 : 2048,
      onProgress: (share) => progress(answered + share / 2, total),
      onWait: (seconds) => say(`The service is busy; retrying in ${seconds} s.`),
    });
    entry.layer = pngUrl(entry.answer.heatmap_png);
    // The list may grow long; the picture is kept as a file, not as text.
    delete entry.answer.heatmap_png;
  } catch (refusal) {
    entry.problem = refusal.message;
    if (refusal.status === 401) part("key-label").hidden = false;
  }
}

// The photograph as the browser shows it, or null: browsers know neither TIFF nor 16 bit.
async function displayable(file) {
  const url = URL.createObjectURL(file);
  const image = new Image();
  image.src = url;
  try {
    await image.decode();
    return url;
  } catch {
    URL.revokeObjectURL(url);
    return null;
  }
}

function pngUrl(base64) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
}

async function show(entry) {
  viewer.show(entry, entry.answer ? await normalScores(entry.answer) : []);
  list.mark(entry);
}

// Of the camera, or of the model where it is unknown; none where the service has another version by now.
async function normalScores({ model: { name, version }, camera }) {
  const key = `${name} ${version}`;
  if (!descriptions.has(key)) descriptions.set(key, await describe(name).catch(() => null));
  const description = descriptions.get(key);
  if (description?.parameters.version !== version) return [];
  const known = description.cameras.find((each) => each.name === camera.name);
  return (known ?? description.parameters).normal_scores;
}

function clear() {
  waiting = [];
  for (const { photograph, layer } of list.entries) {
    for (const url of [photograph, layer]) if (url) URL.revokeObjectURL(url);
  }
  list.clear();
  viewer.clear();
  say("");
}

function saveCsv() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([toCsv(list.entries)], { type: "text/csv" }));
  link.download = "resynthdetect.csv";
  link.click();
  URL.revokeObjectURL(link.href);
}

function progress(done, total) {
  part("progress").hidden = false;
  part("progress").value = done / total;
}

function say(words) {
  part("status").textContent = words;
}

part("model").addEventListener("change", () => void sayCameras());
part("files").addEventListener("change", (event) => {
  take(event.target.files);
  // The same file may be chosen again.
  event.target.value = "";
});
for (const name of ["dragenter", "dragover"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    part("drop").classList.add("over");
  });
}
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) part("drop").classList.remove("over");
});
// Anywhere on the page: beside the frame, a browser would leave the page for the file.
document.addEventListener("drop", (event) => {
  event.preventDefault();
  part("drop").classList.remove("over");
  take(event.dataTransfer.files);
});
part("csv").addEventListener("click", saveCsv);
part("clear").addEventListener("click", clear);
part("options").addEventListener("submit", (event) => event.preventDefault());
void start();
