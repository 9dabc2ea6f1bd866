/** `web`: one process for API and content; `serve` starts as many as the setting says. */
import { webCommand } from './web-command.ts';

export default webCommand('web', 'run one process that answers API and content requests', { api: true, content: true });
