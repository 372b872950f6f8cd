/** The node did not answer, or nothing is known of the chain yet. Trying again later helps. */
export class ChainUnavailable extends Error {
  override readonly name = "ChainUnavailable";
}

/** The node serves another chain than the configured one. */
export class ChainMismatch extends Error {
  override readonly name = "ChainMismatch";

  constructor(actual: bigint, expected: bigint) {
    super(`The node at RPC_URL serves chain ${actual}; expected chain ${expected} (CHAIN_ID). Correct one of them.`);
  }
}

/**
 * The database tells of another chain of the same id: a local chain that was started anew, or another deployment.
 * Whoever runs a local chain may start afresh with an empty database.
 */
export class ChainReplaced extends Error {
  override readonly name = "ChainReplaced";
  readonly stored: { genesisHash: string; escrow: string };
  readonly actual: { genesisHash: string; escrow: string };

  constructor(stored: ChainReplaced["stored"], actual: ChainReplaced["actual"]) {
    super(
      `This database belongs to the chain of genesis ${stored.genesisHash} and the escrow ${stored.escrow}; ` +
        `the node and the configuration name genesis ${actual.genesisHash} and escrow ${actual.escrow}. ` +
        `Point the gateway at the old ones, or give it an empty database (HFH_DATA_DIR or DATABASE_URL).`,
    );
    this.stored = stored;
    this.actual = actual;
  }
}

/** The node shows another block where a final one was stored. Final means that this can't be, so nothing more is believed. */
export class FinalBlockReplaced extends Error {
  override readonly name = "FinalBlockReplaced";

  constructor(number: bigint, actual: string | undefined, stored: string) {
    super(
      `Block ${number} was final as ${stored}; the node now has ${actual ?? "no such block"}. ` +
        `The node is wrong or on another chain, or CONFIRMATIONS is too low for this chain. Following stops here.`,
    );
  }
}

/** Another process has taken the lease; what this one was about to write would be stale. */
export class FencedOut extends Error {
  override readonly name = "FencedOut";

  constructor(lease: string) {
    super(`The lease "${lease}" has passed to another process; this one must take it again before it goes on.`);
  }
}

/**
 * The database's branch ends elsewhere than where it was last seen to: it lost what it had said to have stored, as a
 * standby does that was promoted before it had heard of everything. The branch is read again and followed from there.
 */
export class BranchCutShort extends Error {
  override readonly name = "BranchCutShort";

  constructor(actual: bigint | undefined, expected: bigint | undefined) {
    super(
      `The stored branch ends at block ${actual ?? "none"}; it was stored up to block ${expected ?? "none"}. ` +
        `The database has lost what it confirmed; following goes on from what it has.`,
    );
  }
}
