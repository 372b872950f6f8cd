import { concat, dataLength, toBeHex, type Interface } from "ethers";

/** Leaves the call's selector on the stack: CALLDATALOAD(0) >> 224. */
const loadSelector = "0x5f3560e01c";
/** DUP1, PUSH4 selector, EQ, PUSH2 answer, JUMPI. */
const branchLength = 11;
/** JUMPDEST, CODECOPY(0, data, length), RETURN(0, length). */
const answerLength = 14;

/** The code of a contract that answers each of these views with a fixed value: a token that only pretends. */
export function codeAnswering(abi: Interface, answers: Record<string, unknown>): string {
  const views = Object.entries(answers);
  const answersAt = dataLength(loadSelector) + views.length * branchLength + 1;
  let dataAt = answersAt + views.length * answerLength;

  const branches = views.map(([view], index) => {
    const answerAt = toBeHex(answersAt + index * answerLength, 2);
    return concat(["0x8063", abi.getFunction(view)!.selector, "0x1461", answerAt, "0x57"]);
  });
  const data = views.map(([view, value]) => abi.encodeFunctionResult(view, [value]));
  const bodies = data.map((bytes) => {
    const length = toBeHex(dataLength(bytes), 2);
    const body = concat(["0x5b61", length, "0x61", toBeHex(dataAt, 2), "0x5f39", "0x61", length, "0x5ff3"]);
    dataAt += dataLength(bytes);
    return body;
  });
  return concat([loadSelector, ...branches, "0x00", ...bodies, ...data]);
}
