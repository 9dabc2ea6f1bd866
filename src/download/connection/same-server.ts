/** Whether two URLs lead to one server, so that what is secret to others may be sent to it. */

/** Equal schemes, hosts and ports, or the step from http to https on the usual ports of one host. */
export function isSameServer(home: URL | null, url: URL): boolean {
  if (!home) return false;
  // Origins of schemes that only a type of remotes knows are all 'null'.
  if (home.protocol === url.protocol && home.host === url.host) return true;
  const upgraded = home.protocol === 'http:' && url.protocol === 'https:';
  return upgraded && home.hostname === url.hostname && home.port === '' && url.port === '';
}
