// One photograph with its answer: picture, overlay, regions, chart and words.

import { drawChart } from "./chart.js";
import { finding } from "./finding.js";

// How much of the picture's width a region takes when it is looked at.
const ZOOM_SHARE = 0.35;
const MOST_ZOOM = 12;

const part = (id) => document.getElementById(id);

export class Viewer {
  #entry = null;
  #chosen = null;

  constructor() {
    part("opacity").addEventListener("input", () => this.#fade());
    part("frames").addEventListener("change", (event) => {
      part("boxes").hidden = !event.target.checked;
    });
    part("whole").addEventListener("click", () => this.#choose(null));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#choose(null);
    });
  }

  get entry() {
    return this.#entry;
  }

  clear() {
    this.#entry = null;
    part("answer").hidden = true;
  }

  // `normals` are the scores of normal photographs of the model that answered.
  show(entry, normals) {
    this.#entry = entry;
    part("answer").hidden = false;
    part("title").textContent = entry.name;
    part("problem").hidden = !entry.problem;
    part("problem").textContent = entry.problem ?? "";
    part("shown").hidden = !entry.answer;
    if (!entry.answer) return;
    const { width, height } = entry.answer.photograph;
    part("viewer").style.aspectRatio = `${width} / ${height}`;
    this.#showPicture(entry);
    this.#showFacts(entry.answer, normals);
    this.#showRegions(entry.answer);
    this.#choose(null);
  }

  #showPicture({ name, photograph, layer }) {
    part("photograph").src = photograph ?? layer;
    part("photograph").alt = `The photograph ${name}`;
    part("layer").hidden = !photograph;
    if (photograph) part("layer").src = layer;
    else part("layer").removeAttribute("src");
    part("opacity").disabled = !photograph;
    part("fixed").hidden = Boolean(photograph);
    this.#fade();
  }

  #showFacts(answer, normals) {
    const percent = answer.percentile.toFixed(0);
    part("verdict").textContent = `${finding(answer)}: score ${answer.score.toFixed(3)}`;
    part("verdict").className = answer.finding;
    drawChart(part("chart"), normals, answer.threshold, answer.score);
    part("chart-text").textContent =
      `Red: this photograph, higher than ${percent} % of normal photographs (grey). ` +
      `From ${answer.threshold.toFixed(3)} on a photograph is called anomalous. A low score is no all-clear.`;
    part("camera").textContent = answer.camera.note;
    part("camera").classList.toggle("warning", answer.camera.chosen_by === null);
    part("quality-part").hidden = answer.quality.length === 0;
    part("quality").replaceChildren(...answer.quality.map((note) => item(note.message)));
    const { width, height } = answer.photograph;
    part("origin").textContent =
      taken(answer.acquisition) +
      `${width} × ${height} pixels, ${answer.model.name} ${answer.model.version}, ` +
      `${(answer.timings_ms.total / 1000).toFixed(2)} s. Request ${answer.request_id}.`;
  }

  #showRegions({ regions, regions_total: total, photograph }) {
    part("no-regions").hidden = regions.length > 0;
    part("boxes").replaceChildren(...regions.map((region, index) => this.#box(region, index, photograph)));
    part("regions").replaceChildren(...regions.map((region, index) => this.#line(region, index)));
    if (total > regions.length) part("regions").append(item(`and ${total - regions.length} more`));
  }

  #box({ box }, index, { width, height }) {
    const button = this.#regionButton(index);
    // The list says the same in words; one way by keyboard is enough.
    button.tabIndex = -1;
    button.setAttribute("aria-hidden", "true");
    button.style.left = `${(100 * box.x) / width}%`;
    button.style.top = `${(100 * box.y) / height}%`;
    button.style.width = `${(100 * box.width) / width}%`;
    button.style.height = `${(100 * box.height) / height}%`;
    return button;
  }

  #line({ peak, area, box }, index) {
    const button = this.#regionButton(index);
    button.textContent = `peak ${peak.toFixed(2)}, ${area.toLocaleString("en")} pixels`;
    button.setAttribute("aria-pressed", "false");
    button.title = `${box.width} × ${box.height} pixels at ${box.x}, ${box.y}`;
    const line = item("");
    line.append(button);
    return line;
  }

  #regionButton(index) {
    const button = document.createElement("button");
    button.type = "button";
    button.addEventListener("click", () => this.#choose(this.#chosen === index ? null : index));
    return button;
  }

  // Looks at one region closely, or at the whole photograph again.
  #choose(index) {
    this.#chosen = index;
    part("whole").disabled = index === null;
    this.#zoom(index === null ? null : this.#closeUp(this.#entry.answer, index));
    for (const [place, box] of [...part("boxes").children].entries()) box.classList.toggle("current", place === index);
    for (const [place, button] of [...part("regions").querySelectorAll("button")].entries()) {
      button.setAttribute("aria-pressed", String(place === index));
    }
  }

  #closeUp({ regions, photograph }, index) {
    const { box } = regions[index];
    const shares = [box.width / photograph.width, box.height / photograph.height];
    const zoom = Math.max(1, Math.min(ZOOM_SHARE / Math.max(...shares), MOST_ZOOM));
    const shift = (start, length, whole) => {
      const middle = (start + length / 2) / whole;
      // The picture's edge stays at the window's.
      return Math.max(Math.min(0.5 - middle * zoom, 0), 1 - zoom) * 100;
    };
    const left = shift(box.x, box.width, photograph.width);
    const top = shift(box.y, box.height, photograph.height);
    return { zoom, left, top };
  }

  #zoom(closeUp) {
    const { zoom, left, top } = closeUp ?? { zoom: 1, left: 0, top: 0 };
    // Wider, not scaled: frames stay as thin as they are. Shares of the window are shares of the picture then.
    part("picture").style.width = `${zoom * 100}%`;
    part("picture").style.transform = `translate(${left / zoom}%, ${top / zoom}%)`;
  }

  #fade() {
    part("layer").style.opacity = part("opacity").value / 100;
  }
}

// What a DICOM object says of its photograph.
function taken(acquisition) {
  const eye = { R: "Right eye. ", L: "Left eye. " }[acquisition?.laterality] ?? "";
  return eye + (acquisition?.acquired_at ? `Taken ${acquisition.acquired_at.replace("T", " ")}. ` : "");
}

function item(text) {
  const line = document.createElement("li");
  line.textContent = text;
  return line;
}
