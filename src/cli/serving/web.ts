/** `web`: one process for API and content; `serve` starts as many as the setting says. */
import { webCommand } from './web-command.ts';

export default webCommand({ api: true, content: true });
