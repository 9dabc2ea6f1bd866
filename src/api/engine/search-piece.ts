/** Search for long texts by trigrams: the index is asked for a telling part, as each trigram that all rows have costs a walk over all. */
import { type Sql, sql } from '../../db/sql.ts';
import { escapeLike } from './label-select.ts';

/** Texts up to this length are searched for as they are. */
const SHORT = 12;
const PIECE = 9;

/** The part most likely to be rare: with most digits, then most different characters. */
export function tellingPiece(text: string): string {
  const characters = [...text];
  let best = '';
  let most = -1;
  for (let at = 0; at + PIECE <= characters.length; at++) {
    const piece = characters.slice(at, at + PIECE);
    const worth = piece.filter((one) => one >= '0' && one <= '9').length * PIECE + new Set(piece).size;
    if (worth <= most) continue;
    most = worth;
    best = piece.join('');
  }
  return best;
}

/** `pattern` is a LIKE pattern that holds `text`; appending nothing keeps the second condition from the index. */
export function likeCondition(e: Sql, text: string, pattern: string, ignoreCase: boolean): Sql {
  const like = sql.raw(ignoreCase ? 'ilike' : 'like');
  if (text.length <= SHORT) return sql`${e} ${like} ${pattern}`;
  return sql`(${e} ${like} ${`%${escapeLike(tellingPiece(text))}%`} and (${e} || '') ${like} ${pattern})`;
}
