/** The task that asks a service which weaknesses the packages of a version are known to have, and keeps the answers. */

import { sql } from '../../../db/sql.ts';
import { mapConcurrent } from '../../../lib/flow/map-concurrent.ts';
import { deleteReports, putReport } from '../../../model/content/vulnerability-report.ts';
import { findVersionById } from '../../../model/repositories/repository-version.ts';
import type { ScannedPackage } from '../../../plugin-api/contracts/repository.ts';
import type { TaskContext, TaskFunction } from '../../../plugin-api/contracts/task.ts';
import type { ContentRegistry } from '../content-registry.ts';
import { osvMirror, osvService } from './vulnerability-sources.ts';

const SCAN_TASK = 'pulpcore.app.tasks.vulnerability_report.check_content';

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
  const report = context.progress({ message: 'Checking packages for vulnerabilities', code: 'vulnerability.scan' });
  const downloader = url.startsWith('file:') ? undefined : context.downloader({ url });
  try {
    const { ecosystem, compare } = scanned;
    const source = downloader ? osvService(downloader, url, ecosystem) : await osvMirror(url, ecosystem, compare);
    const forgotten = new Forgotten(context);
    const ask = async (one: ScannedPackage) => {
      const vulns = await source.find(one, context.signal);
      if (vulns.length === 0) await forgotten.add(one.contentId);
      else await context.write((tx) => putReport(tx, domain.id, version.pulpId, one.contentId, vulns));
    };
    for await (const _ of mapConcurrent(scanned.packages(db, version), settings.vulnReportTaskLimiter, ask))
      report.add(1);
    await forgotten.flush();
    report.finish();
  } catch (error) {
    report.finish('failed');
    throw error;
  } finally {
    await downloader?.close();
  }
}

const BATCH = 1000;

/** Reports of packages without known vulnerabilities are removed. */
class Forgotten {
  readonly #context: TaskContext;
  #ids: number[] = [];

  constructor(context: TaskContext) {
    this.#context = context;
  }

  async add(contentId: number): Promise<void> {
    this.#ids.push(contentId);
    if (this.#ids.length >= BATCH) await this.flush();
  }

  async flush(): Promise<void> {
    const ids = this.#ids;
    this.#ids = [];
    await this.#context.write((tx) => deleteReports(tx, ids));
  }
}
