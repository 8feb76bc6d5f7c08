// What the page shows of a photograph: itself, and the layer of colours. Both are files behind URLs.

import { predict } from "./ask.js";
import { unblend } from "./unblend.js";

// A layer has as many pixels as the model sees.
const LAYER_SIZE = 768;
// A photograph that the service draws has as many as a screen.
const DRAWN_SIZE = 2048;

// Asks the service; returns the answer and the pictures.
export async function answerTo(file, options) {
  const photograph = await displayable(file);
  if (!photograph) return drawnByService(file, options);
  try {
    const answer = await predict(file, { ...options, heatmap: "map", size: LAYER_SIZE });
    return { answer, photograph, layer: URL.createObjectURL(takePng(answer)), rebuilt: null };
  } catch (refusal) {
    URL.revokeObjectURL(photograph);
    throw refusal;
  }
}

async function drawnByService(file, options) {
  const overlay = takePng(await predict(file, { ...options, heatmap: "overlay", size: DRAWN_SIZE }));
  const answer = await predict(file, { ...options, heatmap: "map", size: DRAWN_SIZE });
  const layer = takePng(answer);
  const below = await unblend(overlay, layer);
  return { answer, photograph: URL.createObjectURL(below), layer: URL.createObjectURL(layer), rebuilt: DRAWN_SIZE };
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
function takePng(answer) {
  const bytes = Uint8Array.from(atob(answer.heatmap_png), (character) => character.charCodeAt(0));
  delete answer.heatmap_png;
  return new Blob([bytes], { type: "image/png" });
}
