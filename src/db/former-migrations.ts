/**
 * Former texts of migrations, by their SHA-256. Before the first release files were edited after databases had been made of them; such a
 * database is taken as it is: where the effect differed, a later migration makes it good. Since then applied migrations are never edited
 * (test/db/released-migrations.json), so that this list does not grow.
 */
const FORMER: Readonly<Record<string, readonly string[]>> = {
  // Indexes of memberships in another order, a foreign key: made good by core/0022.
  'core/0001-core.sql': [
    '75362c148464886511b750ca2b3691ad5ef8878da94eac709b5d224018fe009a',
    'd7bf02fb84220afb407d97c527ad40ecbfb71afb3c706650d082b054156c82f3',
  ],
  // A comment.
  'core/0005-operations.sql': ['ef73281af8172eeff223af06879bc0624ff2b5ff4ceadcbdf46628f5511130ab'],
  // Webhooks with other columns: made good by core/0022.
  'core/0011-events.sql': ['802e828d2fa61bfce931c1bd587a60f9ef0751ee297560ca7c3b6e5ca398186c'],
  // A parameter of an index: made good by file/0003.
  'file/0002-search.sql': ['28ba82688212591c5fa5ab3235126c9f5d563e1fb1a6d78a824518a528e6834f'],
};

/** Whether the digest is that of a text the migration had before it was released. */
export function isFormerText({ component, name }: { component: string; name: string }, sha256: string): boolean {
  return FORMER[`${component}/${name}`]?.includes(sha256) ?? false;
}
