/** Fills a database with as many objects as large servers have, by statements of the database itself: rows only, no bytes. */
import type { Queryable } from '../../src/db/database.ts';
import { type Sql, sql } from '../../src/db/sql.ts';

export interface Many {
  readonly units: number;
  readonly repositories: number;
  readonly tasks: number;
}

/** Units are spread over the repositories; each has a remote, two versions with content, a publication, a distribution. */
export async function fillMany(db: Queryable, { units, repositories, tasks }: Many): Promise<void> {
  const domain = sql`(select id from domain where name = 'default')`;
  const each = (count: number): Sql => sql`generate_series(1, ${count}::int) i`;
  const digest = sql.raw('sha256(i::text::bytea)');
  const statements: Sql[] = [
    sql`insert into remote (pulp_id, domain_id, pulp_type, name, url, policy, pulp_labels)
      select uuidv7(), ${domain}, 'file.file', 'remote ' || i, 'https://mirror-' || i || '.example/PULP_MANIFEST', 'on_demand',
        jsonb_build_object('team', 'team-' || i % 100) from ${each(repositories)}`,
    sql`insert into repository (pulp_id, domain_id, pulp_type, name, description, pulp_labels, next_version, retain_repo_versions, remote_id)
      select uuidv7(), ${domain}, 'file.file', 'repository ' || i, 'made for ' || i, jsonb_build_object('team', 'team-' || i % 100), 3,
        case when i % 50 = 0 then i end, (select pulp_id from remote where name = 'remote ' || i) from ${each(repositories)}`,
    sql`insert into repository_version (pulp_id, repository_id, number, complete, counts)
      select uuidv7(), r.id, n, true, jsonb_build_object('added', '{}'::jsonb, 'removed', '{}'::jsonb, 'present',
        jsonb_build_object('file.file', ${Math.ceil(units / repositories)}::int * n / 2)) from repository r, generate_series(0, 2) n`,
    sql`insert into artifact (pulp_id, domain_id, size, sha224, sha256, sha384, sha512)
      select uuidv7(), ${domain}, i, sha224(i::text::bytea), ${digest}, sha384(i::text::bytea), sha512(i::text::bytea) from ${each(units)}`,
    sql`insert into content (pulp_id, domain_id, pulp_type, natural_key, pulp_labels)
      select uuidv7(), ${domain}, 'file.file', ${digest},
        case when i % 200 = 0 then jsonb_build_object('batch', 'b' || i % 1000) else '{}'::jsonb end from ${each(units)}`,
    sql`insert into file_content (content_id, relative_path, digest)
      select c.id, 'pool/' || n % 1000 || '/package-' || n || '.tar.gz', encode(c.natural_key, 'hex')
        from (select id, natural_key, row_number() over (order by id) as n from content) c`,
    sql`insert into content_artifact (content_id, artifact_id, relative_path)
      select c.content_id, a.id, c.relative_path from file_content c join artifact a on a.sha256 = decode(c.digest, 'hex')`,
    sql`with numbered as (select id, row_number() over (order by id) - 1 as at from repository)
      insert into repository_content (repository_id, content_id, version_added)
      select r.id, c.id, 1 + c.id % 2 from content c join numbered r on r.at = c.id % ${repositories}::int`,
    sql`insert into publication (pulp_id, domain_id, pulp_type, repository_version_id, complete, pass_through)
      select uuidv7(), ${domain}, 'file.file', pulp_id, true, true from repository_version where number > 0`,
    sql`insert into distribution (pulp_id, domain_id, pulp_type, name, base_path, repository_id, pulp_labels)
      select uuidv7(), ${domain}, 'file.file', 'distribution ' || name, 'path/' || replace(name, ' ', '-'), pulp_id, pulp_labels from repository`,
    sql`insert into task_group (pulp_id, domain_id, description) select uuidv7(), ${domain}, 'group ' || i from ${each(Math.ceil(tasks / 100))}`,
    sql`with numbered as (select pulp_id, row_number() over (order by id) - 1 as at from repository),
        grouped as (select pulp_id, row_number() over (order by pulp_id) - 1 as at from task_group)
      insert into task (pulp_id, domain_id, name, state, logging_cid, pulp_created, pulp_last_updated, unblocked_at, started_at, finished_at,
          reserved_resources_record, created_resources, task_group_id, created_by)
      select uuidv7(), ${domain}, case when i % 500 = 0 then 'rare.task.number' || i else 'pulp_file.app.tasks.synchronizing.synchronize' end,
        case when i % 1000 = 0 then 'failed' else 'completed' end, md5(i::text), happened, happened, happened, happened, happened,
        array['prn:file.filerepository:' || r.pulp_id, 'shared:prn:core.domain:x'], array['prn:core.repositoryversion:' || uuidv7()],
        case when i % 10 = 0 then g.pulp_id end, 1
      from ${each(tasks)} cross join lateral (select now() - make_interval(secs => ${tasks}::int - i) as happened) times
        join numbered r on r.at = i % ${repositories}::int join grouped g on g.at = i % ${Math.ceil(tasks / 100)}::int`,
  ];
  for (const statement of statements) await db.run(statement);
  // as autovacuum would do a little later: what waits in the lists of the trigram indexes makes the planner avoid them
  await db.run(sql.raw('vacuum (analyze)').unprepared);
}
