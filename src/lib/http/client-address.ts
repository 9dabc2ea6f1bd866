/** The address a request comes from; behind trusted proxies the one they tell of. */
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

const lists = new WeakMap<readonly string[], BlockList>();

/** `10.0.0.0/8`, `::1`: names are not addresses and are left out. */
function listOf(networks: readonly string[]): BlockList {
  let list = lists.get(networks);
  if (!list) {
    list = new BlockList();
    for (const network of networks) addTo(list, network);
    lists.set(networks, list);
  }
  return list;
}

function addTo(list: BlockList, network: string): void {
  const [address = '', bits] = network.split('/');
  const family = familyOf(address);
  if (!family) return;
  if (bits === undefined) list.addAddress(address, family);
  else list.addSubnet(address, Number(bits), family);
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = isIP(address);
  return version === 4 ? 'ipv4' : version === 6 ? 'ipv6' : undefined;
}

export function isTrusted(address: string, trusted: readonly string[]): boolean {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '');
  const family = familyOf(plain);
  return family !== undefined && listOf(trusted).check(plain, family);
}

/** The last address in X-Forwarded-For that is no trusted proxy, else that of the connection. */
export function clientAddress(
  request: Pick<IncomingMessage, 'headers' | 'socket'>,
  trusted: readonly string[],
): string {
  let address = request.socket?.remoteAddress ?? '';
  const told = String(request.headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
  while (trusted.length > 0 && isTrusted(address, trusted) && told.length > 0) address = told.pop()!;
  return address;
}
