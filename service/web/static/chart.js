// Where a score stands among those of normal photographs.

import { number, words } from "./words.js";

const BINS = 40;
const LEFT = 10;
const WIDTH = 300;
const BASE = 76;
const HEIGHT = 60;

// Draws into an SVG of 320 x 96. `normals` are scores at evenly spaced quantiles, ascending.
export function drawChart(svg, normals, threshold, score) {
  svg.replaceChildren();
  const shares = histogram(normals);
  const highest = Math.max(...shares, Number.EPSILON);
  shares.forEach((share, bin) => {
    const height = (HEIGHT * share) / highest;
    add(svg, "rect", { class: "normals", x: x(bin / BINS), y: BASE - height, width: WIDTH / BINS - 0.5, height });
  });
  add(svg, "line", { class: "axis", x1: x(0), x2: x(1), y1: BASE, y2: BASE });
  add(svg, "line", { class: "threshold", x1: x(threshold), x2: x(threshold), y1: 12, y2: BASE });
  add(svg, "line", { class: "score", x1: x(score), x2: x(score), y1: 12, y2: BASE + 3 });
  for (const value of [0, 0.5, 1]) label(svg, x(value), BASE + 14, number(value, 1), value);
  label(svg, x(threshold), 9, words("threshold"), threshold);
}

function x(value) {
  return LEFT + WIDTH * value;
}

function histogram(normals) {
  const shares = new Array(BINS).fill(0);
  for (const score of normals) shares[Math.min(Math.floor(score * BINS), BINS - 1)] += 1 / normals.length;
  return shares;
}

function label(svg, left, top, text, value) {
  const anchor = value < 0.15 ? "start" : value > 0.85 ? "end" : "middle";
  add(svg, "text", { x: left, y: top, "text-anchor": anchor }).textContent = text;
}

function add(svg, name, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  svg.append(element);
  return element;
}
