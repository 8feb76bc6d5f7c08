// The photograph in OpenSeadragon; above it the coloured layer and a frame round each region.

import { words } from "./words.js";

const { OpenSeadragon } = window;

// How much of the window's width a region takes when it is looked at.
const SHARE = 0.35;
const MOST_ZOOM = 12;
// OpenSeadragon's own for turning and flipping, which would part the frames from their regions, and for pages.
const OTHER_KEYS = new Set(["r", "f", "j", "k"]);

export class Picture {
  #id;
  #onFrame;
  #viewer = null;
  #entry = null;
  #frames = [];

  // `id` is of the window's element; `onFrame` is called with the index of a frame that is clicked.
  constructor(id, onFrame = () => {}) {
    this.#id = id;
    this.#onFrame = onFrame;
  }

  // Shows an answered photograph; the window must be visible.
  show(entry) {
    this.#viewer ??= this.#open();
    this.#entry = entry;
    this.#viewer.canvas.setAttribute("aria-label", words("picture-of", { name: entry.name }));
    this.#viewer.open({ type: "image", url: entry.photograph });
  }

  look(index) {
    for (const [place, frame] of this.#frames.entries()) frame.classList.toggle("current", place === index);
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const { viewport } = this.#viewer;
    if (index === null) viewport.goHome(still);
    else viewport.fitBoundsWithConstraints(this.#closeUp(this.#entry.answer.regions[index].box), still);
  }

  #open() {
    leaveInlineStyleOut();
    const viewer = new OpenSeadragon({
      id: this.#id,
      drawer: "canvas",
      showNavigationControl: false,
      visibilityRatio: 1,
      maxZoomPixelRatio: 8,
      gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true },
    });
    viewer.canvas.setAttribute("role", "application");
    viewer.addHandler("open", () => this.#lay());
    viewer.addHandler("canvas-key", (event) => {
      event.preventDefaultAction = OTHER_KEYS.has(event.originalEvent.key.toLowerCase());
    });
    viewer.addHandler("canvas-click", ({ quick, originalTarget }) => {
      const index = this.#frames.indexOf(originalTarget);
      if (quick && index >= 0) this.#onFrame(index);
    });
    return viewer;
  }

  #lay() {
    const { layer, answer } = this.#entry;
    // It is asked for again meanwhile.
    if (!answer) return;
    const { width, height } = answer.photograph;
    const marks = document.createElement("div");
    marks.className = "marks";
    const image = document.createElement("img");
    image.className = "layer";
    image.alt = "";
    image.draggable = false;
    image.src = layer;
    this.#frames = framesOf(answer);
    marks.append(image, ...discOf(answer), ...this.#frames);
    this.#viewer.addOverlay({ element: marks, location: new OpenSeadragon.Rect(0, 0, 1, height / width) });
  }

  // Of the window, in units of the photograph's width.
  #closeUp({ x, y, width, height }) {
    const whole = this.#entry.answer.photograph.width;
    const wide = Math.max(width / SHARE, whole / MOST_ZOOM);
    const high = Math.max(height / SHARE, whole / MOST_ZOOM);
    const left = x + (width - wide) / 2;
    const top = y + (height - high) / 2;
    return new OpenSeadragon.Rect(left / whole, top / whole, wide / whole, high / whole);
  }
}

// OpenSeadragon puts an inline style into the page, which the content security policy refuses, unless it finds it
// there already. This one is of no namespace, and so no style but in name.
function leaveInlineStyleOut() {
  if (document.querySelector("style[data-openseadragon-mobile-css]")) return;
  const style = document.createElementNS(null, "style");
  style.setAttribute("data-openseadragon-mobile-css", "");
  document.head.append(style);
}

// One element a region, to be laid over the photograph.
export function framesOf({ regions, photograph }) {
  return regions.map(({ box }) => outline("frame", box, photograph));
}

// One element for the optic disc, or none.
export function discOf({ optic_disc: disc, photograph }) {
  if (!disc) return [];
  const { x, y, diameter } = disc;
  const box = { x: x - diameter / 2, y: y - diameter / 2, width: diameter, height: diameter };
  return [outline("disc", box, photograph)];
}

function outline(name, { x, y, width, height }, { width: wide, height: high }) {
  const element = document.createElement("div");
  element.className = name;
  element.style.left = `${(100 * x) / wide}%`;
  element.style.top = `${(100 * y) / high}%`;
  element.style.width = `${(100 * width) / wide}%`;
  element.style.height = `${(100 * height) / high}%`;
  return element;
}
