// Entries that wait for an answer, a few of which are asked for at a time.

// While one is uploaded, another is answered; a service on few cores gains nothing from more.
const AT_ONCE = 3;

export class Queue {
  #waiting = [];
  #running = new Map();
  #work;
  #onIdle;

  // `work` takes an entry and a signal, and does not throw; `onIdle` is called when nothing is left.
  constructor(work, onIdle) {
    this.#work = work;
    this.#onIdle = onIdle;
  }

  add(entries) {
    this.#waiting.push(...entries);
    this.#fill();
  }

  // Neither asked nor waited for any more.
  withdraw(entries) {
    this.#waiting = this.#waiting.filter((entry) => !entries.includes(entry));
    for (const entry of entries) {
      this.#running.get(entry)?.abort();
      this.#running.delete(entry);
    }
  }

  #fill() {
    while (this.#running.size < AT_ONCE && this.#waiting.length > 0) void this.#run(this.#waiting.shift());
  }

  async #run(entry) {
    const controller = new AbortController();
    this.#running.set(entry, controller);
    await this.#work(entry, controller.signal);
    // Withdrawn meanwhile, it may run again.
    if (this.#running.get(entry) === controller) this.#running.delete(entry);
    this.#fill();
    if (this.#running.size === 0) this.#onIdle();
  }
}
