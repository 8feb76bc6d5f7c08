// Asks the service. What it refuses is a Refusal, whose message is for people.

import { has, words } from "./words.js";

const TRIES = 20;

export class Refusal extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

export async function models() {
  return (await json("v2/models")).models.map((model) => model.name);
}

// What a model says of itself, and the cameras that it is calibrated on.
export async function describe(model) {
  return json(`v2/models/${encodeURIComponent(model)}`);
}

async function json(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Refusal(words("problem.status", { status: response.status }), response.status);
  return response.json();
}

// Sends a photograph; waits and asks again where the service is busy, or a rate limit is reached.
export async function predict(file, { onWait, ...options }) {
  for (let tries = 1; ; tries++) {
    options.signal.throwIfAborted();
    const { status, retryAfter, answer } = await send(file, options);
    if (status === 200) return answer;
    const busy = (status === 503 || status === 429) && retryAfter !== null;
    if (!busy || tries === TRIES) throw new Refusal(reason(status, answer), status);
    onWait(retryAfter, status);
    await new Promise((resolve) => setTimeout(resolve, retryAfter * 1000));
  }
}

// The seconds of a Retry-After header, which may be a date; null where there is none.
function waitOf(header) {
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? null : Math.max(Math.ceil(seconds), 1);
}

// Not fetch, which has no upload progress.
function send(file, { model, key, heatmap, size, photograph = false, onProgress, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    // The default model is asked where none is named: the list of models may not have come.
    const query = new URLSearchParams({ heatmap, size, photograph, ...(model && { model }) });
    request.open("POST", `predict?${query}`);
    request.responseType = "json";
    if (key) request.setRequestHeader("X-API-Key", key);
    request.upload.onprogress = (event) => onProgress(event.total ? event.loaded / event.total : 0);
    request.onload = () => {
      resolve({
        status: request.status,
        retryAfter: waitOf(request.getResponseHeader("Retry-After")),
        answer: request.response,
      });
    };
    request.onerror = () => reject(new Refusal(words("problem.gone"), 0));
    request.onabort = () => reject(signal.reason);
    signal.addEventListener("abort", () => request.abort());
    const form = new FormData();
    // The service needs no name, and so gets none.
    form.append("file", file, "photograph");
    request.send(form);
  });
}

// A problem document (RFC 9457) in a sentence or two.
function reason(status, problem) {
  if (!problem?.title) return words("problem.status", { status });
  if (has(`problem.${problem.code}`)) return words(`problem.${problem.code}`);
  return [problem.title, problem.detail].filter(Boolean).map((each) => each.replace(/\.?$/, ".")).join(" ");
}
