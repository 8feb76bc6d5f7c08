// The regions of a photograph as a list, one of which may be chosen.

import { counted, number, words } from "./words.js";

const part = (id) => document.getElementById(id);

// Closer to the centre of the optic disc, in its diameters, a region lies on it.
const ON_DISC = 0.5;

export function showRegions({ regions, regions_total: total, optic_disc: disc, photograph }, onChoose) {
  part("no-regions").hidden = regions.length > 0;
  part("seen-from").hidden = regions.length === 0;
  part("seen-from").textContent = words(disc ? "seen-from-disc" : "seen-from-photograph");
  part("regions").replaceChildren(...regions.map((region, index) => line(region, photograph, () => onChoose(index))));
  if (total > regions.length) {
    const more = document.createElement("li");
    more.textContent = words("more", { count: total - regions.length });
    part("regions").append(more);
  }
}

export function markRegion(index) {
  const list = part("regions");
  for (const [place, button] of list.querySelectorAll("button").entries()) {
    button.setAttribute("aria-pressed", String(place === index));
    // The list alone: the page stays at the picture.
    if (place === index) list.scrollTop = button.offsetTop - list.clientHeight / 2;
  }
}

function line({ peak, area, box, place, peak_position: position }, photograph, onClick) {
  const button = document.createElement("button");
  button.type = "button";
  const where = place ? fromDisc(place) : words(quadrant(position, photograph));
  button.textContent = words("region", { peak: number(peak, 2), area: counted("pixels", area), where });
  button.title = words("region-at", box);
  button.addEventListener("click", onClick);
  const element = document.createElement("li");
  element.append(button);
  return element;
}

function fromDisc({ quadrant, disc_diameters: distance }) {
  if (distance < ON_DISC) return words("on-disc");
  return words("place", { quadrant: words(quadrant), distance: number(distance, 1) });
}

// Of the photograph, not of the retina.
function quadrant({ x, y }, { width, height }) {
  return `${y < height / 2 ? "upper" : "lower"}-${x < width / 2 ? "left" : "right"}`;
}
