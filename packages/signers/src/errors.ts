/** The key service did not answer, or not now. Asking again later helps; nothing was signed that anybody has. */
export class SignerUnavailable extends Error {
  override readonly name = "SignerUnavailable";
}

/** The key can't be used as it is: no such key, no right to it, a disabled one, a wrong passphrase, another kind of key. */
export class SignerRefused extends Error {
  override readonly name = "SignerRefused";
}
