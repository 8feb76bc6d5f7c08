// The photograph in OpenSeadragon; above it the coloured layer and a frame round each region.

const { OpenSeadragon } = window;

// How much of the window's width a region takes when it is looked at.
const SHARE = 0.35;
const MOST_ZOOM = 12;
// OpenSeadragon's own for turning and flipping, which would part the frames from their regions, and for pages.
const OTHER_KEYS = new Set(["r", "f", "j", "k"]);

export class Picture {
  #viewer = null;
  #shown = null;
  #frames = [];
  #onFrame;

  // `onFrame` is called with the index of a frame that is clicked.
  constructor(onFrame) {
    this.#onFrame = onFrame;
  }

  // The window must be visible. `layer` is a transparent picture, `regions` have boxes of photograph pixels.
  show({ url, layer, label, width, height, regions }) {
    this.#viewer ??= this.#open();
    this.#shown = { layer, width, height, regions };
    this.#viewer.canvas.setAttribute("aria-label", label);
    this.#viewer.open({ type: "image", url });
  }

  look(index) {
    for (const [place, frame] of this.#frames.entries()) frame.classList.toggle("current", place === index);
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const { viewport } = this.#viewer;
    if (index === null) viewport.goHome(still);
    else viewport.fitBoundsWithConstraints(this.#closeUp(this.#shown.regions[index].box), still);
  }

  #open() {
    leaveInlineStyleOut();
    const viewer = new OpenSeadragon({
      id: "viewer",
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
    const { layer, width, height, regions } = this.#shown;
    const marks = document.createElement("div");
    marks.id = "marks";
    const image = document.createElement("img");
    image.id = "layer";
    image.alt = "";
    image.src = layer;
    this.#frames = framesOf(regions, width, height);
    marks.append(image, ...this.#frames);
    this.#viewer.addOverlay({ element: marks, location: new OpenSeadragon.Rect(0, 0, 1, height / width) });
  }

  // Of the window, in units of the photograph's width.
  #closeUp({ x, y, width, height }) {
    const whole = this.#shown.width;
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
  const style = document.createElementNS(null, "style");
  style.setAttribute("data-openseadragon-mobile-css", "");
  document.head.append(style);
}

// One element a region, to be laid over the photograph.
export function framesOf(regions, width, height) {
  return regions.map(({ box }) => frame(box, width, height));
}

function frame({ x, y, width, height }, wide, high) {
  const element = document.createElement("div");
  element.className = "frame";
  element.style.left = `${(100 * x) / wide}%`;
  element.style.top = `${(100 * y) / high}%`;
  element.style.width = `${(100 * width) / wide}%`;
  element.style.height = `${(100 * height) / high}%`;
  return element;
}
