/** Where an artifact is stored: `artifact/<2>/<62>`, or `artifact/<domain>/<2>/<62>` outside the default domain (null). */
export function artifactKey(sha256: string, domain: string | null): string {
  const name = `${sha256.slice(0, 2)}/${sha256.slice(2)}`;
  return domain === null ? `artifact/${name}` : `artifact/${domain}/${name}`;
}
