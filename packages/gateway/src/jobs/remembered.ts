/** Questions that are remembered at once; more are asked anew. */
const MOST = 1_000;

/** Asks each question once in `forMs` and gives all who ask it in that time the same answer. A failure is not remembered. */
export function remembered<Question, Answer>(
  ask: (question: Question) => Promise<Answer>,
  forMs: number,
): (question: Question) => Promise<Answer> {
  const answers = new Map<string, Promise<Answer>>();
  return (question) => {
    const key = JSON.stringify(question, (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
    const known = answers.get(key);
    if (known !== undefined) return known;
    const answer = ask(question);
    if (answers.size >= MOST) return answer;
    answers.set(key, answer);
    const forget = () => answers.get(key) === answer && answers.delete(key);
    answer.then(() => setTimeout(forget, forMs).unref(), forget);
    return answer;
  };
}
