/** Differences that are wilful, that nobody can notice, or that follow from how a server was set up; docs/compatibility.md says more. */

interface Explained {
  readonly reason: string;
  readonly question?: RegExp;
  readonly difference?: RegExp;
}

const EXPLAINED: readonly Explained[] = [
  {
    reason: 'pages are marked when they are kept, each for all spellings and types that are the same',
    difference: /^\.headers\.x-pulp-cache: /,
  },
  {
    reason: 'the hosts of the index: its own paths where no content origin is set',
    difference: /^\.headers\.location: ours "\/pulp\/content\/.*peer "<host>\/pulp\/content\//,
  },
  {
    reason: 'only pages and what follows from a version tell how long they hold',
    question: /^(through|kept|index)/,
    difference: /^\.headers\.(cache-control|etag|last-modified): ours nothing/,
  },
  {
    reason: 'what is allowed at an index that is not there',
    question: /^absent|^empty: GET nothing|GET pypi\/[^ ]*$/,
    difference:
      /^\.headers\.(allow|cache-control|etag|last-modified|content-type|vary): |^\.body(\.detail)?: ours|^\.status: ours 404 \| peer 405|^\.reason: ours "Not Found" \| peer "Method/,
  },
  {
    reason: 'texts of Python errors in tasks are JSON or words of our own',
    difference: /^\.(body|task)\.error\.description: ours "/,
  },
  {
    reason: 'texts of a library, and of a query of the database',
    difference: /^\.body\.(attestations\.)?0: ours ".*(attestations are not valid|Existing conflicting packages)/,
  },
  {
    reason: 'texts of a library',
    difference: /^\.body\.attestations\.0: ours "(The uploaded attestations are not valid|Invalid attestations): /,
  },
  {
    reason: 'the order of names in a text, which is by chance on the peer',
    difference: /^\.body\.non_field_errors\.0: ours "Exactly one of /,
  },
  {
    reason: 'the metadata of a release describes that release',
    question: /pypi\/.*\/1\.0+\/json|yanked metadata/,
    difference: /^\.body\.(info\.(version|yanked|yanked_reason)|urls\.)/,
  },
  {
    reason: 'an upload that is no package is refused at once',
    question: /path as a name/,
  },
  {
    reason: 'a publication of the repository is served by the content app too, where the index leads to it',
    question: /^content of a repository: GET (simple.*)?$/,
  },
  {
    reason:
      'the peer keeps in its process what earlier configurations of a mirror tool have said, and takes no number from them',
    question: /^from_bandersnatch /,
  },
  {
    reason: 'an empty file, and other files that are no packages, fail in the task',
    question: /^create with nothing but a name|^provenance of nothing/,
  },
  {
    reason: 'a document without bundles, or a bundle without attestations, proves nothing',
    question: /^provenance (without|of an empty object)/,
  },
  {
    reason: 'misspelt keys of an entry are refused, or it would block more than was meant',
    question: /^blocklist .*nonsense/,
  },
  {
    reason: 'the provenance of a package is told whenever the package is',
    difference: /\.provenance: ours "prn:python\.packageprovenance:<id>" \| peer null$/,
  },
  {
    reason: 'documents that prove nothing were refused before, so that they are not listed',
    question: /^provenance of the package$/,
  },
  {
    reason: 'releases of a publication that are yanked are told as yanked',
    question: /^content of a publication: GET pypi\//,
    difference: /^\.body\.releases\..*\.yanked(_reason)?: ours (true|".*") \| peer (false|null)$/,
  },
  {
    reason: 'a repair keeps the digest of metadata that the index has told, which the peer forgets',
    question: /^repair of what was synced, on_demand/,
    difference: /^\.after\.units\.\d+\.metadata_sha256: ours "[0-9a-f]{64}" \| peer null$/,
  },
  {
    reason: 'links to provenance are there where the index has it',
    question: /^page synced with provenance false/,
    difference: /data-provenance|\.provenance: ours null/,
  },
  {
    reason: 'provenance is answered whatever the spelling of the project and the type that is asked for',
    question: /^integrity/,
    difference: /^\.(status: ours 200 \| peer (404|406)|reason|headers|body)/,
  },
  {
    reason: 'each kind is told once',
    question: /^remote .*package_types/,
    difference: /package_types\.1/,
  },
  {
    reason: 'releases that other rules take away do not count among the newest',
    question: /^sync .*keep_latest_packages.*(includes|excludes)/,
  },
  {
    reason: 'all platform tags of Linux are known',
    question: /^sync .*exclude_platforms.*linux/,
  },
  {
    reason: 'projects that are not wanted are not counted',
    question: /^sync .*"includes":\["alpha"\],"excludes":\["alpha"\]/,
    difference: /^\.task\.reports/,
  },
  {
    reason: 'an upstream that does not answer fails the sync',
    question: /^sync of a server that is not there/,
  },
  {
    reason: 'an attestation for another name is refused, even if the file is known under the right one',
    question: /^attested for another name/,
  },
  {
    reason: 'entries that were refused are not in the list',
    question: /^blocklist list/,
  },
  {
    reason: 'a refusal is plain JSON',
    difference: /^\.headers\.content-type: ours "application\/json" \| peer "application\/vnd\.pypi\.simple\.v1\+json"/,
  },
  {
    reason:
      'what is passed through has our validators, not headers of upstream, and only what upstream lists, its metadata too',
    question: /^kept.*GET/,
  },
  {
    reason: 'without a repository there are no feeds',
    question: /^through .*rss/,
  },
];

export function reasonFor(question: string, difference: string): string | undefined {
  const found = EXPLAINED.find(
    (one) => (one.question?.test(question) ?? true) && (one.difference?.test(difference) ?? true),
  );
  return found?.reason;
}
