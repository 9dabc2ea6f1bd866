/** Checks a request body against fields: conversion, references, unknown keys; all errors at once (core.md §1.8). */

import { type ErrorBody, HttpError, ValidationError } from '../../lib/errors.ts';
import type { RequestContext } from '../../plugin-api/contracts/context.ts';
import { type Field, isRequired, type Values } from '../../plugin-api/declare/field.ts';
import type { Model } from '../../plugin-api/declare/model.ts';
import type { Reference } from '../../plugin-api/declare/reference.ts';
import { findAnywhere, fits, type HrefReader, isInDomain } from './hrefs.ts';
import type { Body } from './read-body.ts';
import { CrossRefused, pythonType, Refused, validateValue } from './validate-value.ts';

interface BodyRules {
  /** PATCH: nothing is required and no defaults are filled in. */
  readonly partial?: boolean;
  /** Asked when some field is wrong already: what else is wrong with the others, as Pulp tells all at once. */
  readonly alsoWrong?: (values: Values) => Promise<{ readonly [field: string]: ErrorBody | string }>;
  /** Whether the object has this reference already: what is sent back unchanged needs no right. */
  readonly kept?: (field: string, id: string) => boolean;
  /** Unknown keys are not an error. */
  readonly ignoreUnknown?: boolean;
}

/**
 * The validated values by wire name. References become `Reference`, absent fields get their default in a full body.
 * Throws ValidationError: first all field errors, then unknown keys, as Pulp does.
 */
export async function validateBody(
  fields: Readonly<Record<string, Field>>,
  body: Body,
  request: RequestContext,
  hrefs: HrefReader,
  rules: BodyRules = {},
): Promise<Values> {
  const data = body.values;
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    if (data === null) throw ValidationError.cross('No data provided');
    throw ValidationError.cross(`Invalid data. Expected a dictionary, but got ${pythonType(data)}.`);
  }
  const errors: { [field: string]: ErrorBody } = {};
  const values: Values = {};
  for (const [name, field] of Object.entries(fields)) {
    if (field.readOnly) continue;
    try {
      const value = await readField(name, field, data as Values, body.isForm, request, hrefs, rules);
      if (value !== undefined) values[name] = value;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      errors[error instanceof CrossRefused ? 'non_field_errors' : name] = error.body;
    }
  }
  if (Object.keys(errors).length > 0) throw new ValidationError({ ...(await rules.alsoWrong?.(values)), ...errors });
  if (!rules.ignoreUnknown) refuseUnknown(fields, data as Values);
  return values;
}

function refuseUnknown(fields: Readonly<Record<string, Field>>, data: Values): void {
  const unknown = Object.keys(data).filter(
    (key) => !Object.hasOwn(fields, key) || (fields[key]!.readOnly && !TOLERATED.has(key)),
  );
  // read-only fields that clients send back from an answer are ignored, as Pulp does
  const strange = unknown.filter((key) => !Object.hasOwn(fields, key));
  if (strange.length > 0) {
    throw new ValidationError(Object.fromEntries(strange.map((key) => [key, ['Unexpected field']])));
  }
}
const TOLERATED = new Set(['csrfmiddlewaretoken']);

async function readField(
  name: string,
  field: Field,
  data: Values,
  isForm: boolean,
  request: RequestContext,
  hrefs: HrefReader,
  rules: BodyRules,
): Promise<unknown> {
  const raw = Object.hasOwn(data, name) ? data[name] : undefined;
  if (raw === undefined) {
    if (rules.partial) return undefined;
    if (isRequired(field))
      throw new Refused(field.kind === 'file' ? 'No file was submitted.' : 'This field is required.');
    return field.default;
  }
  const emptyReference = isForm && raw === '' && field.kind === 'reference' && field.nullable;
  const value = emptyReference ? null : validateValue(field, raw, isForm);
  if (value === null) return null;
  if (field.kind === 'reference') return (await resolveAll(name, field, [value as string], request, hrefs, rules))[0];
  if (field.kind === 'list' && field.items?.kind === 'reference')
    return await resolveAll(name, field.items, value as string[], request, hrefs, rules);
  return value;
}

/** What is named, in order; one question for each model about the right to name it. */
async function resolveAll(
  name: string,
  field: Field,
  texts: readonly string[],
  request: RequestContext,
  hrefs: HrefReader,
  rules: BodyRules,
): Promise<Reference[]> {
  const found: Found[] = [];
  for (const text of texts) found.push(await resolveReference(field, text, request, hrefs));
  if (request.mayName)
    for (const [model, group] of Map.groupBy(found, (one) => one.model)) {
      const ids = group.map(({ reference }) => reference.id).filter((id) => !rules.kept?.(name, id));
      if (ids.length > 0 && !(await request.mayName(model, ids))) throw hidden(model);
    }
  return found.map(({ reference }) => reference);
}

/**
 * As Pulp answers where its policies ask for the right to view what a body names. What has no roles of its own is seen
 * through others, and told as if it were not there.
 */
function hidden({ table }: Model): Error {
  return table === 'repository_version' || table === 'content'
    ? new Refused(NOT_THERE)
    : new HttpError(403, 'You do not have permission to perform this action.');
}

const NOT_THERE = 'Invalid hyperlink - Object does not exist.';

interface Found {
  readonly model: Model;
  readonly reference: Reference;
}

/** Finds what an href or PRN points at; Pulp's words when it is not there or of another kind. */
async function resolveReference(
  field: Field,
  text: string,
  request: RequestContext,
  hrefs: HrefReader,
): Promise<Found> {
  const named = hrefs.read(text);
  if (!fits(named.model, field.target!)) throw new Refused('Invalid hyperlink - Incorrect URL match.');
  const row = await findAnywhere(request.db, named);
  if (!row) {
    throw new Refused(text.startsWith('prn:') ? `${named.model.name} matching query does not exist.` : NOT_THERE);
  }
  if (!field.anyDomain && !isInDomain(named.model, row, request.domain)) {
    throw new CrossRefused(`Objects must all be a part of the ${request.domain.name} domain.`);
  }
  const id = String(row[named.model.key ?? 'pulp_id']);
  const prn = `prn:${named.model.prnApp ?? named.model.app}.${named.model.name.toLowerCase()}:${id}`;
  return { model: named.model, reference: { id, row, prn } };
}
