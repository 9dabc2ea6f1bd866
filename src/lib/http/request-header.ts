/** Which headers can be sent with a request that a client of ours is made to send. */

/** RFC 9110 §5.1: a token. */
const NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
/** §5.5: visible characters of Latin-1, spaces and tabs; not at the ends, which is how they are sent. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what is refused
const VALUE = /^[^\u0000-\u0008\u000a-\u001f\u007f\u0100-\uffff]*$/;
/** They belong to the connection or are made of the body. */
const OWN = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Why headers by name cannot be sent, or undefined. */
export function headersError(headers: unknown): string | undefined {
  for (const [name, value] of Object.entries(headers as object)) {
    if (!NAME.test(name)) return `'${name}' is not the name of a header.`;
    if (OWN.has(name.toLowerCase())) return `The header '${name}' is set by the server.`;
    if (typeof value !== 'string' || !VALUE.test(value)) return `The value of the header '${name}' cannot be sent.`;
  }
  return undefined;
}
