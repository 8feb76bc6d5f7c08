// The picture as a report prints it: OpenSeadragon's is only as large as its window on the screen.

import { discOf, framesOf } from "./picture.js";

const part = (id) => document.getElementById(id);

export function showPrinted({ photograph, layer, answer }) {
  const { width, height } = answer.photograph;
  part("printed").style.setProperty("--aspect", width / height);
  part("printed").replaceChildren(image(photograph), image(layer), ...discOf(answer), ...framesOf(answer));
}

function image(url) {
  const element = document.createElement("img");
  element.src = url;
  element.alt = "";
  return element;
}
