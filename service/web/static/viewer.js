// One photograph with its answer: picture, overlay, regions, chart and words.

import { showFacts } from "./facts.js";
import { OtherEye } from "./other_eye.js";
import { Picture } from "./picture.js";
import { showPrinted } from "./printed.js";
import { markRegion, showRegions } from "./regions.js";
import { Tools } from "./tools.js";
import { words } from "./words.js";

const part = (id) => document.getElementById(id);

export class Viewer {
  #entry = null;
  #calibration = null;
  #chosen = null;
  #other = new OtherEye();
  #picture = new Picture("viewer", (index) => this.#toggle(index));

  tools = new Tools();

  constructor() {
    part("whole").addEventListener("click", () => this.choose(null));
    part("next").addEventListener("click", () => this.step(1));
    part("previous").addEventListener("click", () => this.step(-1));
  }

  clear() {
    this.#entry = null;
    part("answer").hidden = true;
  }

  // `calibration` is what the answer's score is compared with, `moved` the page's own threshold or null.
  show(entry, calibration, moved) {
    this.#entry = entry;
    this.#calibration = calibration;
    part("answer").hidden = false;
    part("title").textContent = entry.name;
    part("failed").hidden = !entry.problem;
    part("problem").textContent = entry.problem ?? "";
    part("shown").hidden = !entry.answer;
    if (!entry.answer) return;
    this.judge(moved);
    this.#showPicture(entry);
    showPrinted(entry);
    showRegions(entry.answer, (index) => this.#toggle(index));
    this.#mark(null);
  }

  // Beside the other eye of the same patient, as `otherEye` tells it.
  pair(other, moved) {
    if (this.#entry?.answer) this.#other.show(other, moved);
  }

  // By another threshold.
  judge(moved) {
    if (this.#entry?.answer) showFacts(this.#entry.answer, this.#calibration, moved);
  }

  // Looks at one region closely, or at the whole photograph again.
  choose(index) {
    if (!this.#entry?.answer) return;
    this.#mark(index);
    this.#picture.look(index);
  }

  // The next region, or the one before; behind the last comes the first.
  step(by) {
    const count = this.#entry?.answer?.regions.length;
    if (!count) return;
    const from = this.#chosen ?? (by > 0 ? -1 : 0);
    this.choose((from + by + count) % count);
  }

  #toggle(index) {
    this.choose(this.#chosen === index ? null : index);
  }

  #mark(index) {
    this.#chosen = index;
    markRegion(index);
  }

  #showPicture(entry) {
    const { drawn, answer } = entry;
    part("drawn").hidden = !drawn;
    part("drawn").textContent = drawn ? words("drawn", { size: drawn }) : "";
    const none = answer.regions.length === 0;
    part("next").disabled = none;
    part("previous").disabled = none;
    this.#picture.show(entry);
  }
}
