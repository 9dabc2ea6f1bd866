/** The task that makes an artifact of an upload; the upload stays when the digest is not the one announced. */
import { ValidationError } from '../../lib/errors.ts';
import { findArtifacts } from '../../model/content/artifact.ts';
import type { TaskContext, TaskFunction } from '../../plugin-api/contracts/task.ts';
import { prn } from '../../plugin-api/declare/model.ts';
import { saveReceived } from '../repository/save-received.ts';
import { dropUpload } from './create-content.ts';
import { assembleUpload } from './obtain-bytes.ts';

interface CommitArgs {
  readonly upload: string;
  readonly sha256: string;
}

export const commitUpload: TaskFunction = {
  name: 'pulpcore.app.tasks.upload.commit',
  async run(context: TaskContext, { upload, sha256 }: CommitArgs): Promise<void> {
    const { domain } = context;
    const received = await assembleUpload(context, domain, upload, { sha256 }, context.signal);
    const store = context.storage(domain);
    const known = await findArtifacts(context.db, domain.id, [received.digests.sha256]);
    if (known.size > 0) {
      // The bytes are kept all the same: should the file of the artifact have been lost, it is back.
      await store.keep([received]);
      throw ValidationError.cross(`Artifact with sha256 checksum of '${received.digests.sha256}' already exists.`);
    }
    const [saved] = await saveReceived(context, domain, [received]);
    context.created(prn('core.artifact', saved!.pulpId));
    await dropUpload(context, domain, upload);
  },
};
