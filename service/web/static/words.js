// The page's words, in the first of the browser's languages that has a catalogue.

import { de } from "./words/de.js";
import { en } from "./words/en.js";

const CATALOGUES = { en, de };

const language = navigator.languages.map((tag) => tag.slice(0, 2)).find((each) => each in CATALOGUES) ?? "en";
const plural = new Intl.PluralRules(language);

export function has(name) {
  return name in CATALOGUES[language];
}

export function words(name, values = {}) {
  const text = CATALOGUES[language][name];
  return text.replace(/\{(\w+)\}/g, (_, value) => values[value]);
}

export function counted(name, count) {
  return words(`${name}.${plural.select(count)}`, { count: number(count) });
}

export function number(value, digits = 0) {
  return value.toLocaleString(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

// Fills in the elements that name their words.
export function fillIn() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-words]")) element.textContent = words(element.dataset.words);
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", words(element.dataset.label));
  }
}
