/** Writes the RSS feeds of an index. */

export interface FeedItem {
  readonly title: string;
  readonly link: string;
  readonly description: string;
  readonly author: string | null;
  readonly date: Date;
  /** Behind the link in the identity of the item. */
  readonly fragment?: string;
}

interface Feed {
  readonly title: string;
  readonly link: string;
  readonly description: string;
  readonly date: Date;
  readonly items: readonly FeedItem[];
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** Characters that XML cannot hold are left out. */
function escapeXml(text: string): string {
  const allowed = (sign: string) => sign >= ' ' || sign === '\n' || sign === '\t' || sign === '\r';
  const clean = Array.from(text).filter(allowed).join('');
  return clean.replace(/[&<>\ufffe\uffff]/g, (sign) => ESCAPES[sign] ?? '');
}

const element = (name: string, text: string) => `<${name}>${escapeXml(text)}</${name}>`;

/** `Sun, 22 Nov 2026 15:16:28 +0000` */
const dateText = (date: Date) => date.toUTCString().replace('GMT', '+0000');

/** The RSS 2.0 document. */
export function writeRss(feed: Feed): string {
  const head = [
    element('title', feed.title),
    element('link', feed.link),
    element('description', feed.description),
    element('language', 'en'),
    element('lastBuildDate', dateText(feed.date)),
  ];
  return `<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>${head.join('')}${feed.items.map(itemText).join('')}</channel></rss>`;
}

function itemText(item: FeedItem): string {
  const guid = item.link + (item.fragment ? `#${item.fragment}` : '');
  return `<item>${element('title', item.title)}${element('link', item.link)}${element('description', item.description)}${
    item.author ? element('author', item.author) : ''
  }${element('pubDate', dateText(item.date))}<guid isPermaLink="false">${escapeXml(guid)}</guid></item>`;
}
