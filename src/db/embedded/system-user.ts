/** Under which user PostgreSQL runs: it refuses root, so root hands it over to an unprivileged user. */
import { chownSync, lchownSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';

interface SystemUser {
  name: string;
  uid: number;
  gid: number;
}

/** The user and, for spawn, the ids to change to (none when the program runs as that user already). */
export interface RunAs {
  user: SystemUser;
  ids: { uid: number; gid: number } | Record<string, never>;
}

/** Thrown with words that say what the operator can do. */
export class EmbeddedPostgresError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'EmbeddedPostgresError';
  }
}

const otherWays = 'or use a PostgreSQL server of your own by setting database_url';

function systemUsers(): SystemUser[] {
  return readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => fields.length > 3)
    .map(([name, , uid, gid]) => ({ name: name as string, uid: Number(uid), gid: Number(gid) }));
}

/** The user of this process; PostgreSQL needs it to have a name. */
export function currentUser(): SystemUser {
  try {
    const { username, uid, gid } = userInfo();
    return { name: username, uid, gid };
  } catch (error) {
    throw new EmbeddedPostgresError(
      `The embedded PostgreSQL needs a user with a name, and user id ${process.getuid?.()} has none in /etc/passwd. ` +
        `Start the server as another user ${otherWays}.`,
      error,
    );
  }
}

/** Decides for a cluster directory, which may not exist yet. The owner of an existing one is kept. */
export function chooseUser(clusterDirectory: string): RunAs {
  const current = currentUser();
  const owner = ownerOf(clusterDirectory);
  if (current.uid !== 0) {
    if (owner !== undefined && owner !== current.uid) {
      throw new EmbeddedPostgresError(
        `The database in ${clusterDirectory} belongs to another user (id ${owner}); it was first started by that user ` +
          'or by root. Start the server the same way, or give it another data directory.',
      );
    }
    return { user: current, ids: {} };
  }
  const users = systemUsers();
  const chosen =
    users.find(({ uid }) => uid !== 0 && uid === owner) ??
    users.find(({ name, uid }) => name === 'postgres' && uid !== 0) ??
    users.find(({ name, uid }) => name === 'nobody' && uid !== 0) ??
    users.find(({ uid }) => uid !== 0);
  if (!chosen) {
    throw new EmbeddedPostgresError(
      `PostgreSQL does not run as root and there is no other user on this system. Start the server as another user ${otherWays}.`,
    );
  }
  if (owner !== undefined && owner !== chosen.uid) giveTree(clusterDirectory, chosen);
  return { user: chosen, ids: { uid: chosen.uid, gid: chosen.gid } };
}

function ownerOf(directory: string): number | undefined {
  return statSync(directory, { throwIfNoEntry: false })?.uid;
}

/** A cluster copied from another machine belongs to an id that means nothing here. */
function giveTree(directory: string, user: SystemUser): void {
  chownSync(directory, user.uid, user.gid);
  for (const entry of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    lchownSync(join(directory, entry), user.uid, user.gid);
  }
}
