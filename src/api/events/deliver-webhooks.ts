/** Sends events to webhooks, one process at a time for each: signed, in order, again after growing pauses until it succeeds. */
import { createHmac } from 'node:crypto';
import { sql } from '../../db/sql.ts';
import { messageOf } from '../../lib/errors.ts';
import { eventClock, numberEvents, readEvents } from '../../model/event.ts';
import { advanceWebhook, claimWebhooks, postponeWebhook, skipRemoved, type WebhookRow } from '../../model/webhook.ts';
import type { Domain, Services } from '../../plugin-api/contracts/context.ts';
import { logTrouble } from '../../tasking/worker/log-trouble.ts';
import { presenterFor } from '../engine/presenter.ts';
import { presentEvent } from './present-event.ts';

/** Milliseconds between looks for something to send. */
const POLL = 1000;
/** Events in one delivery. */
const BATCH = 100;
/** Seconds a receiver has to answer. */
const ANSWER_WITHIN = 10;
/** Seconds for which a process has a webhook to itself: longer than one delivery. */
const HELD_FOR = 30;
/** Seconds until the second attempt, doubled each time up to the longest. */
const FIRST_PAUSE = 2;
const LONGEST_PAUSE = 900;

export class WebhookDelivery {
  readonly #services: Services;
  readonly #stopping = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(services: Services) {
    this.#services = services;
    this.#plan();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#timer);
    await this.#running;
  }

  #plan(): void {
    if (this.#stopping.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#round().finally(() => this.#plan());
    }, POLL).unref();
  }

  async #round(): Promise<void> {
    const { db, logger } = this.#services;
    try {
      if (!(await db.row(sql`select from webhook where enabled limit 1`))) return;
      await numberEvents(db);
      for (const webhook of await claimWebhooks(db, HELD_FOR)) await this.#serve(webhook);
    } catch (error) {
      logTrouble(logger, error, 'Webhooks cannot be served at the moment.');
    }
  }

  async #serve(webhook: WebhookRow): Promise<void> {
    const { db } = this.#services;
    const { last, removed } = await eventClock(db);
    if (webhook.position < removed) return this.#skip(webhook, removed);
    const filter = { domainId: webhook.domain_id, serverWide: webhook.domain_id === null, kinds: webhook.kinds };
    const events = await readEvents(db, [webhook.position, last], filter, BATCH);
    const upto = events.length < BATCH ? last : events.at(-1)!.position;
    if (events.length === 0) return advanceWebhook(db, webhook, upto, 0);
    const domains = await db.rows<Domain>(sql`select id, pulp_id as "pulpId", name from domain`);
    const presented = events.map((event) => {
      const domain = domains.find((one) => one.id === event.domain_id) ?? domains[0]!;
      return presentEvent(event, presenterFor(this.#services, domain));
    });
    const failure = await this.#post(webhook, JSON.stringify({ webhook: webhook.name, events: presented }), upto);
    if (failure) await this.#fail(webhook, failure);
    else await advanceWebhook(db, webhook, upto, events.length);
  }

  /** Undefined when the receiver has taken it. */
  async #post(
    webhook: WebhookRow,
    body: string,
    delivery: number,
  ): Promise<{ status: number | null; error: string } | undefined> {
    const stamp = Math.floor(Date.now() / 1000);
    const headers: Record<string, string> = {
      'Content-Type': 'application/json',
      'User-Agent': 'deckle-webhook',
      'X-Deckle-Delivery': String(delivery),
    };
    if (webhook.secret !== null) headers['X-Deckle-Signature'] = this.#sign(webhook.secret, stamp, body);
    try {
      const timeout = AbortSignal.timeout(ANSWER_WITHIN * 1000);
      const signal = AbortSignal.any([this.#stopping.signal, timeout]);
      const response = await fetch(webhook.url, { method: 'POST', body, headers, redirect: 'manual', signal });
      await response.body?.cancel();
      if (response.ok) return undefined;
      return { status: response.status, error: `The receiver answered ${response.status}.` };
    } catch (error) {
      const cause = (error as Error).cause;
      return { status: null, error: `It could not be delivered: ${messageOf(cause ?? error)}` };
    }
  }

  /** `t=<seconds since 1970>,v1=<hex HMAC-SHA256 of the stamp, a dot and the body>` */
  #sign(secret: string, stamp: number, body: string): string {
    const key = this.#services.secrets.decrypt(secret);
    return `t=${stamp},v1=${createHmac('sha256', key).update(`${stamp}.${body}`).digest('hex')}`;
  }

  async #skip(webhook: WebhookRow, removed: number): Promise<void> {
    this.#services.logger.warn(
      {},
      `Events were too old before the webhook ${webhook.name} took them; it goes on behind.`,
    );
    await skipRemoved(this.#services.db, webhook, removed);
  }

  async #fail(webhook: WebhookRow, failure: { status: number | null; error: string }): Promise<void> {
    // A delivery that was broken off because the process ends is due at once elsewhere.
    const pause = this.#stopping.signal.aborted ? 0 : Math.min(FIRST_PAUSE * 2 ** webhook.attempts, LONGEST_PAUSE);
    await postponeWebhook(this.#services.db, webhook, failure, pause);
  }
}
