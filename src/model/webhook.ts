/** Webhooks as rows: whose turn it is, how far each has come, and how its deliveries went. */
import type { Queryable } from '../db/database.ts';
import { sql } from '../db/sql.ts';

export interface WebhookRow {
  readonly pulp_id: string;
  readonly name: string;
  readonly url: string;
  readonly secret: string | null;
  readonly kinds: string[];
  readonly domain_id: number | null;
  readonly position: number;
  readonly attempts: number;
}

/** Those with something to send, the caller's for so many seconds. */
export async function claimWebhooks(db: Queryable, seconds: number): Promise<WebhookRow[]> {
  return await db.rows<WebhookRow>(sql`
    update webhook set next_attempt = clock_timestamp() + make_interval(secs => ${seconds})
      where pulp_id in (
        select w.pulp_id from webhook w, event_clock c
          where w.enabled and w.next_attempt <= clock_timestamp() and w.position < c.last for update of w skip locked)
      returning *, (select id from domain where domain.pulp_id = webhook.domain) as domain_id`);
}

/** The former position is compared, here and below: whoever has lost the webhook to another process writes nothing. */
export async function advanceWebhook(
  db: Queryable,
  webhook: WebhookRow,
  upto: number,
  delivered: number,
): Promise<void> {
  await db.run(sql`
    update webhook set position = ${upto}, attempts = 0, next_attempt = clock_timestamp(),
        delivered = delivered + ${delivered},
        last_error = case when ${delivered} > 0 then null else last_error end,
        last_status = case when ${delivered} > 0 then 200 else last_status end,
        last_delivery = case when ${delivered} > 0 then clock_timestamp() else last_delivery end
      where pulp_id = ${webhook.pulp_id} and position = ${webhook.position}`);
}

/** Goes on behind events that were removed before the receiver took them. */
export async function skipRemoved(db: Queryable, webhook: WebhookRow, removed: number): Promise<void> {
  await db.run(sql`
    update webhook set position = ${removed}, given_up = given_up + ${removed - webhook.position},
        next_attempt = clock_timestamp()
      where pulp_id = ${webhook.pulp_id} and position = ${webhook.position}`);
}

/** Notes a failed delivery, to be tried again after so many seconds. */
export async function postponeWebhook(
  db: Queryable,
  webhook: WebhookRow,
  failure: { readonly status: number | null; readonly error: string },
  seconds: number,
): Promise<void> {
  await db.run(sql`
    update webhook set attempts = attempts + 1, last_status = ${failure.status}, last_error = ${failure.error},
        next_attempt = clock_timestamp() + make_interval(secs => ${seconds})
      where pulp_id = ${webhook.pulp_id} and position = ${webhook.position}`);
}
