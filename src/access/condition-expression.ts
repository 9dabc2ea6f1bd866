/** `condition_expression`: conditions joined by `and`, `or`, `not` and parentheses; `not` binds tightest, then `and`. */

export type Answer = boolean | 'body';
type Evaluate = (condition: string) => Promise<Answer>;

const TOKEN = /\s*(\(|\)|[^\s()]+)/y;

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match; match = TOKEN.exec(text)) tokens.push(match[1]!);
  return tokens;
}

/** An answer that waits for the body stays so unless the other operand decides. */
export const negate = (answer: Answer): Answer => (answer === 'body' ? answer : !answer);

class Parser {
  readonly #tokens: string[];
  readonly #evaluate: Evaluate;
  #at = 0;

  constructor(text: string, evaluate: Evaluate) {
    this.#tokens = tokensOf(text);
    this.#evaluate = evaluate;
  }

  async all(): Promise<Answer> {
    const answer = await this.#or();
    if (this.#at < this.#tokens.length) throw new SyntaxError(`unexpected ${this.#tokens[this.#at]}`);
    return answer;
  }

  async #or(): Promise<Answer> {
    let answer = await this.#and();
    while (this.#take('or')) answer = either(answer, await this.#and());
    return answer;
  }

  async #and(): Promise<Answer> {
    let answer = await this.#not();
    while (this.#take('and')) answer = both(answer, await this.#not());
    return answer;
  }

  async #not(): Promise<Answer> {
    if (this.#take('not')) return negate(await this.#not());
    if (this.#take('(')) {
      const answer = await this.#or();
      if (!this.#take(')')) throw new SyntaxError('a parenthesis is not closed');
      return answer;
    }
    const condition = this.#tokens[this.#at++];
    if (condition === undefined || condition === ')') throw new SyntaxError('a condition is missing');
    return await this.#evaluate(condition);
  }

  #take(word: string): boolean {
    if (this.#tokens[this.#at]?.toLowerCase() !== word) return false;
    this.#at++;
    return true;
  }
}

export function both(a: Answer, b: Answer): Answer {
  if (a === false || b === false) return false;
  return a === 'body' || b === 'body' ? 'body' : true;
}

export function either(a: Answer, b: Answer): Answer {
  if (a === true || b === true) return true;
  return a === 'body' || b === 'body' ? 'body' : false;
}

/** The value of an expression; one that cannot be read is never true, so a mistake in a policy opens nothing. */
export async function evaluateExpression(text: string, evaluate: Evaluate): Promise<Answer> {
  try {
    return await new Parser(text, evaluate).all();
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
