// The photographs in a table that can be sorted.

import { findingOf } from "./finding.js";
import { number, words } from "./words.js";

const KEYS = {
  name: (entry) => entry.name,
  score: (entry) => entry.answer?.score ?? -1,
  verdict: (entry, moved) => verdict(entry, moved),
  regions: (entry) => entry.answer?.regions_total ?? -1,
};

export class List {
  #entries = [];
  // As the rows are.
  #drawn = [];
  #sort = null;
  #current = null;
  #moved = null;
  #onChoose;

  constructor(onChoose) {
    this.#onChoose = onChoose;
    for (const button of document.querySelectorAll("[data-sort]")) {
      button.addEventListener("click", () => this.#sortBy(button.dataset.sort));
    }
  }

  // In the order shown.
  get entries() {
    if (!this.#sort) return [...this.#entries];
    const { key, descending } = this.#sort;
    const order = (one, other) => compare(KEYS[key](one, this.#moved), KEYS[key](other, this.#moved)) * (descending ? -1 : 1);
    return [...this.#entries].sort(order);
  }

  add(entries) {
    this.#entries.push(...entries);
    this.draw();
  }

  clear() {
    this.#entries = [];
    this.draw();
  }

  // By another threshold than the calibrated one, or by that again where it is null.
  judge(moved) {
    this.#moved = moved;
    this.draw();
  }

  mark(entry) {
    this.#current = entry;
    this.draw();
  }

  draw() {
    document.getElementById("list").hidden = this.#entries.length === 0;
    const rows = document.getElementById("rows");
    const focused = this.#drawn[[...rows.querySelectorAll("button")].indexOf(document.activeElement)];
    this.#drawn = this.entries;
    rows.replaceChildren(...this.#drawn.map((entry) => this.#row(entry)));
    // Drawn again, a row has lost the focus, and may be elsewhere.
    rows.querySelectorAll("button")[this.#drawn.indexOf(focused)]?.focus();
  }

  #row(entry) {
    const row = document.createElement("tr");
    row.classList.toggle("current", entry === this.#current);
    const button = document.createElement("button");
    button.type = "button";
    button.append(...breakable(entry.name));
    if (entry === this.#current) button.setAttribute("aria-current", "true");
    // A click on the button comes through here too.
    row.addEventListener("click", () => this.#onChoose(entry));
    const { answer } = entry;
    row.append(
      cell(button),
      cell(answer ? number(answer.score, 3) : "", "number"),
      cell(verdict(entry, this.#moved), answer ? findingOf(answer, this.#moved) : entry.state),
      cell(answer ? number(answer.regions_total) : "", "number"),
    );
    return row;
  }

  #sortBy(key) {
    // Numbers begin with the highest: that is whom a doctor looks at first.
    const first = key === "score" || key === "regions";
    const descending = this.#sort?.key === key ? !this.#sort.descending : first;
    this.#sort = { key, descending };
    for (const button of document.querySelectorAll("[data-sort]")) {
      const header = button.closest("th");
      if (button.dataset.sort === key) header.setAttribute("aria-sort", descending ? "descending" : "ascending");
      else header.removeAttribute("aria-sort");
    }
    this.draw();
  }
}

function verdict({ answer, problem, state }, moved) {
  // The first of its sentences.
  if (problem) return problem.split(/(?<=\.) /)[0];
  if (!answer) return words(`state.${state}`);
  const finding = words(`finding.${findingOf(answer, moved)}`);
  return answer.quality.length > 0 ? words("see-quality", { finding }) : finding;
}

// A long name may wrap where its words end.
function breakable(name) {
  return name.split(/(?<=[/_.\-])/).flatMap((word) => [word, document.createElement("wbr")]);
}

function compare(one, other) {
  return typeof one === "string" ? one.localeCompare(other, undefined, { numeric: true }) : one - other;
}

function cell(content, name = "") {
  const data = document.createElement("td");
  data.className = name;
  data.append(content);
  return data;
}
