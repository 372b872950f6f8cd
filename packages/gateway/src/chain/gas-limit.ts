/** EIP-7825: no transaction may ask for more than 2^24 gas; 21,000 is what any transaction costs. */
export const GAS_LIMIT = { min: 21_000n, max: 2n ** 24n };
