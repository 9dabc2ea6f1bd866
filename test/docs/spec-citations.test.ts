/** Holds the specification together: what comments and pages cite of it is there, and its links lead somewhere. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import test from 'node:test';

const root = resolve(import.meta.dirname, '../..');
const spec = 'docs/spec';
const pages = globSync('{docs/**/*.md,*.md}', { cwd: root }).sort();
const sources = globSync('{src,test}/**/*.{ts,sql,md}', { cwd: root }).sort();

const NUMBER = String.raw`\d+(?:\.\d+)*`;
/** A page and its sections: one, a range, or several with commas or `and`; the page may be a link. */
const CITATION = new RegExp(
  String.raw`([\w./-]+\.md)\)? §(${NUMBER}(?:–${NUMBER})?(?:(?:, | and )§${NUMBER}(?:–${NUMBER})?)*)`,
  'g',
);
const SECTION = new RegExp(`§(${NUMBER})`, 'g');
const HEADING = new RegExp(String.raw`^#{2,6} (${NUMBER})\.?\s`, 'gm');
const LINK = /\]\(([^)\s]+)\)/g;
const LITERAL = /^```[\s\S]*?^```|`[^`\n]*`/gm;

interface Citation {
  readonly page: string;
  /** As they stand there: single numbers, and the two ends of ranges. */
  readonly sections: readonly string[];
}

const textOf = (file: string) => readFileSync(join(root, file), 'utf8');

function citationsIn(text: string): Citation[] {
  return [...text.matchAll(CITATION)].map(([, page, sections]) => ({
    page: page!,
    sections: sections!.match(new RegExp(NUMBER, 'g'))!,
  }));
}

/** The file that is meant: a name alone is a page of the specification, anything else a path from the root or the page. */
function citedFile(page: string, from: string): string | undefined {
  const places = page.includes('/') ? [page, join(dirname(from), page)] : [`${spec}/${page}`];
  return places.find((place) => existsSync(join(root, place)));
}

/** What is wrong with a citation, in words. */
function faultOf({ page, sections }: Citation, from: string): string | undefined {
  if (!page.includes('/') && !from.startsWith(spec) && existsSync(join(root, 'docs', page))) {
    return `${page} may be docs/${page} or ${spec}/${page}: write the path`;
  }
  const file = citedFile(page, from);
  if (file === undefined) return `${page} is not there`;
  const missing = sections.filter((section) => !numbersIn(file).has(section));
  return missing.length > 0 ? `${file} has no section ${missing.join(', ')}` : undefined;
}

const known = new Map<string, Set<string>>();
function numbersIn(file: string): Set<string> {
  const found = known.get(file) ?? new Set([...textOf(file).matchAll(HEADING)].map(([, number]) => number!));
  known.set(file, found);
  return found;
}

/** Anchors as the usual viewers make them of headings. */
function anchorsIn(file: string): Set<string> {
  const headings = [...textOf(file).matchAll(/^#{1,6} (.+)$/gm)].map(([, title]) => title!);
  return new Set(
    headings.map((title) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** What is wrong with a link of a page, in words. */
function brokenLink(link: string, from: string): string | undefined {
  if (/^[a-z]+:/.test(link)) return undefined;
  const [path, anchor] = link.split('#') as [string, string?];
  const file = path === '' ? from : join(dirname(from), path);
  if (!existsSync(join(root, file))) return `${link} leads nowhere`;
  return anchor !== undefined && !anchorsIn(file).has(anchor) ? `${file} has no heading for #${anchor}` : undefined;
}

const faults = (files: readonly string[], find: (text: string, file: string) => (string | undefined)[]) =>
  files.flatMap((file) =>
    find(textOf(file), file)
      .filter((fault) => fault !== undefined)
      .map((fault) => `${file}: ${fault}`),
  );

test('what comments and pages cite of the specification is there', () => {
  const files = [...sources, ...pages];
  const cited = files.flatMap((file) => citationsIn(textOf(file)));
  assert.ok(cited.length > 60, `only ${cited.length} citations were found`);
  assert.deepEqual(
    faults(files, (text, file) => citationsIn(text).map((citation) => faultOf(citation, file))),
    [],
  );
});

test('sections that a page of the specification names without a page are its own', () => {
  const own = (text: string) => [...text.replaceAll(CITATION, '').matchAll(SECTION)].map(([, number]) => number!);
  assert.deepEqual(
    faults(
      pages.filter((file) => file.startsWith(`${spec}/`)),
      (text, file) => own(text).map((number) => (numbersIn(file).has(number) ? undefined : `there is no §${number}`)),
    ),
    [],
  );
});

test('links between pages lead to files and headings that are there', () => {
  const links = (text: string) => [...text.replaceAll(LITERAL, '').matchAll(LINK)].map(([, link]) => link!);
  assert.deepEqual(
    faults(pages, (text, file) => links(text).map((link) => brokenLink(link, file))),
    [],
  );
});
