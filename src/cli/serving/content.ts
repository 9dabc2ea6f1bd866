/** `content`: one process for content requests only. */
import { webCommand } from './web-command.ts';

export default webCommand({ api: false, content: true });
