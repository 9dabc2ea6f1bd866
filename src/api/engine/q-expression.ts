/** The grammar of `q` (core.md §1.7): NOT, AND, OR and parentheses over the filters of a list, with bounded cost. */

export type Expression =
  | { readonly op: 'filter'; readonly key: string; readonly value: string }
  | { readonly op: 'not'; readonly operand: Expression }
  | { readonly op: 'and' | 'or'; readonly operands: readonly Expression[] };

export class SyntaxRefused extends Error {}

/** More than MAX_COST, told by how deep it goes. */
export class ComplexityRefused extends Error {}

/** Cost above which an expression is refused. */
export const MAX_COST = 8;

/** Parentheses cost nothing, but each takes a part of the stack. */
const MAX_DEPTH = 100;

/** Where a text in quotes ends, a quote behind a backslash and a doubled one do not count; they are part of the value like all else. */
const TOKEN =
  /\s*(?:(\()|(\))|("(?:[^"\\\n\r]|""|\\[^\n\r])*"|'(?:[^'\\\n\r]|''|\\[^\n\r])*')|(=)|([\p{Script=Latin}0-9.,_*-]+))/uy;
const KEY = /^[A-Za-z][A-Za-z0-9_]*$/;

/** Parses an expression; throws SyntaxRefused and ComplexityRefused. */
export function parseQ(text: string): Expression {
  const tokens = tokenize(text);
  const reader = new Reader(tokens);
  const expression = reader.or();
  if (!reader.done()) throw new SyntaxRefused();
  return expression;
}

/** Leaf 1; NOT adds 1; a chain of AND or OR is the sum of its operands plus 1. */
export function costOf(expression: Expression): number {
  if (expression.op === 'filter') return 1;
  if (expression.op === 'not') return costOf(expression.operand) + 1;
  return expression.operands.reduce((sum, operand) => sum + costOf(operand), 1);
}

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  const end = text.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const found = TOKEN.exec(text);
    if (!found) throw new SyntaxRefused();
    tokens.push(found[0].trimStart());
  }
  return tokens;
}

class Reader {
  #at = 0;
  #depth = 0;
  readonly #tokens: readonly string[];
  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  done(): boolean {
    return this.#at >= this.#tokens.length;
  }

  or(): Expression {
    return this.#chain('OR', 'or', () => this.#chain('AND', 'and', () => this.#factor()));
  }

  #chain(word: string, op: 'and' | 'or', operand: () => Expression): Expression {
    const operands = [operand()];
    while (this.#tokens[this.#at] === word) {
      this.#at++;
      operands.push(operand());
    }
    return operands.length === 1 ? operands[0]! : { op, operands };
  }

  #factor(): Expression {
    if (++this.#depth > MAX_DEPTH) throw new ComplexityRefused();
    const factor = this.#atDepth();
    this.#depth--;
    return factor;
  }

  #atDepth(): Expression {
    const token = this.#next();
    if (token === 'NOT') return { op: 'not', operand: this.#factor() };
    if (token === '(') {
      const inner = this.or();
      if (this.#next() !== ')') throw new SyntaxRefused();
      return inner;
    }
    if (!KEY.test(token) || this.#next() !== '=') throw new SyntaxRefused();
    return { op: 'filter', key: token, value: unquote(this.#next()) };
  }

  #next(): string {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw new SyntaxRefused();
    return token;
  }
}

function unquote(token: string): string {
  if (token === '(' || token === ')' || token === '=') throw new SyntaxRefused();
  const quote = token[0];
  return quote === '"' || quote === "'" ? token.slice(1, -1) : token;
}
