/** A package type of a test: notes, known by their titles. Servers load it by the setting `test_plugins`. */
import { integer } from '../../src/plugin-api/declare/setting.ts';
import {
  contentType,
  definePlugin,
  distributionType,
  exactFilter,
  type Plugin,
  repositoryType,
  settingsFor,
  sql,
  string,
} from '../../src/plugin-api/index.ts';

const noteSettings = { note_longest: integer(20, 'Most characters of a title that are served') };

const note = contentType({
  app: 'note',
  name: 'Note',
  pulpType: 'note.note',
  path: 'content/note/notes',
  table: 'note_note',
  columns: [{ name: 'title', type: 'text' }],
  naturalKey: ['title'],
  repoKey: ['title'],
  description: 'A note.',
  fields: { title: string({ help: 'What it is about.', blank: false }) },
  filters: { title: exactFilter(sql.raw('d.title')) },
  ordering: ['title'],
  upload: {},
});

const notePlugin = definePlugin({
  name: 'note',
  version: '1.0.0',
  package: 'note',
  module: 'note.app',
  contentTypes: [note],
  uploads: [
    {
      content: note,
      read: async ({ type, values, size, digests }) => ({
        type,
        values: { title: values.title },
        artifacts: [{ relativePath: `${values.title}.txt`, size, digests }],
      }),
    },
  ],
  repositories: [
    repositoryType({
      app: 'note',
      name: 'NoteRepository',
      type: 'note',
      description: 'Repositories of notes.',
      content: [note],
    }),
  ],
  distributions: [
    distributionType({
      app: 'note',
      name: 'NoteDistribution',
      type: 'note',
      description: 'Serves notes.',
      serve: async (services, { basePath }, path) => {
        const { noteLongest } = settingsFor(services, noteSettings);
        const body = `${basePath} of at most ${noteLongest} characters`;
        return path === 'about' ? { kind: 'text', body, contentType: 'text/plain' } : undefined;
      },
    }),
  ],
  migrations: new URL('./migrations/', import.meta.url),
  settings: noteSettings,
});

export const plugins: readonly Plugin[] = [notePlugin];
