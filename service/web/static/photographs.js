// What the page shows of a photograph: itself, and the layer of colours. Both are files behind URLs.

import { predict, Refusal } from "./ask.js";
import { words } from "./words.js";

// A layer has as many pixels as the model sees.
const LAYER_SIZE = 768;
// A photograph that the service draws has as many as a screen.
const DRAWN_SIZE = 2048;

// Asks the service; returns the answer and the pictures.
export async function answerTo(file, options) {
  await checkReadable(file);
  const photograph = await displayable(file);
  if (!photograph) return drawnByService(file, options);
  try {
    const answer = await predict(file, { ...options, heatmap: "map", size: LAYER_SIZE });
    return { answer, photograph, layer: takePng(answer, "heatmap_png"), drawn: null };
  } catch (refusal) {
    URL.revokeObjectURL(photograph);
    throw refusal;
  }
}

// A file that is gone cannot be sent either, which looks as if the service were gone.
async function checkReadable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
  } catch {
    throw new Refusal(words("problem.file"), 0);
  }
}

async function drawnByService(file, options) {
  const answer = await predict(file, { ...options, heatmap: "map", size: DRAWN_SIZE, photograph: true });
  const photograph = takePng(answer, "photograph_png");
  return { answer, photograph, layer: takePng(answer, "heatmap_png"), drawn: DRAWN_SIZE };
}

// The photograph as the browser shows it, or null: browsers know neither TIFF nor DICOM.
async function displayable(file) {
  const url = URL.createObjectURL(file);
  const image = new Image();
  image.src = url;
  try {
    await image.decode();
    return url;
  } catch {
    URL.revokeObjectURL(url);
    return null;
  }
}

// The list may grow long; a picture is kept as a file, not as text.
function takePng(answer, name) {
  const bytes = Uint8Array.from(atob(answer[name]), (character) => character.charCodeAt(0));
  delete answer[name];
  return URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
}
