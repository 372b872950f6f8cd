import { getAddress } from "ethers";

/** A text to sign that is not a sign-in at the gateway we speak to. Not signed. */
export class SignInError extends Error {
  override readonly name = "SignInError";
}

/**
 * A gateway must not get a signature under anything but a sign-in (EIP-4361) at itself.
 * @throws SignInError
 */
export function requireSignInFor(message: string, address: string, host: string): void {
  const [request = "", account = ""] = message.split("\n");
  const asking = /^(?:https?:\/\/)?(\S+) wants you to sign in with your Ethereum account:$/.exec(request)?.[1];
  if (asking === undefined) throw new SignInError("The text to sign is not a sign-in message (EIP-4361).");
  if (asking.toLowerCase() !== host.toLowerCase()) {
    throw new SignInError(`The text to sign is a sign-in at ${asking}; this client speaks to ${host}.`);
  }
  if (account !== getAddress(address)) {
    throw new SignInError(`The text to sign is a sign-in of ${account}; the signer is ${getAddress(address)}.`);
  }
}
