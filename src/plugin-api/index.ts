/** The vocabulary plugins are written in, in one place. */
export { copyRows } from '../db/copy-rows.ts';
export type { Database, Queryable, Transaction } from '../db/database.ts';
export { type Sql, sql } from '../db/sql.ts';
export * from './content.ts';
export * from './context.ts';
export * from './field.ts';
export * from './filter.ts';
export * from './model.ts';
export * from './plugin.ts';
export * from './resource.ts';
export * from './task.ts';
export * from './declare-content.ts';
export * from './declare-distribution.ts';
export * from './declare-publication.ts';
export * from './declare-remote.ts';
export * from './declare-repository.ts';
export * from './declare-version.ts';
