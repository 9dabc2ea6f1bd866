/** `api`: one process for API requests only. */
import { webCommand } from './web-command.ts';

export default webCommand({ api: true, content: false });
