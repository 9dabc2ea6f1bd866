/** `content`: one process for content requests only. */
import { webCommand } from './web-command.ts';

export default webCommand('content', 'run one process that answers content requests', { api: false, content: true });
