/** Where the document differs from the reference on purpose, and the tags it may not lose. */

/** Problems that begin with `place` are none. */
export const accepted: readonly { readonly place: string; readonly why: string }[] = [
  {
    place: 'POST {upload_href}add_role/ request',
    why: 'The reference names the body of another operation; clients that check bodies could not call it.',
  },
  { place: 'POST {upload_href}remove_role/ request', why: 'As above.' },
  { place: 'GET /pulp/api/v3/docs/api.json parameter lang', why: 'The document has one language.' },
  { place: 'GET /pulp/api/v3/docs/api.yaml parameter lang', why: 'The document has one language.' },
];

/** Other tags are compared as soon as one of their operations is there. */
export const claimed: Readonly<Record<string, readonly string[]>> = {
  certguard: ['Contentguards: Rhsm', 'Contentguards: X509'],
  core: [
    'Artifacts',
    'Content',
    'Contentguards',
    'Contentguards: Composite',
    'Contentguards: Content_Redirect',
    'Contentguards: Envvar_Header',
    'Contentguards: Header',
    'Contentguards: Rbac',
    'Distributions',
    'Distributions: Artifacts',
    'Docs: Api.Json',
    'Docs: Api.Yaml',
    'Domains',
    'Livez',
    'Login',
    'Orphans',
    'Orphans: Cleanup',
    'Publications',
    'Remotes',
    'Repair',
    'Repositories',
    'Repositories: Reclaim_Space',
    'Repository_Versions',
    'Status',
    'Task-Groups',
    'Task-Schedules',
    'Tasks',
    'Uploads',
    'Upstream-Pulps',
    'Workers',
  ],
  file: [
    'Acs: File',
    'Content: Files',
    'Distributions: File',
    'Publications: File',
    'Remotes: File',
    'Remotes: Git',
    'Repositories: File',
    'Repositories: File Versions',
  ],
};
