/** Where the document differs from the reference on purpose. */
export const accepted: readonly { readonly place: string; readonly why: string }[] = [
  {
    place: 'POST {upload_href}add_role/ request',
    why: 'The reference names the body of another operation; clients that check bodies could not call it.',
  },
  { place: 'POST {upload_href}remove_role/ request', why: 'As above.' },
  { place: 'GET /pulp/api/v3/docs/api.json parameter lang', why: 'The document has one language.' },
  { place: 'GET /pulp/api/v3/docs/api.yaml parameter lang', why: 'The document has one language.' },
];
