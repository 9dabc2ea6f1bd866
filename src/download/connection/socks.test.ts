/** Test of downloads through a SOCKS5 proxy. */
import assert from 'node:assert/strict';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { serve } from '../../../test/support/upstream-servers.ts';
import { Downloader } from '../http-downloader.ts';

/** Greeting with user and password (RFC 1929), then CONNECT (RFC 1928); each message is one packet on the loopback. */
function serveSocks(user: string): Promise<{ url: string; targets: string[] } & Disposable> {
  const targets: string[] = [];
  const answer = async (socket: Socket) => {
    const next = () => new Promise<Buffer>((resolve) => socket.once('data', resolve));
    await next();
    socket.write(Buffer.from([5, 2]));
    const login = await next();
    const ok = login.subarray(2, 2 + login[1]!).toString() === user;
    socket.write(Buffer.from([1, ok ? 0 : 1]));
    if (!ok) return socket.end();
    const request = await next();
    const isName = request[3] === 3;
    const host = isName ? request.subarray(5, 5 + request[4]!).toString() : [...request.subarray(4, 8)].join('.');
    const port = request.readUInt16BE(request.length - 2);
    targets.push(`${host}:${port}`);
    const upstream = connect(port, '127.0.0.1', () => {
      socket.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]));
      socket.pipe(upstream).pipe(socket);
    });
    upstream.on('error', () => socket.destroy());
  };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    void answer(socket);
  });
  const close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve({
        url: `socks5://127.0.0.1:${(server.address() as AddressInfo).port}`,
        targets,
        [Symbol.dispose]: close,
      });
    });
  });
}

test('http goes through a SOCKS5 proxy with user and password; names are resolved there', {
  timeout: 20_000,
}, async () => {
  await using server = await serve((request, response) => void response.end(`for ${request.headers.host}`));
  using proxy = await serveSocks('joe');
  const settings = { proxy_url: proxy.url, proxy_username: 'joe', proxy_password: 'secret' };
  const url = `http://name.invalid:${server.port}/x`;
  const downloader = new Downloader({ url, ...settings }, { noProxy: '' });
  assert.equal(await downloader.download(url, (_body, response) => response.text()), `for name.invalid:${server.port}`);
  assert.deepEqual(proxy.targets, [`name.invalid:${server.port}`]);
  await downloader.close();
  const wrong = new Downloader({ url, ...settings, proxy_username: 'jim', max_retries: 1 }, { noProxy: '' });
  await assert.rejects(
    wrong.download(url, (_body, response) => response.text()),
    { name: 'DownloadError' },
  );
  await wrong.close();
});
