/** The name under which processes tell the version of this program beside those of the components it mimics. */
export const PROGRAM = 'deckle';
