/** The conformance suite of package types: every chapter against one real server, with what the type lacks skipped by name. */
import test from 'node:test';
import type { TestDatabase } from '../support/database.ts';
import type { TestServer } from '../support/server.ts';
import { type Capability, capabilitiesOf } from './capabilities.ts';
import { Place } from './place.ts';
import type { PluginConformance } from './plugin-conformance.ts';

export type Chapter = (suite: Suite) => void;

export class Suite {
  readonly description: PluginConformance;
  readonly server: TestServer;
  readonly db: TestDatabase;
  /** A directory that archives may be written to and read from. */
  readonly exchange: string;
  readonly #capabilities: ReadonlySet<Capability>;
  #domains = 0;

  constructor(description: PluginConformance, server: TestServer, db: TestDatabase, exchange: string) {
    this.description = description;
    this.server = server;
    this.db = db;
    this.exchange = exchange;
    this.#capabilities = capabilitiesOf(description);
  }

  /** A test in a domain of its own; skipped, with the reason, where the type has not all that it needs. */
  check(name: string, needs: readonly Capability[], run: (place: Place) => Promise<void>): void {
    const missing = needs.filter((one) => !this.#capabilities.has(one));
    const reason = missing.length > 0 ? `no ${missing.join(', no ')}` : undefined;
    this.test(name, reason, async () => await run(await this.place()));
  }

  /** A test that is skipped for a reason, if there is one. Its name begins with that of the type: several are run side by side. */
  test(name: string, reason: string | undefined, run: () => Promise<void> | void): void {
    test(`${this.description.plugin.name}: ${name}`, { skip: reason ?? false }, run);
  }

  /** A domain without content. */
  place(): Promise<Place> {
    return Place.make(this.server, `domain-${++this.#domains}`, this.description);
  }
}
