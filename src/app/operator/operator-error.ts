/** A command cannot do what it was asked for; the message is for the person at the terminal. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
}
