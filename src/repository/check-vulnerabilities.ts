/** The task that asks a service which weaknesses the packages of a version are known to have, and keeps the answers. */

import { sql } from '../db/sql.ts';
import type { Downloader } from '../download/downloader.ts';
import { mapConcurrent } from '../lib/map-concurrent.ts';
import { uuid7 } from '../lib/uuid7.ts';
import { findVersionById } from '../model/repository-version.ts';
import type { ScannedPackage } from '../plugin-api/plugin.ts';
import type { TaskContext, TaskFunction } from '../plugin-api/task.ts';
import type { ContentRegistry } from './content-registry.ts';

export const SCAN_TASK = 'pulpcore.app.tasks.vulnerability_report.check_content';

interface ScanArgs {
  readonly repository_version: string;
}

export function vulnerabilityTask(types: ContentRegistry): TaskFunction {
  return { name: SCAN_TASK, run: (context, args: ScanArgs) => scan(context, types, args) };
}

async function scan(context: TaskContext, types: ContentRegistry, args: ScanArgs): Promise<void> {
  const { db, domain, settings } = context;
  const version = await findVersionById(db, domain.id, args.repository_version);
  if (!version) throw new Error('The repository version does not exist any more');
  const url = settings.vulnReportUrl;
  if (!url)
    throw new Error(
      'No vulnerability service is set: the setting vuln_report_url names one that speaks the OSV protocol',
    );
  const row = await db.row<{ pulp_type: string }>(
    sql`select pulp_type from repository where id = ${version.repositoryId}`,
  );
  const scanned = types.repositoryType(row!.pulp_type).scan;
  if (!scanned) throw new Error(`Repositories of type ${row!.pulp_type} cannot be scanned`);
  const downloader = context.downloader({ url } as never);
  const report = context.progress({ message: 'Checking packages for vulnerabilities', code: 'vulnerability.scan' });
  try {
    const ask = (one: ScannedPackage) =>
      checkOne(context, downloader, { url, ecosystem: scanned.ecosystem }, version.pulpId, one);
    for await (const _ of mapConcurrent(scanned.packages(db, version), settings.vulnReportTaskLimiter, ask))
      report.add(1);
    report.finish();
  } catch (error) {
    report.finish('failed');
    throw error;
  } finally {
    await downloader.close();
  }
}

async function checkOne(
  context: TaskContext,
  downloader: Downloader,
  service: { url: string; ecosystem: string },
  versionId: string,
  one: ScannedPackage,
): Promise<void> {
  const vulns = await query(downloader, service, one, context.signal);
  if (vulns.length === 0) return;
  await context.write(async (tx) => {
    const row = await tx.row<{
      pulp_id: string;
    }>(sql`insert into vulnerability_report (pulp_id, domain_id, content_id, vulns)
      values (${uuid7()}, ${context.domain.id}, ${one.contentId}, ${sql.json(vulns)})
      on conflict (content_id) do update set vulns = excluded.vulns, pulp_last_updated = now() returning pulp_id`);
    await tx.run(sql`insert into vulnerability_report_version (report_id, repository_version_id)
      values (${row!.pulp_id}, ${versionId}) on conflict do nothing`);
  });
}

/** All pages of the answer. */
async function query(
  downloader: Downloader,
  { url, ecosystem }: { url: string; ecosystem: string },
  { name, version }: ScannedPackage,
  signal: AbortSignal,
): Promise<unknown[]> {
  const found: unknown[] = [];
  for (let token: string | undefined = ''; token !== undefined; ) {
    const body = JSON.stringify({ package: { name, ecosystem }, version, ...(token && { page_token: token }) });
    const headers = { 'content-type': 'application/json' };
    const response = await downloader.fetch(url, { method: 'POST', body, headers, signal, compressed: true });
    if (response.status !== 200) {
      response.cancel();
      throw new Error(`The vulnerability service answered ${response.status} ${response.reason}`);
    }
    const answer = (await response.json()) as { vulns?: unknown[]; next_page_token?: string };
    found.push(...(answer.vulns ?? []));
    token = answer.next_page_token || undefined;
  }
  return found;
}
