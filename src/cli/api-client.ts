/** Talks to the REST API of a running server, for commands that are its clients. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CommandContext, CommandFailed } from './command.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers of the API are shown as they come
export type Json = any;

/** Reads address, user and password from the options `url`, `username`, `password` and `domain`, else from the settings. */
export class ApiClient {
  readonly url: string;
  readonly #prefix: string;
  readonly #authorization: string;

  constructor({ settings, options }: Pick<CommandContext, 'settings' | 'options'>) {
    this.url = String(options.url ?? `http://${settings.bind}`).replace(/\/+$/, '');
    this.#prefix = `${settings.apiRoot}${options.domain ? `${options.domain}/` : ''}api/v3/`;
    const user = String(options.username ?? 'admin');
    const file = join(settings.data, 'admin-password');
    const kept = existsSync(file) ? readFileSync(file, 'utf8').trim() : settings.adminPassword;
    const password = options.password === undefined ? kept : String(options.password);
    this.#authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  }

  async call(method: string, path: string, body?: object): Promise<{ status: number; body: Json }> {
    const response = await fetch(new URL(path.startsWith('/') ? path : this.#prefix + path, this.url), {
      method,
      headers: { authorization: this.#authorization, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: /^[{[]/.test(text) ? JSON.parse(text) : { detail: text } };
  }

  /** The body of a good answer; CommandFailed says what the server said otherwise. */
  async expect(method: string, path: string, body?: object): Promise<Json> {
    const answer = await this.call(method, path, body);
    if (answer.status < 300) return answer.body;
    throw new CommandFailed(`${method} ${path}: ${answer.status} ${answer.body.detail ?? JSON.stringify(answer.body)}`);
  }

  get(path: string): Promise<Json> {
    return this.expect('GET', path);
  }
}
