// The patient's other eye beside the one that is looked at.

import { findingOf } from "./finding.js";
import { Picture } from "./picture.js";
import { number, words } from "./words.js";

const part = (id) => document.getElementById(id);

export class OtherEye {
  #picture = new Picture("other-viewer");
  #other = null;
  #moved = null;

  constructor() {
    part("both-eyes").addEventListener("change", () => this.#draw());
  }

  // `other` is what `otherEye` returns, `moved` the page's own threshold or null.
  show(other, moved) {
    const same = other?.entry.answer === this.#other?.entry.answer;
    this.#other = other;
    this.#moved = moved;
    part("both-eyes").disabled = !other;
    if (same) this.#say();
    else this.#draw();
  }

  #draw() {
    const shown = this.#other !== null && part("both-eyes").checked;
    part("other").hidden = !shown;
    part("eyes").classList.toggle("both", shown);
    if (!shown) return;
    // As the patient faces the reader: the right eye is on the left.
    part("other").classList.toggle("first", this.#other.isRight);
    this.#say();
    this.#picture.show(this.#other.entry);
  }

  #say() {
    if (!this.#other) return;
    const { name, answer } = this.#other.entry;
    const finding = words(`finding.${findingOf(answer, this.#moved)}`);
    part("other-verdict").textContent = `${name}: ${words("verdict", { finding, score: number(answer.score, 3) })}`;
  }
}
