// The regions of a photograph as a list, one of which may be chosen.

import { number, words } from "./words.js";

const part = (id) => document.getElementById(id);

export function showRegions({ regions, regions_total: total, photograph }, onChoose) {
  part("no-regions").hidden = regions.length > 0;
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

function line({ peak, area, box, peak_position: position }, photograph, onClick) {
  const button = document.createElement("button");
  button.type = "button";
  const place = words(quadrant(position, photograph));
  button.textContent = words("region", { peak: number(peak, 2), area: number(area), place });
  button.title = words("region-at", box);
  button.addEventListener("click", onClick);
  const element = document.createElement("li");
  element.append(button);
  return element;
}

// Of the photograph, not of the retina: where the fovea is, an answer does not say.
function quadrant({ x, y }, { width, height }) {
  return `${y < height / 2 ? "upper" : "lower"}-${x < width / 2 ? "left" : "right"}`;
}
