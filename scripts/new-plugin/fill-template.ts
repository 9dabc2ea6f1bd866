/** The files of a new package type, from the templates beside this file. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A name in the forms that code has. */
export interface Names {
  /** `my_type` */
  readonly name: string;
  /** `my-type` */
  readonly dashed: string;
  /** `myType` */
  readonly camel: string;
  /** `MyType` */
  readonly Pascal: string;
  /** `My type` */
  readonly title: string;
}

export interface Options {
  readonly settings: boolean;
  readonly publish: boolean;
}

export function namesOf(name: string): Names {
  const words = name.split('_');
  const Pascal = words.map(capital).join('');
  return {
    name,
    dashed: words.join('-'),
    camel: Pascal[0]!.toLowerCase() + Pascal.slice(1),
    Pascal,
    title: capital(words.join(' ')),
  };
}

const capital = (word: string) => word[0]!.toUpperCase() + word.slice(1);

const SUFFIX = '.template';
const template = join(import.meta.dirname, 'template');
const CONFORMANCE = 'conformance.test.ts';
/** Files that only come with an option. */
const ONLY_WITH: Readonly<Record<string, keyof Options>> = {
  'publish.ts': 'publish',
  'replicate.ts': 'publish',
  'settings.ts': 'settings',
};

/** Texts by path from the root of the source tree. */
export function fillTemplate(names: Names, options: Options): Map<string, string> {
  const files = new Map<string, string>();
  for (const entry of readdirSync(template, { recursive: true, encoding: 'utf8' })) {
    const path = entry.slice(0, -SUFFIX.length);
    const needed = ONLY_WITH[path];
    if (!entry.endsWith(SUFFIX) || (needed && !options[needed])) continue;
    const target =
      path === CONFORMANCE ? `test/conformance/${names.name}.test.ts` : `src/plugins/${names.name}/${path}`;
    files.set(target, fill(readFileSync(join(template, entry), 'utf8'), names, options));
  }
  return files;
}

/** `{{name}}` is the name; between `{{#publish}}` and `{{/publish}}` stands what comes with that option, after `^` what comes without. */
function fill(text: string, names: Names, options: Options): string {
  const sections = /\{\{([#^])(\w+)\}\}\n?([\s\S]*?)\{\{\/\2\}\}\n?/g;
  const chosen = text.replace(sections, (_, sign: string, option: keyof Options, inner: string) =>
    options[option] === (sign === '#') ? inner : '',
  );
  return chosen.replace(/\{\{(\w+)\}\}/g, (_, name: keyof Names) => names[name]);
}
