/** `api`: one process for API requests only. */
import { webCommand } from './web-command.ts';

export default webCommand('api', 'run one process that answers API requests', { api: true, content: false });
