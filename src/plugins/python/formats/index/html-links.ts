/** What an HTML page says that a simple index may consist of: its links, its base, its title. Comments and scripts are no part of it. */
import { Tokenizer, type TokenizerCallbacks } from 'htmlparser2';

/** Longest text of a link that is looked at. */
const LONGEST_TEXT = 2000;

export type Attributes = ReadonlyMap<string, string>;

interface Link {
  readonly attributes: Attributes;
  readonly text: string;
}

export interface HtmlLinks {
  readonly links: readonly Link[];
  /** The address that links are relative to, where the page names one. */
  readonly base: string | undefined;
  readonly title: string;
  /** By name. */
  readonly meta: ReadonlyMap<string, string>;
  /** It has something to fill in or to run, which no index has. */
  readonly isInteractive: boolean;
}

/** Time and memory grow with the length of the page only, whatever it leaves open: a parser that keeps open elements would not do. */
export function readHtmlLinks(html: string): HtmlLinks {
  const reader = new LinkReader(html);
  const tokenizer = new Tokenizer({}, reader);
  tokenizer.write(html);
  tokenizer.end();
  return reader.result();
}

const READ = new Set(['a', 'base', 'meta']);
const INTERACTIVE = new Set(['form', 'input', 'script']);

class LinkReader implements TokenizerCallbacks {
  readonly #html: string;
  readonly #links: Link[] = [];
  readonly #meta = new Map<string, string>();
  #base: string | undefined;
  #title = '';
  #isInteractive = false;
  #tag = '';
  #attributes = new Map<string, string>();
  #name = '';
  #value = '';
  /** Of the link or title that the text belongs to. */
  #text: string | undefined;
  #open: Attributes | 'title' | undefined;

  constructor(html: string) {
    this.#html = html;
  }

  result(): HtmlLinks {
    this.#close();
    return {
      links: this.#links,
      base: this.#base,
      title: this.#title,
      meta: this.#meta,
      isInteractive: this.#isInteractive,
    };
  }

  onopentagname(start: number, end: number): void {
    this.#tag = this.#html.slice(start, end).toLowerCase();
    this.#attributes = new Map();
  }

  onattribname(start: number, end: number): void {
    this.#name = READ.has(this.#tag) ? this.#html.slice(start, end).toLowerCase() : '';
    this.#value = '';
  }

  onattribdata(start: number, end: number): void {
    if (this.#name) this.#value += this.#html.slice(start, end);
  }

  onattribentity(codePoint: number): void {
    if (this.#name) this.#value += String.fromCodePoint(codePoint);
  }

  onattribend(): void {
    if (this.#name && !this.#attributes.has(this.#name)) this.#attributes.set(this.#name, this.#value);
  }

  onopentagend(): void {
    const tag = this.#tag;
    const attributes = this.#attributes;
    if (tag === 'a' || tag === 'title') {
      this.#close();
      this.#open = tag === 'a' ? attributes : 'title';
      this.#text = '';
    }
    if (tag === 'base') this.#base ??= attributes.get('href');
    if (tag === 'meta' && attributes.has('name')) {
      this.#meta.set(attributes.get('name')!, attributes.get('content') ?? '');
    }
    if (INTERACTIVE.has(tag)) this.#isInteractive = true;
  }

  onselfclosingtag(): void {
    this.onopentagend();
  }

  onclosetag(start: number, end: number): void {
    const name = this.#html.slice(start, end).toLowerCase();
    if (name === 'a' || name === 'title') this.#close();
  }

  ontext(start: number, end: number): void {
    if (this.#text === undefined || this.#text.length >= LONGEST_TEXT) return;
    this.#text += this.#html.slice(start, Math.min(end, start + LONGEST_TEXT));
  }

  ontextentity(codePoint: number): void {
    if (this.#text !== undefined && this.#text.length < LONGEST_TEXT) this.#text += String.fromCodePoint(codePoint);
  }

  oncdata(): void {}
  oncomment(): void {}
  ondeclaration(): void {}
  onprocessinginstruction(): void {}
  onend(): void {}

  #close(): void {
    const [open, text] = [this.#open, (this.#text ?? '').trim()];
    this.#open = undefined;
    this.#text = undefined;
    if (open === 'title') this.#title ||= text;
    else if (open) this.#links.push({ attributes: open, text });
  }
}
