// What changes how the picture looks: overlay, frames, red-free, contrast, full screen.

const part = (id) => document.getElementById(id);

export class Tools {
  constructor() {
    for (const name of ["opacity", "contrast"]) {
      part(name).addEventListener("input", ({ target }) => {
        part("stage").style.setProperty(`--${name}`, target.value / 100);
      });
    }
    for (const name of ["red-free", "frames"]) {
      part(name).addEventListener("change", ({ target }) => part("stage").classList.toggle(name, target.checked));
    }
    for (const name of ["pointerdown", "pointerup", "pointerleave", "pointercancel"]) {
      part("before").addEventListener(name, () => this.bare(name === "pointerdown"));
    }
    // A key that is let go elsewhere is never told.
    window.addEventListener("blur", () => this.bare(false));
    part("full-screen").hidden = !document.fullscreenEnabled;
    part("full-screen").addEventListener("click", () => this.fullScreen());
  }

  // Without overlay and frames, while a key is held.
  bare(held) {
    part("stage").classList.toggle("bare", held);
  }

  redFree() {
    part("red-free").click();
  }

  fullScreen() {
    if (document.fullscreenElement) void document.exitFullscreen();
    else if (document.fullscreenEnabled) void part("stage").requestFullscreen();
  }
}
