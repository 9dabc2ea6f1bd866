/** Publications of Python repositories: a version as a static index. */
import { publicationType } from '../../../plugin-api/index.ts';
import { publishIndex } from '../publish.ts';
import { publicationAccess } from './access.ts';

export const pythonPublication = publicationType({
  app: 'python',
  name: 'PythonPublication',
  type: 'pypi',
  pulpType: 'python.python',
  description: 'A repository version as a static index. Versions are served without one.',
  access: publicationAccess,
  optional: true,
  taskName: 'pulp_python.app.tasks.publish.publish',
  publish: publishIndex,
});
