// Single keys, wherever the focus is but in a field that takes them.

const TYPING = "input:not([type=range], [type=checkbox]), select, textarea";

// `pressed` and `released` hold functions by key, in lower case.
export function listen({ pressed, released }) {
  // Before OpenSeadragon, which keeps some to itself.
  document.addEventListener("keydown", (event) => call(pressed, event), true);
  document.addEventListener("keyup", (event) => call(released, event), true);
}

function call(actions, event) {
  const action = actions[event.key.toLowerCase()];
  if (!action || event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.(TYPING)) return;
  action(event);
}
