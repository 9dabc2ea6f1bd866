/** Rules a new password has to fulfil, with the messages clients know (core.md §7.1). */

const SHORTEST = 8;
/** The first of every list of leaked passwords; the short length rule catches the rest of the top hundred. */
const COMMON = new Set(
  'password password1 password123 passw0rd 12345678 123456789 1234567890 qwertyuiop qwerty123 qwertyui iloveyou1 iloveyou sunshine princess football baseball welcome1 superman trustno1 1q2w3e4r 1qaz2wsx letmein1 abcd1234 abc12345 admin123 administrator changeme changeme1 starwars whatever jennifer michelle computer internet corvette mercedes victoria maverick aaaaaaaa 11111111 00000000 88888888 87654321 66666666 asdfghjk asdfasdf zxcvbnm1'.split(
    ' ',
  ),
);

/** The problems of a password, in words; empty when it is fine. */
export function passwordProblems(password: string, attributes: readonly string[] = []): string[] {
  const problems: string[] = [];
  const lower = password.toLowerCase();
  const similar = attributes
    .filter((one) => one.length >= 3)
    .some((one) => lower.includes(one.toLowerCase()) || one.toLowerCase().includes(lower));
  if (similar) problems.push('The password is too similar to the username.');
  if (password.length < SHORTEST)
    problems.push(`This password is too short. It must contain at least ${SHORTEST} characters.`);
  if (COMMON.has(lower)) problems.push('This password is too common.');
  if (/^\d+$/.test(password)) problems.push('This password is entirely numeric.');
  return problems;
}
