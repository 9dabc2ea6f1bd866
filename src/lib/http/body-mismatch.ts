/** A body arrived that is not the one expected: storage finds it out, downloads try again because of it. */
export class BodyMismatch extends Error {
  override readonly name: string = 'BodyMismatch';
  /** What differs: `size` or the name of a digest. */
  readonly what: string;
  readonly expected: string;
  readonly actual: string;
  constructor(what: string, expected: string | number, actual: string | number, message: string) {
    super(message);
    this.what = what;
    this.expected = String(expected);
    this.actual = String(actual);
  }
}
