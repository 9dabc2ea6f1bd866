/** Waits for something, but not for long: an answer about the health of a server that hangs says nothing. */

/** Milliseconds. */
const PATIENCE = 1500;

/** The value, or undefined when it fails or takes too long. */
export async function within<T>(work: Promise<T>): Promise<T | undefined> {
  const timeout = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => timeout.resolve(undefined), PATIENCE);
  try {
    return await Promise.race([work.catch(() => undefined), timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
}
