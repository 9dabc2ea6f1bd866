/** The tasks that remove what clients and killed processes left: uploads never finished, temporary files. */
import { deleteUpload, staleUploads } from '../../../model/upload.ts';
import type { TaskContext, TaskFunction } from '../../../plugin-api/contracts/task.ts';

const MINUTE = 60_000;

/** Without a protection time in the settings nothing is removed. */
const uploadCleanup: TaskFunction = {
  name: 'pulpcore.app.tasks.orphan.upload_cleanup',
  async run(context: TaskContext): Promise<void> {
    const { uploadProtectionTime: minutes } = context.settings;
    const report = context.progress({ message: 'Clean up uploads', code: 'clean-up.uploads', total: 0 });
    const uploads = minutes > 0 ? await staleUploads(context.db, context.domain.id, minutes) : [];
    report.total = uploads.length;
    for (const pulpId of uploads) {
      context.signal.throwIfAborted();
      await context.write((tx) => deleteUpload(tx, pulpId));
      await context.storage(context.domain).uploads.remove(pulpId);
      report.add(1);
    }
    report.finish();
  },
};

const tmpfileCleanup: TaskFunction = {
  name: 'pulpcore.app.tasks.orphan.tmpfile_cleanup',
  async run(context: TaskContext): Promise<void> {
    const { tmpfileProtectionTime: minutes } = context.settings;
    const report = context.progress({
      message: 'Clean up shared temporary files',
      code: 'clean-up.tmpfiles',
      total: 0,
    });
    const removed = minutes > 0 ? await context.storage(context.domain).sweep(minutes * MINUTE) : 0;
    report.total = removed;
    report.add(removed);
    report.finish();
  },
};

export const leftoverTasks: readonly TaskFunction[] = [uploadCleanup, tmpfileCleanup];
