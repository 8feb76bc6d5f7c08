// The page: photographs in, a few at a time to the service, answers into the list and the viewer.

import { filesIn, isArchive } from "./archive.js";
import { describe, models } from "./ask.js";
import { calibrationOf } from "./calibration.js";
import { fileAt, filesOf, isPhotograph } from "./dropped.js";
import { otherEye } from "./eyes.js";
import { listen } from "./keys.js";
import { List } from "./list.js";
import { answerTo } from "./photographs.js";
import { Queue } from "./queue.js";
import { csvFile, save, zipFile } from "./results.js";
import { say, sayDone, sayProgress } from "./status.js";
import { Viewer } from "./viewer.js";
import { fillIn, number, words } from "./words.js";

const part = (id) => document.getElementById(id);

fillIn();
const viewer = new Viewer();
const list = new List((entry) => void choose(entry));
const queue = new Queue(ask, () => sayDone(list.entries));
// The threshold moved on the page; null where it is the calibrated one.
let moved = null;
let unsaved = false;
// The entry to be shown, which may have to wait for what it is compared with.
let chosen = null;

async function start() {
  const names = await models();
  part("model").replaceChildren(...names.map((name) => new Option(name, name)));
  sayCameras().catch(sayGone);
}

function sayGone() {
  say(words("problem.gone"));
}

// On which cameras the chosen model has been shown to work.
async function sayCameras() {
  const model = part("model").value;
  const { cameras } = await describe(model);
  // Another one may have been chosen meanwhile.
  if (model !== part("model").value) return;
  const each = cameras.map(({ name, normals }) => words("calibrated-on", { name, normals: number(normals) }));
  part("calibrated").textContent = words("calibrated", { cameras: each.join(", ") || words("calibrated-on-none") });
}

async function take(files) {
  const unpacked = await Promise.all(files.map((file) => (isArchive(file.name) ? filesIn(file) : file)));
  const entries = unpacked.flat().map((file) => ({ ...file, state: "waiting", share: 0 }));
  list.add(entries);
  queue.add(entries);
}

async function ask(entry, signal) {
  entry.state = "asking";
  list.draw();
  sayProgress(list.entries);
  // A photograph may be chosen before the models are known.
  await started;
  try {
    const answered = await answerTo(await entry.open(), optionsOf(entry, signal));
    if (signal.aborted) return forget(answered);
    Object.assign(entry, answered, { state: "answered" });
    unsaved = true;
  } catch (refusal) {
    if (signal.aborted) return;
    Object.assign(entry, { state: "failed", problem: refusal.message, status: refusal.status });
    if (refusal.status === 401) part("key-label").hidden = false;
  }
  list.draw();
  sayProgress(list.entries);
  if (!chosen || chosen === entry) await show(entry);
  else pair();
}

function optionsOf(entry, signal) {
  return {
    model: part("model").value,
    key: part("key").value,
    signal,
    onProgress: (share) => {
      entry.share = share / 2;
      sayProgress(list.entries);
    },
    onWait: (seconds, status) => sayProgress(list.entries, status === 429 ? "status.limited" : "status.busy", seconds),
  };
}

// Asks for entries once more, whatever came of them.
function askAgain(entries) {
  queue.withdraw(entries);
  for (const entry of entries) {
    forget(entry);
    Object.assign(entry, { state: "waiting", share: 0, problem: null, answer: null });
  }
  list.draw();
  queue.add(entries);
}

function forget({ photograph, layer }) {
  for (const url of [photograph, layer]) if (url) URL.revokeObjectURL(url);
}

async function show(entry) {
  chosen = entry;
  const calibration = entry.answer ? await calibrationOf(entry.answer) : null;
  if (chosen !== entry) return;
  viewer.show(entry, calibration, moved);
  pair();
  list.mark(entry);
}

// The other eye may be answered later than the one that is shown.
function pair() {
  if (chosen) viewer.pair(otherEye(chosen, list.entries), moved);
}

async function choose(entry) {
  await show(entry);
  // Where the picture is below the list and not beside it, as on a phone.
  if (matchMedia("(max-width: 60rem)").matches) part("answer").scrollIntoView();
}

function step(by) {
  const entries = list.entries;
  const next = entries[entries.indexOf(chosen) + by];
  if (next) void choose(next);
}

function judge(threshold) {
  moved = threshold;
  viewer.judge(moved);
  pair();
  list.judge(moved);
}

function failed() {
  return list.entries.filter((entry) => entry.state === "failed");
}

function clear() {
  queue.withdraw(list.entries);
  list.entries.forEach(forget);
  list.clear();
  viewer.clear();
  chosen = null;
  unsaved = false;
  sayDone([]);
}

function saveCsv() {
  save(csvFile(list.entries, moved), "resynthdetect.csv");
  unsaved = false;
}

async function saveZip() {
  const entries = list.entries;
  const total = entries.filter(({ answer }) => answer).length;
  part("zip").disabled = true;
  try {
    const drawing = (index) => say(words("status.drawing", { done: index + 1, total }));
    save(await zipFile(entries, moved, drawing), "resynthdetect.zip");
    unsaved = false;
    say(words("status.saved"));
  } catch {
    // The list was cleared meanwhile, or the browser has no room.
    say(words("problem.not-saved"));
  }
  part("zip").disabled = false;
}

part("model").addEventListener("change", () => {
  sayCameras().catch(sayGone);
  // It was moved for the scores of the other model.
  judge(null);
  askAgain(list.entries);
});
part("key").addEventListener("change", () => askAgain(failed().filter(({ status }) => status === 401)));
part("again").addEventListener("click", () => askAgain(failed()));
part("ask-again").addEventListener("click", () => askAgain([chosen]));
for (const name of ["files", "folder"]) {
  part(`choose-${name}`).addEventListener("click", () => part(name).click());
  part(name).addEventListener("change", ({ target }) => {
    // Of a folder; that itself is wanted, whatever its name is.
    const wanted = ({ webkitRelativePath: path }) => path.split("/").slice(1).every(isPhotograph);
    const files = [...target.files].filter(wanted);
    void take(files.map((file) => fileAt(file.webkitRelativePath || file.name, file)));
    // The same file may be chosen again.
    target.value = "";
  });
}
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
document.addEventListener("drop", async (event) => {
  event.preventDefault();
  part("drop").classList.remove("over");
  await take(await filesOf(event.dataTransfer));
});
part("csv").addEventListener("click", saveCsv);
part("zip").addEventListener("click", () => void saveZip());
part("clear").addEventListener("click", clear);
part("print").addEventListener("click", () => window.print());
part("threshold").addEventListener("input", ({ target }) => judge(Number(target.value)));
part("calibrated-threshold").addEventListener("click", () => judge(null));
part("options").addEventListener("submit", (event) => event.preventDefault());
window.addEventListener("beforeunload", (event) => {
  if (unsaved) event.preventDefault();
});
listen({
  pressed: {
    n: () => viewer.step(1),
    p: () => viewer.step(-1),
    b: () => viewer.tools.bare(true),
    r: () => viewer.tools.redFree(),
    f: () => viewer.tools.fullScreen(),
    j: () => step(1),
    k: () => step(-1),
    escape: () => viewer.choose(null),
  },
  released: { b: () => viewer.tools.bare(false) },
});
const started = start().catch(sayGone);
