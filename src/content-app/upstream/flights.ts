/** The fetches that are under way in this process, by what they fetch: who asks for the same joins. */
import { Flight } from './flight.ts';

export class Flights {
  readonly #running = new Map<string, Flight>();
  readonly #work = new Set<Promise<void>>();

  /**
   * The running flight for a key, or a new one that `run` feeds and whose end it is: what `run` rejects with is what
   * readers see. The caller has joined and must leave.
   */
  join(key: string, keepsOn: boolean, run: (flight: Flight) => Promise<void>): Flight {
    const running = this.#running.get(key);
    // One that all clients left is being given up.
    if (running && !running.abort.signal.aborted) {
      running.join();
      return running;
    }
    const flight = new Flight(keepsOn);
    flight.join();
    this.#running.set(key, flight);
    const work = this.#run(key, flight, run);
    this.#work.add(work);
    void work.finally(() => this.#work.delete(work));
    return flight;
  }

  /** Ends what is running and waits for it. */
  async close(): Promise<void> {
    for (const flight of this.#running.values())
      if (!flight.complete) flight.abort.abort(new Error('the server stops'));
    await Promise.all(this.#work);
  }

  async #run(key: string, flight: Flight, run: (flight: Flight) => Promise<void>): Promise<void> {
    try {
      await run(flight);
    } catch (error) {
      flight.fail(error);
    } finally {
      if (this.#running.get(key) === flight) this.#running.delete(key);
      flight.end();
    }
  }
}
