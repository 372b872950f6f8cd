import { type Terms, escrowInterface, parseTerms, termsToJson } from "@hireforhumans/protocol";
import type { Result } from "ethers";

/** Calls inside calls: nobody nests deeper, and a stranger's call data must not cost much. */
const MOST_NESTED = 4;

/**
 * The terms that a call of the escrow names, also inside its multicalls. Every operation on a job carries them whole, so
 * whoever has the transaction has the job's terms.
 * @param data of the transaction, 0x hex; calls of other contracts give none
 */
export function termsIn(data: string, nested = 0): Terms[] {
  const call = parse(data);
  if (call === undefined) return [];
  const [first] = call.args as unknown as [unknown];
  if (call.name === "multicall" || call.name === "tryMulticall") {
    if (nested >= MOST_NESTED) return [];
    return (first as string[]).flatMap((inner) => termsIn(inner, nested + 1));
  }
  const takesTerms = call.fragment.inputs[0]?.name === "terms";
  // By way of JSON, since a decoded struct is an array with names, not an object.
  return takesTerms ? [parseTerms(termsToJson((first as Result).toObject() as Terms))] : [];
}

function parse(data: string) {
  try {
    return escrowInterface.parseTransaction({ data }) ?? undefined;
  } catch {
    // Call data that only begins like ours: not a call of the escrow.
    return undefined;
  }
}
