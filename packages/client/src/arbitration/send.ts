import { arbitrationPoolInterface } from "@hireforhumans/protocol";
import type { ChainContext } from "../chain/context.ts";
import { callErrorOf } from "../chain/errors.ts";
import { eventOf, type Mined, type MinedCall, minedOf, send } from "../chain/send.ts";

/**
 * Sends a call to the arbitration pool and waits until it is in a block, like `sendToEscrow`.
 * @throws ContractCallError
 */
export async function sendToPool(context: ChainContext, verb: string, data: string): Promise<MinedCall> {
  const to = context.deployment.arbitrationPool;
  const receipt = await send(context, verb, { to, data });
  const events = receipt.logs
    .filter((log) => log.address.toLowerCase() === to.toLowerCase())
    .map((log) => arbitrationPoolInterface.parseLog(log))
    .filter((event) => event !== null);
  return { ...minedOf(receipt), events };
}

/** The same for a verb that says one thing by one event: the mined call and the event's arguments. */
export async function sendForEvent(
  context: ChainContext,
  verb: string,
  data: string,
  event: string,
): Promise<{ mined: Mined; args: Record<string, unknown> }> {
  const { events, ...mined } = await sendToPool(context, verb, data);
  return { mined, args: eventOf(verb, event, events).args.toObject() };
}

/** @throws ContractCallError */
export async function readPool<T>(verb: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw callErrorOf(verb, error);
  }
}
