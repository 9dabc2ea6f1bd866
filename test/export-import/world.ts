/** Exporters and importers in a world of content tasks, with directories that may be written to and read from. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { uuid7 } from '../../src/lib/text/uuid7.ts';
import { type Run, type TestRepository, useWorld, type World } from '../content/world.ts';

export const EXPORT = 'pulpcore.app.tasks.export.pulp_export';
export const IMPORT = 'pulpcore.app.tasks.importer.pulp_import';

export interface ExportWorld {
  readonly world: World;
  /** A new directory that may be exported to and imported from. */
  directory(): string;
  exporter(path: string, repositories: readonly TestRepository[], method?: string): Promise<string>;
  importer(mapping?: Readonly<Record<string, TestRepository>>): Promise<string>;
  export(exporter: string, more?: object): Promise<Run>;
  /** Runs the import and the tasks it starts. */
  import(importer: string, source: object): Promise<Run[]>;
  /** Paths of the last export of an exporter. */
  lastExport(exporter: string): Promise<{ files: Record<string, string>; toc: { file: string; meta: object } }>;
}

export async function useExportWorld(): Promise<ExportWorld> {
  const root = mkdtempSync(join(tmpdir(), 'deckle-export-'));
  after(() => rmSync(root, { recursive: true, force: true }));
  const world = await useWorld({ allowedExportPaths: [root], allowedImportPaths: [root] });
  const { db, domain } = world;
  return {
    world,
    directory: () => mkdtempSync(join(root, 'dir-')),
    async exporter(path, repositories, method = 'write') {
      const id = uuid7();
      await db.run(sql`insert into exporter (pulp_id, domain_id, pulp_type, name, path, method)
        values (${id}, ${domain.id}, 'core.pulp', ${id}, ${path}, ${method})`);
      await db.run(sql`insert into exporter_repository select ${id}::uuid, r, at
        from unnest(${repositories.map((one) => one.pulpId)}::uuid[]) with ordinality as given (r, at)`);
      return id;
    },
    async importer(mapping = {}) {
      const id = uuid7();
      await db.run(
        sql`insert into importer (pulp_id, domain_id, pulp_type, name) values (${id}, ${domain.id}, 'core.pulp', ${id})`,
      );
      for (const [source, { pulpId }] of Object.entries(mapping)) {
        await db.run(sql`insert into importer_repository values (${id}, ${source}, ${pulpId})`);
      }
      return id;
    },
    export: (exporter, more = {}) =>
      world.run(EXPORT, { exporter, params: {}, full: true, chunkSize: null, meta: {}, dryRun: false, ...more }),
    async import(importer, source) {
      const started: { name: string; args: object }[] = [];
      const dispatch = async (request: { name: string; args: unknown }) => {
        started.push({ name: request.name, args: request.args as object });
        return { id: 0, pulpId: uuid7(), state: 'waiting' };
      };
      const runs = [
        await world.run(IMPORT, { importer, params: source, createRepositories: false, ...source }, undefined, {
          dispatch,
        }),
      ];
      for (const { name, args } of started) runs.push(await world.run(name, args));
      return runs;
    },
    async lastExport(exporter) {
      const row = await db.row<{ files: Record<string, string>; toc: { file: string; meta: object } }>(sql`
        select e.output_file_info as files, e.toc_info as toc from export e
          join exporter x on x.last_export_id = e.pulp_id where x.pulp_id = ${exporter}`);
      return row!;
    },
  };
}

export const namesIn = (directory: string): string[] => readdirSync(directory).sort();
