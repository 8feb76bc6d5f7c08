// The photograph under an overlay, for formats that browsers do not know: overlay = photograph (1 - a) + colour a.

// Takes PNG files, the overlay and its colours alone as a transparent layer; returns one of the photograph. Colours
// are never opaque; where they are strongest, rounding costs some five grey levels of 255.
export async function unblend(overlay, layer) {
  const [canvas, colours] = await Promise.all([draw(overlay), draw(layer)]);
  const picture = pixels(canvas);
  const { data: above } = pixels(colours);
  const below = picture.data;
  for (let place = 0; place < below.length; place += 4) {
    const opacity = above[place + 3] / 255;
    for (let channel = place; channel < place + 3; channel++) {
      below[channel] = (below[channel] - above[channel] * opacity) / (1 - opacity);
    }
  }
  canvas.getContext("2d").putImageData(picture, 0, 0);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

async function draw(file) {
  const bitmap = await createImageBitmap(file);
  const canvas = document.createElement("canvas");
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  canvas.getContext("2d", { willReadFrequently: true }).drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvas;
}

function pixels(canvas) {
  return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
}
